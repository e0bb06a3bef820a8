/**
 * What a hub used on a day (UTC), counted where it happens and kept in rows that are written anyway
 * (USE1): no count costs a row, a request or a wake. Pure.
 */

/** What is counted; each is billed, but for messages. */
export const COUNTED = ["messages", "rows_written", "rows_read", "requests", "frames"] as const;
export type Counted = (typeof COUNTED)[number];
export type Counts = Readonly<Record<Counted, number>>;

export const NOTHING: Counts = { messages: 0, rows_written: 0, rows_read: 0, requests: 0, frames: 0 };

/** By code and hub key: `rate_limited team`. */
export type Refused = Readonly<Record<string, number>>;

/** What a channel tells the index of its day. */
export interface Report extends Counts {
  /** `2026-11-27` */
  readonly day: string;
  readonly refused: Refused;
  readonly sockets: number;
  /** Bytes stored. */
  readonly bytes: number;
}

/** Kinds of refusals that are told apart; the rest count as one. */
const KINDS_MAX = 32;
const OTHERS = "others";

export function dayOf(now: number): string {
  return new Date(now).toISOString().slice(0, 10);
}

export function plus(one: Counts, other: Counts): Counts {
  return mapped((name) => one[name] + other[name]);
}

/** What was reported before a sleep may be more than what the channel still knows of it. */
export function atLeast(one: Counts, other: Counts): Counts {
  return mapped((name) => Math.max(one[name], other[name]));
}

function mapped(value: (name: Counted) => number): Counts {
  return Object.fromEntries(COUNTED.map((name) => [name, value(name)])) as Record<Counted, number>;
}

export function plusRefused(one: Refused, other: Refused): Refused {
  const sum: Record<string, number> = { ...one };
  for (const [kind, count] of Object.entries(other)) {
    const name = Object.hasOwn(sum, kind) || Object.keys(sum).length < KINDS_MAX ? kind : OTHERS;
    sum[name] = (sum[name] ?? 0) + count;
  }
  return sum;
}

/** As it stands in a row: the day and the counts, in their order. */
export function encodeDay(day: string, counts: Counts): string {
  return JSON.stringify([day, ...COUNTED.map((name) => counts[name])]);
}

/** The counts of `day`, where the text is of that day. */
export function decodeDay(text: string, day: string): Counts {
  if (text === "") return NOTHING;
  const [of, ...values] = JSON.parse(text) as [string, ...number[]];
  return of === day ? mapped((name) => values[COUNTED.indexOf(name)] ?? 0) : NOTHING;
}

/** What of a channel the index keeps in its row; `index` is what the index itself used meanwhile. */
export interface Kept extends Report {
  readonly index: Counts;
}

/** A channel's word joined to what is kept of the same day. */
export function keep(kept: Kept | undefined, report: Report, index: Counts): Kept {
  const before = kept?.day === report.day ? kept : undefined;
  const { day, sockets, bytes, refused } = report;
  return {
    ...{ day, sockets, bytes },
    ...atLeast(report, before ?? NOTHING),
    refused: plusRefused(before?.refused ?? {}, refused),
    index: plus(before?.index ?? NOTHING, index),
  };
}

/** Of the whole hub, as far as the index heard. */
export interface Usage extends Counts {
  readonly day: string;
  readonly refused: Refused;
  /** Open when their channel last told. */
  readonly sockets: number;
  readonly stored_bytes: number;
}

/** `own` is what the index used and has written nowhere yet. */
export function sumUp(day: string, kept: Iterable<Kept>, own: Counts, own_bytes: number): Usage {
  let [counts, refused]: [Counts, Refused] = [own, {}];
  let [sockets, stored_bytes] = [0, own_bytes];
  for (const one of kept) {
    sockets += one.sockets;
    stored_bytes += one.bytes;
    if (one.day !== day) continue;
    counts = plus(plus(counts, one), one.index);
    refused = plusRefused(refused, one.refused);
  }
  return { day, ...counts, refused, sockets, stored_bytes };
}
