/**
 * What the hub may say on a socket: always `{type, data}`. Messages arrive here as the JSON text
 * they are stored as, so that a fan-out encodes nothing twice.
 */
import { ERRORS, type Refusal } from "./error.ts";
import type { GuardState, HistoryMeta, Message } from "./message.ts";

export type Frame =
  | { readonly type: "message" | "system"; readonly data: Message }
  | ({ readonly type: "system"; readonly data: "Joined" | "Left channel" | "Read" } & ReplyExtras)
  | { readonly type: "history"; readonly data: readonly Message[]; readonly meta: HistoryMeta; readonly ref?: string }
  | ({ readonly type: "ack"; readonly data: Message } & AckExtras)
  | ErrorFrame
  | { readonly type: "batch"; readonly data: readonly Frame[] }
  | { readonly type: "lagging"; readonly data: { readonly last_seq: number } };

/** What of an unreadable frame its reply can still name. */
export interface Named {
  readonly ref?: string;
  readonly client_msg_id?: string;
}

export interface ErrorFrame extends Named {
  readonly type: "error";
  readonly data: string;
  readonly code: string;
  /** True: the connection ends with this frame. */
  readonly fatal: boolean;
  readonly hint?: string;
  readonly retry_after_ms?: number;
}

/** Beside the message of an ack, on a socket and over HTTP. */
export interface AckExtras extends Named {
  /** True: the id was sent before; this is the first send's message. */
  readonly duplicate: boolean;
  /** Other participants the message was pushed to; 0 on a duplicate. */
  readonly delivered: number;
  /** Mentioned keys that nobody is connected for, at most 128; how many more there are. */
  readonly offline: readonly string[];
  readonly offline_more?: number;
  /** Entries of `to` and mentions in the text that name nobody, or several. */
  readonly unresolved: readonly Unresolved[];
  /** Told to declared agents: how many more of them may speak in a row (GRD1). */
  readonly guard?: GuardState;
}

/** A name that could not be turned into one key; `candidates` are the keys that carry it. */
export interface Unresolved {
  readonly name: string;
  readonly candidates: readonly string[];
}

/** Beside the reply to join, leave and read. */
export interface ReplyExtras {
  readonly seq: number;
  readonly epoch?: string;
  readonly ref?: string;
}

/** {"type":"message","data":…} */
export function messageFrame(message: string): string {
  return `{"type":"message","data":${message}}`;
}

/** {"type":"system","data":…}, for system messages. */
export function systemFrame(message: string): string {
  return `{"type":"system","data":${message}}`;
}

/** {"type":"system","data":"Joined","seq":5,"epoch":"…"} */
export function replyFrame(data: "Joined" | "Left channel" | "Read", extras: ReplyExtras): string {
  return JSON.stringify({ type: "system", data, ...extras });
}

/** {"type":"ack","data":…,"duplicate":false,"delivered":2,"offline":[],"unresolved":[]} */
export function ackFrame(message: string, extras: AckExtras): string {
  return `{"type":"ack","data":${message},${JSON.stringify(extras).slice(1)}`;
}

/** {"type":"history","data":[…],"meta":{…}}; `messages` is the text between the brackets. */
export function historyFrame(messages: string, meta: HistoryMeta, ref?: string): string {
  const rest = JSON.stringify(ref === undefined ? { meta } : { meta, ref });
  return `{"type":"history","data":[${messages}],${rest.slice(1)}`;
}

/** {"type":"error","data":"…","code":"…","fatal":false} */
export function errorFrame(refusal: Refusal, named: Named = {}, fatal = false): string {
  const { code, error, ...extras } = refusal;
  const frame: ErrorFrame = { type: "error", data: error, code, fatal, ...extras, ...named };
  return JSON.stringify(frame);
}

/** {"type":"batch","data":[frame,…]} */
export function batchFrame(frames: readonly string[]): string {
  return `{"type":"batch","data":[${frames.join(",")}]}`;
}

/** {"type":"lagging","data":{"last_seq":418}} */
export function laggingFrame(last_seq: number): string {
  return `{"type":"lagging","data":{"last_seq":${last_seq}}}`;
}

/** Status of a refusal over HTTP. */
export function statusOf(refusal: Refusal): number {
  return ERRORS[refusal.code].status;
}
