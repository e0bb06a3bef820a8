/** The stretch of a channel that a live connection holds answers as the hub does, or not at all. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { Stretch } from "../../src/cli/stretch.ts";
import type { Message } from "../../src/protocol/index.ts";

function message(seq: number, from: string, more: Partial<Message> = {}): Message {
  const msg_type = from === "system" ? "system" : "text";
  const base = { channel_id: "ch-1", from_name: from, text: `${seq}`, timestamp: "2025-11-24T16:00:00.000Z" };
  return { ...base, id: `msg-1-1${seq}`, seq, from, msg_type, verified: false, ...more };
}

const ME = { key: "me", for: "all", limit: 50 } as const;

test("[LIS1] it gives everything but the reader's own, and counts what it leaves out", () => {
  const stretch = new Stretch(1);
  // Number 3 is the reader's own: the client keeps those to itself.
  for (const one of [message(2, "bravo"), message(4, "system"), message(5, "bravo", { mentions: ["me"] })]) {
    stretch.add(one);
  }
  const all = stretch.look(1, 6, ME);
  expect(all.messages.map(({ seq }) => seq)).toEqual([2, 4, 5]);
  expect(all).toMatchObject({ next: 6, own: 2, others: 0, more: false });
  expect(stretch.look(1, 6, { ...ME, for: "me" })).toMatchObject({ next: 6, own: 2, others: 2, more: false });
  expect(stretch.look(1, 6, { ...ME, limit: 1 })).toMatchObject({ next: 2, own: 0, others: 0, more: true });
  expect(stretch.unread(1, "me")).toBe(2);
});

test("it covers what followed its start, less what it was told to forget, and less what has no room", () => {
  const stretch = new Stretch(10);
  expect([stretch.covers(9), stretch.covers(10)]).toEqual([false, true]);
  stretch.add(message(11, "bravo"));
  stretch.add(message(15, "bravo"));
  stretch.forget(14);
  expect([stretch.covers(13), stretch.covers(14)]).toEqual([false, true]);
  expect(stretch.look(14, 15, ME).messages.map(({ seq }) => seq)).toEqual([15]);
  for (let seq = 16; seq <= 3000; seq++) stretch.add(message(seq, "bravo"));
  expect(stretch.covers(14)).toBe(false);
  expect(stretch.covers(2000)).toBe(true);
  expect(stretch.look(2000, 3000, { ...ME, limit: 1000 }).messages).toHaveLength(1000);
});

test("[LIS1] messages, own and others are next - after, whatever is asked", () => {
  const sender = fc.constantFrom("me", "bravo", "system");
  fc.assert(
    fc.property(
      fc.array(fc.tuple(sender, fc.boolean()), { maxLength: 30 }),
      fc.nat(30),
      fc.integer({ min: 1, max: 10 }),
      fc.constantFrom("all" as const, "me" as const),
      fc.boolean(),
      (sent, after, limit, whose, tellsOwn) => {
        const stretch = new Stretch(0);
        for (const [at, [from, isForMe]] of sent.entries()) {
          if (from !== "me" || tellsOwn) stretch.add(message(at + 1, from, isForMe ? { mentions: ["me"] } : {}));
        }
        fc.pre(after <= sent.length);
        const { messages, own, others, next, more } = stretch.look(after, sent.length, {
          key: "me",
          for: whose,
          limit,
        });
        expect(messages.length + own + others).toBe(next - after);
        expect(messages.length).toBeLessThanOrEqual(limit);
        expect(messages.filter(({ from }) => from === "me")).toEqual([]);
        expect(own).toBe(sent.slice(after, next).filter(([from]) => from === "me").length);
        if (!more) expect(next).toBe(sent.length);
      },
    ),
  );
});
