/**
 * What the rules need of storage: synchronous, because SQLite in the object is, so that a command
 * can never be interleaved. Two answers: `MemoryLog` here, the SQL one in the hub; one contract
 * suite runs against both.
 */
import type { SendRecord } from "./recent-sends.ts";
import type { Entry } from "./state.ts";

export interface MessageLog {
  /** The newest message's place, or undefined when nothing was ever appended. */
  head(): Head | undefined;
  /** Adds decided messages in order; what is out of the ring and of the dedupe window may go. */
  append(entries: readonly Entry[], now: number): void;
  /** Messages of a range, oldest first. */
  page(range: Range): Page;
  /** One message as JSON, while it is stored at all. */
  message(seq: number): string | undefined;
  /** Sends made since `since` (Unix milliseconds), newest first; read lazily. */
  sends(since: number): Iterable<SendRecord>;
}

export interface Head {
  readonly last_seq: number;
  readonly last_ts: number;
}

export interface Range {
  /** Exclusive bounds. */
  readonly after: number;
  readonly before: number;
  readonly limit: number;
  /** UTF-8 bytes at most; one message is always given. */
  readonly bytes: number;
  /** Which end of the range to keep when it holds more than fits. */
  readonly keep: "oldest" | "newest";
}

export interface Page {
  /** The messages' JSON, joined by commas: what stands between the brackets of an array. */
  readonly messages: string;
  readonly count: number;
  /** The last message's seq; `after` of the range when there is none. */
  readonly last: number;
}
