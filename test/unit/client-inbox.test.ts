import fc from "fast-check";
import { expect, test } from "vitest";
import { type ChannelEvent, INBOX, INBOX_LENGTH, Inbox } from "../../src/client/inbox.ts";
import { message } from "../support/client-fixture.ts";

const event = (seq: number): ChannelEvent => ({ type: "message", message: message(seq) });
const seqs = (events: readonly ChannelEvent[]): number[] =>
  events.flatMap((one) => (one.type === "message" ? [one.message.seq] : []));

test("an inbox holds the newest 500 and says exactly what gave way", () => {
  const inbox = new Inbox();
  for (let seq = 1; seq <= 2000; seq++) inbox.add(event(seq));
  const { events, dropped } = inbox.drain();
  expect(seqs(events)).toEqual(Array.from({ length: INBOX }, (_, at) => 1501 + at));
  expect(dropped).toEqual({ dropped: 1500, from: 1, to: 1500 });
  expect(inbox.drain()).toEqual({ events: [], dropped: undefined });
});

test("only the first that gives way since a drain is news", () => {
  const inbox = new Inbox(2);
  expect([1, 2, 3, 4].map((seq) => inbox.add(event(seq)))).toEqual([false, false, true, false]);
  inbox.drain();
  expect([5, 6, 7].map((seq) => inbox.add(event(seq)))).toEqual([false, false, true]);
});

test("a gap that gives way is part of what was dropped, and no message", () => {
  const inbox = new Inbox(1);
  inbox.add({ type: "gap", gap: { from: 3, to: 9, reason: "evicted" } });
  inbox.add(event(10));
  inbox.add(event(11));
  expect(inbox.drain().dropped).toEqual({ dropped: 1, from: 3, to: 10 });
});

test("an inbox holds at most 1 MiB of text, and the newest event however long it is", () => {
  const inbox = new Inbox();
  const long = (seq: number, length: number): ChannelEvent => {
    return { type: "message", message: message(seq, { text: "x".repeat(length) }) };
  };
  for (let seq = 1; seq <= 40; seq++) inbox.add(long(seq, INBOX_LENGTH / 16));
  expect(inbox.size).toBe(16);
  expect(inbox.dropped).toEqual({ dropped: 24, from: 1, to: 24 });
  inbox.add(long(41, 2 * INBOX_LENGTH));
  expect(inbox.size).toBe(1);
  expect(inbox.dropped).toEqual({ dropped: 40, from: 1, to: 40 });
  expect(seqs(inbox.drain().events)).toEqual([41]);
});

test("what is taken one by one makes room, and what was found again is no longer dropped", () => {
  const inbox = new Inbox(3);
  for (const seq of [1, 2, 3]) inbox.add(event(seq));
  expect(seqs([inbox.take() as ChannelEvent])).toEqual([1]);
  for (const seq of [4, 5, 6]) inbox.add(event(seq));
  expect(inbox.dropped).toEqual({ dropped: 2, from: 2, to: 3 });
  inbox.found(2, [event(2)]);
  expect(inbox.dropped).toEqual({ dropped: 1, from: 3, to: 3 });
  inbox.found(3, [event(3)]);
  expect(inbox.drain()).toEqual({ events: [event(4), event(5), event(6)], dropped: undefined });
  expect(inbox.take()).toBeUndefined();
});

test("whatever the pace, drained and dropped together are everything, once", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(40), { maxLength: 30 }), (bursts) => {
      const inbox = new Inbox(10);
      let [added, accounted] = [0, 0];
      for (const burst of bursts) {
        for (let left = burst; left > 0; left--) inbox.add(event(++added));
        const { events, dropped } = inbox.drain();
        if (dropped !== undefined) {
          expect(dropped).toEqual({ dropped: dropped.to - accounted, from: accounted + 1, to: dropped.to });
          accounted = dropped.to;
        }
        for (const seq of seqs(events)) expect(seq).toBe(++accounted);
        expect(accounted).toBe(added);
      }
    }),
  );
});
