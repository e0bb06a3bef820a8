/**
 * What a channel keeps (SOC2, DUR3): the ring of its newest messages, and behind it, for as long as
 * a send may be repeated, what answers that. A row of the log may leave once all it holds is out of
 * both; the storage asks here and decides nothing.
 */
import { DEDUPE_MS, RING_MESSAGES } from "../protocol/index.ts";

/**
 * Messages beyond the ring that are kept for retries at most, however busy the five minutes were.
 * One constant for storage and memory: a send is found while both have it.
 */
export const WINDOW_MESSAGES = 30_000;
/** Bytes kept beyond the ring at most, for a channel's storage is shared by all it holds. */
export const WINDOW_BYTES = 32 * 1024 * 1024;

/**
 * How long a nonce is remembered. A signature is good for 60 s to both sides of its `created`, so
 * 120 s after its first use it is dead, and 30 s later the last ticket it may have got; the rest is
 * for clocks of two machines.
 */
export const NONCE_MS = 160_000;
/** A row of the log, as far as its going depends on it. */
export interface Kept {
  readonly seq: number;
  readonly count: number;
  /** Unix milliseconds of its last message. */
  readonly ts: number;
  /** UTF-8 bytes ever written up to its end. */
  readonly total: number;
}

/** The log once a turn is stored. */
export interface Log {
  /** Seq of the newest message. */
  readonly newest: number;
  /** UTF-8 bytes ever written before the turn. */
  readonly total: number;
  /** Unix milliseconds. */
  readonly now: number;
  /** `total` of the last row before a seq, which costs a look; undefined: there is none. */
  readonly totalBefore: (seq: number) => number | undefined;
}

/** The oldest message that a channel with so many still shows. */
export function ringStart(last_seq: number): number {
  return Math.max(1, last_seq - RING_MESSAGES + 1);
}

/** Earliest time a send can have been made at and still be repeated now. */
export function windowStart(now: number): number {
  return now - DEDUPE_MS;
}

/** Of the oldest rows, in order, those that nobody needs any more. */
export function leaving<T extends Kept>(oldest: readonly T[], log: Log): readonly T[] {
  const ring = ringStart(log.newest);
  const firstKept = oldest.findIndex((row) => row.seq + row.count > ring || isInWindow(row, ring, log));
  return firstKept < 0 ? oldest : oldest.slice(0, firstKept);
}

/** Whether a row behind the ring may still hold the first of a send that is repeated. */
function isInWindow({ seq, count, ts, total }: Kept, ring: number, log: Log): boolean {
  if (ts < windowStart(log.now) || seq + count <= ring - WINDOW_MESSAGES) return false;
  if (log.total - total <= WINDOW_BYTES) return true;
  const border = log.totalBefore(ring);
  return border === undefined || border - total <= WINDOW_BYTES;
}

/** Whether the signed sends of a row that leaves early must be known still: their signatures live (IDN2). */
export function leavesSignatures({ ts }: Pick<Kept, "ts">, now: number): boolean {
  return now - ts <= NONCE_MS;
}
