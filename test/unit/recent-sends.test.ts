/** [DUR3] The memory of recent sends: what it finds, and that it stays bounded. */
import { expect, test } from "vitest";
import { RecentSends, type SendRecord } from "../../src/channel/recent-sends.ts";
import { WINDOW_MESSAGES } from "../../src/channel/retention.ts";
import { DEDUPE_MS, RING_MESSAGES } from "../../src/protocol/index.ts";

const NOW = 1_800_000_000_000;
const send = (id: string | undefined, more: Partial<SendRecord> = {}): SendRecord => {
  return { seq: 1, ts: NOW, from: "alpha", verified: false, id, ...more };
};
const use = (id: string, more: Partial<SendRecord> = {}): SendRecord => send(id, more);
const nothing = (): SendRecord[] => [];

/** A memory that was read back from what the log holds. */
function awake(log: () => Iterable<SendRecord> = nothing): RecentSends {
  const sends = new RecentSends();
  sends.find(use("-"), NOW, log);
  return sends;
}

test("[DUR3] an id counts within its sender, proven or not", () => {
  const sends = awake();
  sends.add(send("a-1"), NOW);
  const found = (more: Partial<SendRecord>): boolean => sends.find(use("a-1", more), NOW, nothing) !== undefined;
  expect([{}, { from: "bravo" }, { verified: true }, { id: "a-2" }].map(found)).toEqual([true, false, false, false]);
  // Neither ends of sender and id can be shifted against each other.
  sends.add(send("plain", { from: "x" }), NOW);
  expect(sends.find(use("", { from: "x\nplain" }), NOW, nothing)).toBeUndefined();
});

test("[DUR3] the log is read once after a wake; the newest of an id counts, and sends without one are none", () => {
  let reads = 0;
  const log = function* (): Iterable<SendRecord> {
    reads++;
    yield* [send("a-1", { seq: 9 }), send(undefined, { seq: 8 }), send("a-1", { seq: 7 })];
  };
  const sends = awake(log);
  expect(sends.find(use("a-1"), NOW, log)).toMatchObject({ seq: 9 });
  expect(sends.find({ ...use("a-1"), id: undefined }, NOW, log)).toBeUndefined();
  expect(reads).toBe(1);
});

test("[DUR3] before it was read back nothing is added: the log has it", () => {
  const sends = new RecentSends();
  sends.add(send("a-1"), NOW);
  expect(sends.find(use("a-1"), NOW, nothing)).toBeUndefined();
  expect(sends.find(use("a-1"), NOW, () => [send("a-1")])).toBeUndefined();
});

test("[DUR3] what is added without an id is not found by anything", () => {
  const sends = awake();
  sends.add(send(undefined), NOW);
  expect(sends.find({ ...use(""), id: undefined }, NOW, nothing)).toBeUndefined();
});

test("[DUR3] a send is found for exactly five minutes, whatever was sent since", () => {
  const sends = awake();
  for (let minute = 0; minute <= 12; minute++) {
    const ts = NOW + minute * 60_000;
    sends.add(send(`m-${minute}`, { seq: minute, ts }), ts);
    for (let earlier = 0; earlier <= minute; earlier++) {
      const found = sends.find(use(`m-${earlier}`), ts, nothing);
      expect(found?.seq, `${earlier} at ${minute}`).toBe(minute - earlier <= 5 ? earlier : undefined);
    }
  }
  expect(sends.find(use("m-12"), NOW + 12 * 60_000 + DEDUPE_MS, nothing)).toBeDefined();
  expect(sends.find(use("m-12"), NOW + 12 * 60_000 + DEDUPE_MS + 1, nothing)).toBeUndefined();
});

test("[DUR3] of a busy five minutes it has a window at least and two at most", () => {
  const sends = awake();
  const size = RING_MESSAGES + WINDOW_MESSAGES;
  const has = (seq: number): boolean => sends.find(use(`s-${seq}`), NOW, nothing) !== undefined;
  for (let seq = 1; seq <= 2 * size; seq++) sends.add(send(`s-${seq}`, { seq }), NOW);
  expect([1, size, size + 1, 2 * size].map(has)).toEqual([true, true, true, true]);
  sends.add(send("one-more"), NOW);
  expect([1, size, size + 1, 2 * size].map(has)).toEqual([false, false, true, true]);
});
