/**
 * `unknown → Frame`, as cheaply as a client can: what the hub writes is trusted, but a proxy or a
 * wrong address may stand in between, so each field that is used later has its type looked at. Not
 * the schemas of the protocol: they are for what agents ask, and as large as this whole room.
 */
import type { AckExtras, ErrorFrame, Frame } from "../protocol/frame.ts";
import type { Gap, HistoryMeta, Message } from "../protocol/message.ts";

/** A frame on its own: batches are taken apart on reading. */
export type PlainFrame = Exclude<Frame, { type: "batch" }>;
export type Ack = Extract<Frame, { type: "ack" }>;
export type Page = Extract<Frame, { type: "history" }>;

type Fields = Readonly<Record<string, unknown>>;

/** The frames of one text, in order. Undefined: no hub wrote it. Types that are not known are left out. */
export function readFrames(text: string): readonly PlainFrame[] | undefined {
  const frame = readObject(text);
  if (frame === undefined) return undefined;
  if (frame["type"] !== "batch") return readAll([frame]);
  return Array.isArray(frame["data"]) ? readAll(frame["data"]) : undefined;
}

/** A JSON object, or undefined. */
export function readObject(text: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function readAll(values: readonly unknown[]): readonly PlainFrame[] | undefined {
  const frames: PlainFrame[] = [];
  for (const value of values) {
    if (!isObject(value) || typeof value["type"] !== "string") return undefined;
    if (!Object.hasOwn(READERS, value["type"])) continue;
    const frame = READERS[value["type"] as PlainFrame["type"]](value);
    if (frame === undefined) return undefined;
    frames.push(frame);
  }
  return frames;
}

type Reader = (frame: Fields) => PlainFrame | undefined;

const READERS: Readonly<Record<PlainFrame["type"], Reader>> = {
  // {"type":"message","data":{…}}
  message: (frame) => (isMessage(frame["data"]) ? (frame as unknown as PlainFrame) : undefined),
  // {"type":"system","data":{…}} or {"type":"system","data":"Joined","seq":5,"epoch":"…","ref":"…"}
  system: (frame) =>
    isMessage(frame["data"]) || (typeof frame["data"] === "string" && isSeq(frame["seq"]))
      ? (frame as unknown as PlainFrame)
      : undefined,
  // {"type":"history","data":[…],"meta":{…},"ref":"…"}
  history: (frame) => (isPage(frame) ? (frame as unknown as PlainFrame) : undefined),
  // {"type":"ack","data":{…},"client_msg_id":"…","duplicate":false,"delivered":2,"offline":[],"unresolved":[]}
  ack: (frame) => (isMessage(frame["data"]) ? ({ ...NO_EXTRAS, ...frame } as unknown as PlainFrame) : undefined),
  // {"type":"error","data":"…","code":"…","fatal":false,"retry_after_ms":33,"ref":"…"}
  error: (frame) =>
    typeof frame["data"] === "string" ? ({ ...NO_CODE, ...frame } as unknown as ErrorFrame) : undefined,
  // {"type":"lagging","data":{"last_seq":418}}
  lagging: (frame) => (isObject(frame["data"]) ? (frame as unknown as PlainFrame) : undefined),
};

const NO_EXTRAS: AckExtras = { duplicate: false, delivered: 0, offline: [], unresolved: [] };
const NO_CODE: Pick<ErrorFrame, "code" | "fatal"> = { code: "internal", fatal: false };

export function isObject(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isSeq(value: unknown): value is number {
  return Number.isSafeInteger(value);
}

const MESSAGE_TEXTS = ["id", "channel_id", "from", "from_name", "text", "timestamp", "msg_type"] as const;

function isMessage(value: unknown): value is Message {
  return isObject(value) && isSeq(value["seq"]) && MESSAGE_TEXTS.every((name) => typeof value[name] === "string");
}

/** What a history answer holds, on a socket (as `data`) and over HTTP (as `messages`). */
export function isMessages(value: unknown): value is readonly Message[] {
  return Array.isArray(value) && value.every(isMessage);
}

export function isMeta(value: unknown): value is HistoryMeta {
  if (!isObject(value)) return false;
  const { epoch, first_seq, last_seq, gap, complete } = value;
  return (
    typeof epoch === "string" && isSeq(first_seq) && isSeq(last_seq) && isGap(gap) && typeof complete === "boolean"
  );
}

function isGap(value: unknown): value is Gap | null {
  return value === null || (isObject(value) && isSeq(value["from"]) && isSeq(value["to"]));
}

function isPage({ data, meta }: Fields): boolean {
  return isMessages(data) && isMeta(meta);
}
