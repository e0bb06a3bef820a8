/**
 * Messages as the lines an LLM reads: `[418] BRAVO: text`, the time in a line of its own whenever
 * the minute changes. A text's further lines begin with a bar, so that no text can pass for a line of
 * the tool's. What does not fit is left out at one end, and the caller says how to get it.
 */
import { isFor, type Message, showLine, showText, systemLine } from "../protocol/index.ts";
import { showSender, wholeCodePoints } from "./names.ts";

export interface Fitting {
  /** UTF-16 units there is room for. */
  readonly room: number;
  /** Which end to keep when not all fit. */
  readonly keep: "oldest" | "newest";
  /** The reader's key: its own messages and mentions are marked. */
  readonly reader?: string | undefined;
  /** Where to begin inside the first message's text, when a part of it was read before. */
  readonly offset?: number;
  /** How to read a message's text from an offset on. */
  readonly readOn: (message: Message, offset: number) => string;
}

export interface Fitted {
  readonly text: string;
  /** Seqs that are shown, inclusive; undefined when there was nothing to show. */
  readonly shown: { readonly first: number; readonly last: number; readonly count: number } | undefined;
}

/** Every line and its line break; a first message that is too long for the room is cut. */
export function fitMessages(messages: readonly Message[], fitting: Fitting): Fitted {
  const inOrder = fitting.keep === "oldest" ? messages : messages.toReversed();
  const { offset = 0, reader } = fitting;
  const namesakes = namesakesIn(messages);
  const kept: Block[] = [];
  let room = fitting.room;
  for (const message of inOrder) {
    const begin = message === messages[0] ? offset : 0;
    const block = { message, head: headOf(message, reader, namesakes), text: shownFrom(message, begin) };
    room -= block.head.length + block.text.length + TIME_ROOM;
    if (room < 0 && kept.length > 0) break;
    kept.push(room < 0 ? cutToFit(block, fitting, begin) : block);
    if (room < 0) break;
  }
  const blocks = fitting.keep === "oldest" ? kept : kept.toReversed();
  return { text: blocks.map((block, at) => linesOf(block, blocks[at - 1])).join(""), shown: rangeOf(blocks) };
}

interface Block {
  readonly message: Message;
  readonly head: string;
  readonly text: string;
}

/** Marks each further line of a text as a part of it: no line of the tool's begins with a space. */
const INDENTED = "\n |";
/** `2026-01-02 03:04 UTC` and the line breaks of a block. */
const TIME_ROOM = 24;
/** What a cut needs for the line that says how to read on. */
const READ_ON_ROOM = 700;
/** A cut message shows at least this much, so that reading on gets somewhere. */
const CUT_MIN = 200;

/** A text as it is shown, from an offset on; one inside of a sign shows that sign's rest as U+FFFD. */
function textFrom(message: Message, offset: number): string {
  const shown = message.msg_type === "system" ? systemLine(message) : showText(message.text);
  return offset === 0 ? shown : shown.slice(offset).toWellFormed();
}

function shownFrom(message: Message, offset: number): string {
  return textFrom(message, offset).replaceAll("\n", INDENTED);
}

/** As much of a text as fits, and how to read on. The offset counts in the text as it is shown. */
function cutToFit(block: Block, { room, readOn }: Fitting, begin: number): Block {
  const shown = textFrom(block.message, begin);
  const most = Math.max(room - block.head.length - TIME_ROOM - READ_ON_ROOM, CUT_MIN);
  const part = partWithin(shown, most);
  const left = shown.length - part.length;
  const call = readOn(block.message, begin + part.length);
  return {
    ...block,
    text: `${part.replaceAll("\n", INDENTED)}\n…${left} more characters of [${block.message.seq}]: ${call}`,
  };
}

/** The longest beginning that takes at most `most` units once its lines are indented. */
function partWithin(shown: string, most: number): string {
  let taken = 0;
  let at = 0;
  for (; at < shown.length && taken < most; at++) taken += shown[at] === "\n" ? INDENTED.length : 1;
  return wholeCodePoints(shown, at);
}

/** `[418] BRAVO ✓ (re 412) @you: `, or `[419] * ` for what the hub says. */
function headOf(message: Message, reader: string | undefined, namesakes: ReadonlySet<string>): string {
  const { seq, from, from_name, msg_type, verified, reply_to } = message;
  if (msg_type === "system") return `[${seq}] * `;
  const notes: string[] = [];
  if (from === reader) notes.push("you");
  else if (message.namesake || namesakes.has(fold(from_name))) notes.push(`key ${showLine(from)}`);
  if (msg_type !== "text") notes.push(msg_type);
  if (reply_to !== undefined) notes.push(`re ${reply_to}`);
  const said = notes.length === 0 ? "" : ` (${notes.join(", ")})`;
  const isForReader = reader !== undefined && isFor(message, reader);
  return `[${seq}] ${showSender(from_name, verified)}${said}${isForReader ? " @you" : ""}: `;
}

function linesOf({ message, head, text }: Block, before: Block | undefined): string {
  return `${timeLine(message, before?.message)}${head}${text}\n`;
}

function timeLine({ timestamp }: Message, before: Message | undefined): string {
  const [day, minute] = [timestamp.slice(0, 10), timestamp.slice(11, 16)];
  if (before?.timestamp.slice(0, 10) !== day) return `${day} ${minute} UTC\n`;
  return before.timestamp.slice(11, 16) === minute ? "" : `${minute}\n`;
}

function rangeOf(blocks: readonly Block[]): Fitted["shown"] {
  const [first, last] = [blocks[0], blocks.at(-1)];
  if (first === undefined || last === undefined) return undefined;
  return { first: first.message.seq, last: last.message.seq, count: blocks.length };
}

/** Names, folded, that more than one key speaks under. */
function namesakesIn(messages: readonly Message[]): ReadonlySet<string> {
  const keys = new Map<string, string>();
  const shared = new Set<string>();
  for (const { from, from_name } of messages) {
    const name = fold(from_name);
    if (keys.has(name) && keys.get(name) !== from) shared.add(name);
    keys.set(name, from);
  }
  return shared;
}

function fold(name: string): string {
  return name.normalize("NFKC").toUpperCase().toLowerCase();
}
