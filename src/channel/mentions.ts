/**
 * Whom a message is for: `to`, the author of the message it answers, and `@Name` in its text,
 * resolved to keys when it is sent (LIS4). A name that several carry is their single verified
 * holder's, else nobody's.
 */
import type { Unresolved } from "../protocol/index.ts";
import type { ChannelState, Participant } from "./state.ts";

/** Mentions looked at in one text; a text of nothing but `@` must not cost more than others. */
const MENTIONS_SCANNED = 100;

interface Addressed {
  readonly text: string;
  readonly to: readonly string[] | undefined;
  /** Key of the author of the message that is answered. */
  readonly answered: string | undefined;
}

export interface Mentions {
  readonly mentions: readonly string[];
  readonly unresolved: readonly Unresolved[];
}

const NOBODY: Mentions = { mentions: [], unresolved: [] };

export function resolveMentions(state: ChannelState, sender: string, { text, to, answered }: Addressed): Mentions {
  if (to === undefined && answered === undefined && !text.includes("@")) return NOBODY;
  const names = namesOf(state);
  const keys = new Set<string>();
  const unresolved = new Map<string, Unresolved>();
  const everyone = [...state.members];
  const add = (name: string, resolved: Resolved): void => {
    if (Array.isArray(resolved)) unresolved.set(name, { name, candidates: resolved });
    else for (const key of resolved === "all" ? everyone : [resolved.key]) keys.add(key);
  };
  for (const target of to ?? []) add(target, resolveTarget(state, names, target.replace(/^@/, "")));
  if (answered !== undefined && state.members.has(answered)) keys.add(answered);
  for (const name of mentionedNames(text, names)) add(name, names.resolve(name));
  keys.delete(sender);
  return { mentions: [...keys], unresolved: [...unresolved.values()] };
}

/** The key a target stands for: a participant's key, also of one that left, or the name of just one. */
export function resolveTo(state: ChannelState, target: string): string | undefined {
  if (state.participants.has(target)) return target;
  const resolved = namesOf(state).resolve(target.replace(/^@/, ""));
  return Array.isArray(resolved) || resolved === "all" ? undefined : resolved.key;
}

/** One participant, everybody, or the keys that came into question. */
type Resolved = Pick<Participant, "key"> | "all" | string[];

/** The members' names, folded, with who carries them. */
interface Names {
  readonly longest: number;
  has(name: string): boolean;
  resolve(name: string): Resolved;
}

function namesOf(state: ChannelState): Names {
  const holders = new Map<string, Participant[]>();
  let longest = "all".length;
  for (const participant of state.participants.values()) {
    if (!participant.member) continue;
    const name = fold(participant.name);
    holders.set(name, [...(holders.get(name) ?? []), participant]);
    longest = Math.max(longest, name.length);
  }
  return {
    longest,
    has: (name) => fold(name) === "all" || holders.has(fold(name)),
    resolve: (name) => (fold(name) === "all" ? "all" : only(holders.get(fold(name)) ?? [])),
  };
}

function only(holders: readonly Participant[]): Resolved {
  const [first] = holders;
  if (first !== undefined && holders.length === 1) return first;
  const verified = holders.filter((holder) => holder.verified);
  const [single] = verified;
  return single !== undefined && verified.length === 1 ? single : holders.map((holder) => holder.key);
}

/** An entry of `to` is a key first, a name second. */
function resolveTarget(state: ChannelState, names: Names, target: string): Resolved {
  return state.members.has(target) ? { key: target } : names.resolve(target);
}

/** Case-insensitive comparison form. */
function fold(name: string): string {
  return name.toUpperCase().toLowerCase();
}

const AT = /(?<![\p{L}\p{N}_])@/gu;
const NAME_GOES_ON = /^[\p{L}\p{N}_-]/u;
/** What an unknown name is taken to be, for the report of what resolved to nobody. */
const UNKNOWN_NAME = /^[\p{L}\p{N}_][\p{L}\p{N}_.-]{0,63}/u;

/** Names after an `@`: the longest known one, else the word that stands there. */
function mentionedNames(text: string, names: Names): Set<string> {
  const found = new Set<string>();
  const prose = withoutCode(text);
  let scanned = 0;
  for (const match of prose.matchAll(AT)) {
    if (++scanned > MENTIONS_SCANNED) break;
    const rest = prose.slice(match.index + 1, match.index + 1 + Math.max(names.longest, 64) + 2);
    const name = longestName(rest, names) ?? UNKNOWN_NAME.exec(rest)?.[0].replace(/[.-]+$/, "");
    if (name !== undefined) found.add(name);
  }
  return found;
}

function longestName(rest: string, names: Names): string | undefined {
  for (let length = Math.min(names.longest, rest.length); length > 0; length--) {
    const name = rest.slice(0, length);
    if (names.has(name) && !NAME_GOES_ON.test(rest.slice(length))) return name;
  }
  return undefined;
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
