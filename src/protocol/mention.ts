/**
 * How a text is read for whom it names (LIS4): the one scan that the hub resolves mentions with and
 * the page paints them with. Its cost does not grow with the names there are: each place is looked up
 * by the lengths that names have, in text that was folded once.
 */
import type { Message } from "./message.ts";

/** Stands in `mentions` and in `to` for everyone. No agent can have it as its key (IDN4). */
export const EVERYONE = "all";
/** Places of one text that are looked at; a text of nothing but `@` must not cost more than others. */
const LOOKED_AT = 100;
/** UTF-16 units that a name or key may have: 64 code points, or 128 of ASCII. */
const LONGEST = 128;

/** Whether a message is for the agent with that key. */
export function isFor({ mentions, from }: Pick<Message, "mentions" | "from">, key: string): boolean {
  if (mentions === undefined) return false;
  return mentions.includes(key) || (mentions.includes(EVERYONE) && from !== key);
}

/** The form in which names are compared: without case, code point by code point. */
export function fold(name: string): string {
  // The one letter whose lower case depends on what follows it.
  return name.toUpperCase().toLowerCase().replaceAll("ς", "σ");
}

/** What `@` may be followed by. */
export class AtNames {
  readonly #names: Set<string> = new Set([EVERYONE]);
  readonly #keys: Set<string> = new Set();
  /** Those of folded names and of keys. */
  readonly #lengths: Set<number> = new Set([EVERYONE.length]);

  constructor(people: Iterable<{ readonly key: string; readonly name: string }>) {
    for (const { key, name } of people) {
      this.#add(this.#names, fold(name));
      this.#add(this.#keys, key);
    }
  }

  /** The longest name or key that `rest` starts with, as it is written there. */
  longestIn(rest: string): string | undefined {
    const { text, ends } = foldedStart(rest);
    let longest = 0;
    for (const length of this.#lengths) {
      const end = ends?.[length] ?? (ends === undefined ? length : 0);
      if (end > longest && end <= rest.length && this.#names.has(text.slice(0, length)) && !goesOn(rest, end))
        longest = end;
      if (length > longest && this.#keys.has(rest.slice(0, length)) && !goesOn(rest, length)) longest = length;
    }
    return longest === 0 ? undefined : rest.slice(0, longest);
  }

  #add(to: Set<string>, name: string): void {
    to.add(name);
    this.#lengths.add(name.length);
  }
}

// eslint-disable-next-line no-control-regex -- all of ASCII is what it looks for
const ASCII = /^[\x00-\x7f]*$/;

/** A text folded; and where its letters end, by where their folded forms do, where these differ. */
function foldedStart(rest: string): { readonly text: string; readonly ends?: readonly number[] } {
  if (ASCII.test(rest)) return { text: rest.toLowerCase() };
  const ends: number[] = [];
  let [end, text] = [0, ""];
  for (const letter of rest) {
    end += letter.length;
    text += fold(letter);
    ends[text.length] = end;
  }
  return { text, ends };
}

const AT = /(?<![\p{L}\p{N}_])@/gu;
const GOES_ON = /^[\p{L}\p{N}_-]/u;
/** What an unknown name is taken to be, for the report of what resolved to nobody. */
const UNKNOWN = /^[\p{L}\p{N}_][\p{L}\p{N}_.-]{0,63}/u;

function goesOn(rest: string, end: number): boolean {
  return GOES_ON.test(rest.slice(end, end + 2));
}

/** What follows each `@`, as it is written: the longest that is known, else the word that stands there. */
export function mentionedIn(text: string, named: AtNames): readonly string[] {
  const found = new Set<string>();
  const prose = withoutCode(text);
  let looked = 0;
  for (const { index } of prose.matchAll(AT)) {
    if (++looked > LOOKED_AT) break;
    const rest = prose.slice(index + 1, index + 1 + LONGEST + 2);
    const name = named.longestIn(rest) ?? UNKNOWN.exec(rest)?.[0].replace(/[.-]+$/, "");
    if (name !== undefined) found.add(name);
  }
  return [...found];
}

/** CommonMark: what follows an opening mark of backticks holds no backtick; nothing follows a closing one. */
const FENCE_OPENS = /^ {0,3}(`{3,}(?!.*`)|~{3,})/;
const FENCE_CLOSES = /^ {0,3}(`{3,}|~{3,})[ \t]*$/;

/** The text with code blanked out: fenced blocks (also an open one) and spans. */
function withoutCode(text: string): string {
  if (!text.includes("`") && !text.includes("~~~")) return text;
  const lines: string[] = [];
  let fence: string | undefined;
  for (const line of text.split("\n")) {
    const mark = (fence === undefined ? FENCE_OPENS : FENCE_CLOSES).exec(line)?.[1];
    const isFence =
      mark !== undefined && (fence === undefined || (mark[0] === fence[0] && mark.length >= fence.length));
    lines.push(isFence || fence !== undefined ? "" : line);
    if (isFence) fence = fence === undefined ? mark : undefined;
  }
  return blankSpans(lines.join("\n"));
}

/** Blanks code spans: a run of backticks up to the next run of the same length. One pass. */
function blankSpans(text: string): string {
  const runs = [...text.matchAll(/`+/g)];
  const nextOf = nextOfSameLength(runs);
  let blanked = "";
  let from = 0;
  for (let at = 0; at < runs.length; at++) {
    const close = nextOf[at];
    const run = runs[at];
    const end = close === undefined ? undefined : runs[close];
    if (run === undefined || close === undefined || end === undefined) continue;
    blanked += `${text.slice(from, run.index)} `;
    from = end.index + end[0].length;
    at = close;
  }
  return blanked + text.slice(from);
}

/** For each run, the index of the next one of its length. */
function nextOfSameLength(runs: readonly RegExpExecArray[]): (number | undefined)[] {
  const next = new Map<number, number>();
  const found: (number | undefined)[] = [];
  for (let at = runs.length - 1; at >= 0; at--) {
    const length = runs[at]?.[0].length ?? 0;
    found[at] = next.get(length);
    next.set(length, at);
  }
  return found;
}
