/**
 * The obedient model: it calls the tool as it was told to begin, answers every question for it that
 * it sees, once for each time that it sees it, and otherwise makes exactly the call that stands after
 * `Next:` in the last answer. It remembers nothing but its conversation, as models do; so whatever
 * shows it a message twice makes it answer twice.
 *
 * A question is `question ID for [NAME]`, with ` then [OTHER]` where the answer is to ask OTHER the
 * same. An answer is `answer ID`.
 */
import type { Args, Conversation, Item, Offered, Reply } from "./conversation.ts";

/** The tool's name, in whatever a host makes of it. */
export const OURS = /spf_channel/;

export interface Manner {
  /** Arguments of its first call; nothing: it waits until it is woken. */
  readonly opening?: Args;
  /** Calls after which it ends; 0: it ends its turn as soon as nothing is left to answer. */
  readonly steps: number;
  /** Answers after which it ends; without it only the steps count. */
  readonly answers?: number;
  /** It has no tool of ours: what it says at the end of its turn is posted for it. */
  readonly isResident?: boolean;
}

export interface Question {
  readonly id: string;
  readonly next?: string;
}

/** What a resident says to what it was told last. */
export function resident({ items }: Conversation, name: string): string {
  const told = items.findLast(({ kind }) => kind === "said");
  const open = questionsIn(told?.kind === "said" ? told.text : "", name);
  const said = open.map((one) => `${wordsTo(one)}${one.next === undefined ? "" : ` @${one.next}`}`);
  return said.length === 0 ? "NOTHING" : said.join(" ");
}

export function question(id: string, name: string, next?: string): string {
  return `question ${id} for [${name}]${next === undefined ? "" : ` then [${next}]`}`;
}

/** Questions for `name` in a text, in order, without those in its own words and those that it is told were shown before. */
export function questionsIn(text: string, name: string): Question[] {
  const before = shownBefore(text);
  return text.split("\n").flatMap((line) => {
    const seq = Number(/^\[(\d+)\]/.exec(line)?.[1]);
    if (before.some(([first, last]) => seq >= first && seq <= last) || /^\[\d+\][^:]*\(you\b/.test(line)) return [];
    const found = line.matchAll(/question (\w+) for \[([^\]]+)\](?: then \[([^\]]+)\])?/g);
    return [...found].flatMap(([, id = "", to, next]) =>
      to === name ? [{ id, ...(next !== undefined && { next }) }] : [],
    );
  });
}

/** Seqs of `Shown before: [3] to [8], [11].` */
function shownBefore(text: string): readonly (readonly [first: number, last: number])[] {
  const lines = [...text.matchAll(/^Shown before: (.*)\.$/gm)].map(([, spans = ""]) => spans);
  return lines.flatMap((spans) =>
    [...spans.matchAll(/\[(\d+)\](?: to \[(\d+)\])?/g)].map(
      ([, first, last = first]) => [Number(first), Number(last)] as const,
    ),
  );
}

/** What is to be said next, by the conversation alone; `calls` is how many it has made in all. */
export function obey(
  { opening, steps, answers = Infinity }: Manner,
  name: string,
  { items }: Conversation,
  calls: number,
): Args | undefined {
  if ((steps > 0 && calls >= steps) || answersIn(items) >= answers) return undefined;
  const begin = items.some(({ kind }) => kind === "called") ? undefined : opening;
  if (begin !== undefined) return begin;
  const [open] = openQuestions(items, name);
  return open === undefined ? afterwards(items, steps > 0) : answerTo(open);
}

/** With nothing to answer. */
function afterwards(items: readonly Item[], isBusy: boolean): Args | undefined {
  const last = items.at(-1);
  if (last?.kind === "answered" && isBusy) return nextIn(last.text) ?? onceMore(items);
  // Woken without being told what was said: it looks.
  return last?.kind === "said" ? (nextIn(last.text) ?? { action: "listen" }) : undefined;
}

function answersIn(items: readonly Item[]): number {
  return items.filter((item) => item.kind === "called" && item.args.action === "send").length;
}

/** A call that failed without a word of what is next: made again, but not for ever. */
function onceMore(items: readonly Item[]): Args | undefined {
  const calls = items.flatMap((item) => (item.kind === "called" ? [item.args] : []));
  const last = JSON.stringify(calls.at(-1));
  const isStuck = calls.length > TRIES && calls.slice(-TRIES).every((one) => JSON.stringify(one) === last);
  return isStuck ? undefined : calls.at(-1);
}

const TRIES = 10;

/** Whether the last answer said nothing of what is next, as a call that failed on its way does. */
export function isAtALoss({ items }: Conversation): boolean {
  const last = items.at(-1);
  return last?.kind === "answered" && nextIn(last.text) === undefined;
}

function openQuestions(items: readonly Item[], name: string): Question[] {
  let open: Question[] = [];
  for (const item of items) {
    if (item.kind === "said" || item.kind === "answered") open.push(...questionsIn(item.text, name));
    if (item.kind !== "called" || !OURS.test(item.name) || item.args.action !== "send") continue;
    const at = open.findIndex(({ id }) => String(item.args.text).includes(`answer ${id} `));
    open = open.toSpliced(at, at < 0 ? 0 : 1);
  }
  return open;
}

function answerTo(asked: Question): Args {
  return { action: "send", text: wordsTo(asked), ...(asked.next !== undefined && { to: [asked.next] }) };
}

function wordsTo({ id, next }: Question): string {
  const text = `answer ${id} is yes.`;
  return next === undefined ? text : `${text} And you: ${question(`${id}x`, next)}`;
}

/** The call in the last line of an answer that holds one, as it stands there. */
export function nextIn(text: string): Args | undefined {
  const found = [...text.matchAll(/^\s*Next: (\{.*\})/gm)].at(-1)?.[1];
  return found === undefined ? undefined : (JSON.parse(found) as Args);
}

/** The tool's own answers, without what a host adds to them. */
export function toolOf({ tools }: Conversation): Offered | undefined {
  return tools.find(({ name }) => OURS.test(name));
}

export function replyOf(tool: Offered, args: Args | undefined, id: string): Reply {
  return args === undefined ? { text: "Nothing more to do." } : { call: { id, tool, args } };
}
