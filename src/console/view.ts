/**
 * Messages → what to show: blocks that change seldom, and in them rows: days, groups by sender,
 * folded system lines, gaps, the mark of what is unread. Pure; the components only draw rows.
 */
import { isFor } from "../protocol/mention.ts";
import type { Gap, Message } from "../protocol/message.ts";
import { systemLine } from "../protocol/names.ts";
import { showLine } from "../protocol/visible.ts";
import type { Timeline } from "./timeline.ts";

/** A run of messages that is drawn as one piece: a new message redraws only its own block. */
export interface Block {
  readonly key: number;
  readonly messages: readonly Message[];
  /** The message before the first, which may be of the same group or day. */
  readonly before: Message | undefined;
  /** The oldest block with nothing older to load. */
  readonly isStart: boolean;
}

export type Row =
  | { readonly type: "start"; readonly seq: number }
  | { readonly type: "day"; readonly timestamp: string }
  | { readonly type: "gap"; readonly gap: Gap }
  | { readonly type: "unread" }
  /** System messages in a row. */
  | { readonly type: "system"; readonly messages: readonly Message[] }
  /** `isFirst`: the first of a group, drawn with its sender. */
  | { readonly type: "message"; readonly message: Message; readonly isFirst: boolean };

export interface Filter {
  /** Words that the text or the sender's name holds, in any case. */
  readonly text: string;
  /** A sender's key, or empty. */
  readonly from: string;
  readonly type: "" | "message" | "toolresult" | "system" | "mentions";
}

export const NO_FILTER: Filter = { text: "", from: "", type: "" };

/** Messages of a block: enough to redraw little, few enough to diff quickly. */
export const BLOCK = 50;
/** Messages of one sender within this time stand under one name. */
const GROUP_MS = 5 * 60_000;

export function isFiltering({ text, from, type }: Filter): boolean {
  return text.trim() !== "" || from !== "" || type !== "";
}

export function matches(message: Message, { text, from, type }: Filter, me: string): boolean {
  const words = text.trim().toLowerCase();
  const isText = words === "" || `${message.from_name}\n${message.text}`.toLowerCase().includes(words);
  return isText && (from === "" || message.from === from) && isOfType(message, type, me);
}

function isOfType(message: Message, type: Filter["type"], me: string): boolean {
  const { msg_type } = message;
  switch (type) {
    case "":
      return true;
    case "message":
      return msg_type === "text";
    case "mentions":
      return isFor(message, me);
    case "toolresult":
    case "system":
      return msg_type === type;
  }
}

/** Cuts messages into blocks. Blocks of `previous` that did not change are given again as they are. */
export function toBlocks({ messages, isWhole }: Timeline, previous: readonly Block[]): readonly Block[] {
  const known = new Map(previous.map((block) => [block.key, block]));
  const blocks: Block[] = [];
  for (let start = 0; start < messages.length;) {
    const key = blockOf(messages[start]);
    let end = start + 1;
    while (end < messages.length && blockOf(messages[end]) === key) end++;
    const isStart = start === 0 && isWhole;
    blocks.push(
      reuse(known.get(key), { key, messages: messages.slice(start, end), before: messages[start - 1], isStart }),
    );
    start = end;
  }
  return blocks;
}

function blockOf(message: Message | undefined): number {
  return Math.floor((message?.seq ?? 0) / BLOCK);
}

function reuse(old: Block | undefined, block: Block): Block {
  if (old === undefined || old.before !== block.before || old.isStart !== block.isStart) return block;
  const isSame =
    old.messages.length === block.messages.length &&
    old.messages[0] === block.messages[0] &&
    old.messages.at(-1) === block.messages.at(-1);
  return isSame ? old : block;
}

export interface RowContext {
  readonly me: string;
  readonly gaps: readonly Gap[];
  /** Everything up to here was read when the reader came; undefined: no mark. */
  readonly read_seq: number | undefined;
}

export function rowsOf({ messages, before, isStart }: Block, context: RowContext): readonly Row[] {
  const rows: Row[] = [];
  let previous = before;
  if (isStart && messages[0] !== undefined) rows.push({ type: "start", seq: messages[0].seq });
  for (const message of messages) {
    rows.push(...marksBetween(previous, message, context));
    addMessage(rows, previous, message);
    previous = message;
  }
  return rows;
}

function marksBetween(previous: Message | undefined, message: Message, { gaps, read_seq }: RowContext): Row[] {
  const marks: Row[] = [];
  const after = previous?.seq ?? 0;
  for (const gap of gaps) if (gap.to < message.seq && gap.to >= after) marks.push({ type: "gap", gap });
  if (previous === undefined || dayOf(previous) !== dayOf(message))
    marks.push({ type: "day", timestamp: message.timestamp });
  if (read_seq !== undefined && message.seq > read_seq && after <= read_seq) marks.push({ type: "unread" });
  return marks;
}

function addMessage(rows: Row[], previous: Message | undefined, message: Message): void {
  const last = rows.at(-1);
  if (message.msg_type !== "system") {
    const isFirst = last !== undefined && last.type !== "message" ? true : !isSameGroup(previous, message);
    rows.push({ type: "message", message, isFirst });
  } else if (last?.type === "system") {
    rows[rows.length - 1] = { type: "system", messages: [...last.messages, message] };
  } else {
    rows.push({ type: "system", messages: [message] });
  }
}

function isSameGroup(previous: Message | undefined, message: Message): boolean {
  return (
    previous !== undefined &&
    previous.msg_type !== "system" &&
    previous.from === message.from &&
    previous.from_name === message.from_name &&
    previous.verified === message.verified &&
    message.reply_to === undefined &&
    Date.parse(message.timestamp) - Date.parse(previous.timestamp) < GROUP_MS
  );
}

/** In the reader's own time zone. */
function dayOf({ timestamp }: Message): string {
  return new Date(timestamp).toDateString();
}

/** JSON laid out over lines, or undefined for what is not an object or array. */
export function prettyJson(text: string): string | undefined {
  if (!/^\s*[[{]/.test(text)) return undefined;
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return undefined;
  }
}

/** One line that stands for a text: for lists, replies and folded results. */
export function firstLine(text: string, length = 140): string {
  const start = text.slice(0, length * 4).toWellFormed();
  const points = Array.from(showLine(start.replace(/\s+/g, " ").trim()));
  return points.length > length ? `${points.slice(0, length - 1).join("")}…` : points.join("");
}

/** One line that stands for a message. */
export function previewOf(message: Message, length?: number): string {
  return message.msg_type === "system" ? systemLine(message) : firstLine(message.text, length);
}

/** One message in JSON a line. */
export function toJsonl(messages: readonly Message[]): string {
  return messages.map((message) => `${JSON.stringify(message)}\n`).join("");
}
