/** [DUR3] [SOC2] Which rows of the log may leave: those behind the ring that answer no retry any more. */
import { expect, test } from "vitest";
import {
  type Kept,
  leavesSignatures,
  leaving,
  type Log,
  ringStart,
  WINDOW_BYTES,
  WINDOW_MESSAGES,
} from "../../src/channel/retention.ts";
import { DEDUPE_MS, RING_MESSAGES } from "../../src/protocol/index.ts";

const NOW = 1_000_000_000;
/** Too old to be repeated. */
const OLD = NOW - DEDUPE_MS - 1;

/** Rows of ten messages and a thousand bytes each, from the first message on. */
function rows(count: number, ts: number): Kept[] {
  return Array.from({ length: count }, (_, at) => ({ seq: at * 10 + 1, count: 10, ts, total: (at + 1) * 1000 }));
}

/** How many of the rows leave. */
function left(oldest: readonly Kept[], newest: number, log: Partial<Log> = {}): number {
  return leaving(oldest, { newest, total: 0, now: NOW, totalBefore: () => undefined, ...log }).length;
}

test("[SOC2] the ring begins so many messages back, and never before the first", () => {
  expect(ringStart(RING_MESSAGES)).toBe(1);
  expect(ringStart(RING_MESSAGES + 1)).toBe(2);
  expect(ringStart(0)).toBe(1);
});

test("[SOC2] no row leaves that holds a message of the ring, however old it is", () => {
  const oldest = rows(200, OLD);
  expect(left(oldest, RING_MESSAGES)).toBe(0);
  expect(left(oldest, RING_MESSAGES + 9)).toBe(0);
  expect(left(oldest, RING_MESSAGES + 10)).toBe(1);
  expect(left(oldest, RING_MESSAGES + 29)).toBe(2);
  expect(left(oldest.slice(0, 2), RING_MESSAGES + 1000)).toBe(2);
});

test("[DUR3] behind the ring a row stays while a send in it may be repeated, and all that follow it", () => {
  const newest = RING_MESSAGES + 1000;
  expect(left(rows(50, NOW - DEDUPE_MS), newest)).toBe(0);
  expect(left(rows(50, OLD), newest)).toBe(50);
  const [first, ...others] = rows(50, OLD) as [Kept, ...Kept[]];
  expect(left([{ ...first, ts: NOW }, ...others], newest)).toBe(0);
  expect(left([...others.slice(0, 3), { ...first, ts: NOW }, ...others.slice(3)], newest)).toBe(3);
});

test("[DUR3] of so many messages behind the ring that they are more than are kept, the oldest leave early", () => {
  const ring = WINDOW_MESSAGES + 101;
  const newest = ring + RING_MESSAGES - 1;
  // The tenth row ends just before those that are kept.
  expect(left(rows(50, NOW), newest)).toBe(10);
  expect(left(rows(50, NOW), newest - 1)).toBe(9);
});

test("[DUR3] of so many bytes behind the ring that they are more than are kept, the oldest leave early", () => {
  const newest = RING_MESSAGES + 1000;
  const oldest = rows(50, NOW);
  const asked: number[] = [];
  const log = (border: number): Partial<Log> => ({
    total: border + 5000,
    totalBefore: (seq) => (asked.push(seq), border),
  });
  expect(left(oldest, newest, log(WINDOW_BYTES + 3000))).toBe(2);
  expect(left(oldest, newest, log(WINDOW_BYTES + 3001))).toBe(3);
  expect(new Set(asked)).toEqual(new Set([ringStart(newest)]));
  // Where all that was ever written is little, nobody looks where the ring begins.
  asked.length = 0;
  expect(left(oldest, newest, { ...log(WINDOW_BYTES), total: WINDOW_BYTES + 1000 })).toBe(0);
  expect(asked).toEqual([]);
  expect(left(oldest, newest, { total: WINDOW_BYTES * 2 })).toBe(0);
});

test("[IDN2] the signed sends of a row that leaves early are known for as long as their signatures live", () => {
  expect([159_999, 160_000, 160_001].map((ago) => leavesSignatures({ ts: NOW - ago }, NOW))).toEqual([
    true,
    true,
    false,
  ]);
});
