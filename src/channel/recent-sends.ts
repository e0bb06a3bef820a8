/**
 * The sends of the last five minutes that carried an id, so that a retry gets its first ack again
 * (DUR3). Filled from the log when first asked after a wake; kept in seq order.
 */
import { DEDUPE_MS, type Kind, type SendCommand } from "../protocol/index.ts";

/** What identifies a send, stored before the body of its row. */
export interface SendRecord {
  readonly seq: number;
  /** Unix milliseconds; of records read back, that of their row. */
  readonly ts: number;
  readonly from: string;
  readonly verified: boolean;
  /** What the sender said it is; the loop guard counts agents. */
  readonly kind?: Kind;
  readonly id?: string;
  /** `to` as it was sent: part of the content, yet not of the message. */
  readonly to?: readonly string[];
}

export class RecentSends {
  /** Insertion order is seq order, so the oldest come first. Undefined: not read back yet. */
  #records: Map<string, SendRecord> | undefined;

  /** The send that used this id, if it is recent. `newestFirst` is read only after a wake. */
  find(send: SendRecord, now: number, newestFirst: () => Iterable<SendRecord>): SendRecord | undefined {
    this.#records ??= readBack(newestFirst());
    const found = this.#records.get(scope(send));
    return found !== undefined && isRecent(found, now) ? found : undefined;
  }

  add(send: SendRecord, now: number): void {
    if (this.#records === undefined || send.id === undefined) return;
    const key = scope(send);
    this.#records.delete(key);
    this.#records.set(key, send);
    this.#expire(now);
  }

  #expire(now: number): void {
    if (this.#records === undefined) return;
    for (const [key, send] of this.#records) {
      if (isRecent(send, now)) return;
      this.#records.delete(key);
    }
  }
}

/** Earliest time a send can have been made at and still be repeated now. */
export function windowStart(now: number): number {
  return now - DEDUPE_MS;
}

function isRecent(send: SendRecord, now: number): boolean {
  return send.ts >= windowStart(now);
}

/** Sender, proven or not, and id: none of them can hold a line break. */
function scope(send: SendRecord): string {
  return `${send.from}\n${send.verified ? "verified" : "plain"}\n${send.id ?? ""}`;
}

function readBack(newestFirst: Iterable<SendRecord>): Map<string, SendRecord> {
  const sends = [...newestFirst].filter((send) => send.id !== undefined).toReversed();
  return new Map(sends.map((send) => [scope(send), send]));
}

/** The record of a send about to be decided. */
export function sendRecord(
  place: { readonly seq: number; readonly ts: number },
  caller: Sender,
  command: SendCommand,
): SendRecord {
  const { client_msg_id: id, to } = command;
  const { key: from, verified, kind } = caller;
  return {
    ...place,
    from,
    verified,
    ...(kind && { kind }),
    ...(id !== undefined && { id }),
    ...(to !== undefined && { to }),
  };
}

interface Sender {
  readonly key: string;
  readonly verified: boolean;
  readonly kind?: Kind | undefined;
}
