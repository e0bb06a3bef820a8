/** [LIS1] [LIS3] What a listener gets of what is later than its position, and what moves that position. */
import { expect, test } from "vitest";
import {
  endsWait,
  listen,
  type ListenQuery,
  listenStart,
  moveReadPosition,
  settleListen,
  wakes,
} from "../../src/channel/index.ts";
import type { ListenAnswer, Result } from "../../src/protocol/index.ts";
import { ChannelFixture } from "../support/channel-fixture.ts";

function looked(channel: ChannelFixture, query: Partial<ListenQuery> = {}): Result<ListenAnswer> {
  return listen(
    channel.state,
    channel.log,
    { key: "bravo", verified: false, for: "all", limit: 50, ...query },
    { now: channel.now },
  );
}

function answer(channel: ChannelFixture, query: Partial<ListenQuery> = {}): ListenAnswer {
  const result = looked(channel, query);
  if (!result.ok) throw new Error(result.refusal.error);
  return result.value;
}

const texts = ({ messages }: ListenAnswer): string[] => messages.map(({ text }) => text);

/** alpha made the channel (1) and bravo joined it (2). */
function pair(): ChannelFixture {
  const channel = new ChannelFixture();
  channel.join("bravo", "BRAVO");
  return channel;
}

function readSeq(channel: ChannelFixture, key = "bravo"): number | undefined {
  return channel.state.participants.get(key)?.read_seq;
}

test("[LIS1] it answers with what is later than the read position, without what the reader said itself", () => {
  const channel = pair();
  channel.send("alpha", "one");
  channel.send("bravo", "mine");
  channel.send("alpha", "two");
  expect(texts(answer(channel))).toEqual(["one", "two"]);
  expect(answer(channel)).toMatchObject({
    channel_id: "ch-7",
    epoch: "epoch-1",
    next: 5,
    own: 1,
    others: 0,
    more: false,
    gap: null,
  });
});

test("[LIS1] [LIS4] for=me gives what mentions the reader and counts the rest; `next` goes past it", () => {
  const channel = pair();
  channel.send("alpha", "to nobody");
  channel.send("alpha", "@BRAVO look");
  channel.join("carol");
  expect(texts(answer(channel, { for: "me" }))).toEqual(["@BRAVO look"]);
  expect(answer(channel, { for: "me" })).toMatchObject({ next: 5, own: 0, others: 2 });
});

test("[LIS1] without a gap, messages + own + others is next - after, whatever the limit", () => {
  const channel = pair();
  for (let round = 0; round < 40; round++) {
    channel.send("alpha", round % 3 === 0 ? "@BRAVO" : "x");
    if (round % 4 === 0) channel.send("bravo", "own");
    if (round % 10 === 0) channel.join(`guest-${round}`);
  }
  for (const wanted of ["all", "me"] as const) {
    for (const limit of [1, 2, 7, 1000]) {
      const seen: number[] = [];
      let after = 0;
      for (;;) {
        const { messages, own, others, next, more } = answer(channel, { for: wanted, limit, after });
        expect(messages.length + own + others).toBe(next - after);
        expect(messages.length).toBeLessThanOrEqual(limit);
        seen.push(...messages.map(({ seq }) => seq));
        after = next;
        if (!more) break;
      }
      expect(after).toBe(channel.state.last_seq);
      expect(seen).toEqual([...new Set(seen)].toSorted((a, b) => a - b));
      expect(seen).toHaveLength(answer(channel, { for: wanted, limit: 1000, after: 0 }).messages.length);
    }
  }
});

test("[LIS1] who has not joined is told how to", () => {
  const result = looked(pair(), { key: "carol" });
  expect(result).toMatchObject({
    ok: false,
    refusal: { code: "not_participant", hint: expect.stringContaining("/api/channel/join") },
  });
});

test("[LIS1] what left the ring is a gap; a position of another epoch or from the future gives the newest", () => {
  const channel = pair();
  for (let sent = 0; sent < 1100; sent++) channel.send("alpha", "x");
  expect(answer(channel, { limit: 2 })).toMatchObject({
    gap: { from: 3, to: 102, reason: "evicted" },
    next: 104,
    more: true,
  });
  const foreign = answer(channel, { after: 1100, epoch: "other", limit: 2 });
  expect(foreign).toMatchObject({ gap: { from: 1, to: 1102, reason: "epoch_changed" }, next: 1102, more: false });
  expect(foreign.messages.map(({ seq }) => seq)).toEqual([1101, 1102]);
  expect(answer(channel, { after: 5000 })).toMatchObject({
    gap: { from: 1103, to: 5000, reason: "ahead" },
    next: 1102,
  });
});

test("[LIS1] a position of another epoch gives all that a young channel has", () => {
  const channel = pair();
  channel.send("alpha", "one");
  expect(answer(channel, { after: 0, epoch: "other" })).toMatchObject({
    messages: [{ seq: 1 }, { seq: 2 }, { seq: 3 }],
    gap: { from: 1, to: 3, reason: "epoch_changed" },
  });
});

test("[LIS1] an answer is bounded: what does not fit a page of 1 MiB comes with the next", () => {
  const channel = pair();
  for (let sent = 0; sent < 40; sent++) channel.send("alpha", "x".repeat(60_000));
  const first = answer(channel, { limit: 1000 });
  expect(first.more).toBe(true);
  expect(JSON.stringify(first).length).toBeLessThan(1_100_000);
  expect(answer(channel, { after: first.next, limit: 1000 }).messages[0]?.seq).toBe(first.next + 1);
});

test("[LIS1] own and system messages do not end a wait; another's does, and so do a gap and more to look at", () => {
  const channel = pair();
  channel.send("bravo", "own");
  channel.join("carol");
  expect(endsWait(answer(channel))).toBe(false);
  expect(texts(answer(channel))).toEqual(["carol joined the channel"]);
  channel.send("carol", "hello");
  expect(endsWait(answer(channel))).toBe(true);
  expect(endsWait(answer(channel, { for: "me" }))).toBe(false);
  expect(endsWait(answer(channel, { for: "me", after: 99 }))).toBe(true);
  expect(endsWait({ ...answer(channel, { for: "me" }), more: true })).toBe(true);
});

test("[LIS1] a new message wakes those who wait for it", () => {
  const channel = pair();
  channel.send("alpha", "@BRAVO hi");
  const hi = channel.last();
  expect(wakes(hi, { key: "bravo", for: "me" })).toBe(true);
  expect(wakes(hi, { key: "carol", for: "me" })).toBe(false);
  expect(wakes(hi, { key: "carol", for: "all" })).toBe(true);
  expect(wakes(hi, { key: "alpha", for: "all" })).toBe(false);
  channel.join("dora");
  expect(wakes(channel.last(), { key: "bravo", for: "all" })).toBe(false);
});

test("[LIS3] a read position starts at the reader's own join and moves only by what the reader says", () => {
  const channel = pair();
  expect(readSeq(channel)).toBe(2);
  channel.send("alpha", "one");
  answer(channel);
  expect(readSeq(channel)).toBe(2);
  moveReadPosition(channel.state, { key: "bravo", after: 3 }, channel.now);
  channel.reload();
  expect(readSeq(channel)).toBe(3);
  expect(listenStart(channel.state, { key: "bravo" })).toBe(3);
  expect(listenStart(channel.state, { key: "bravo", after: 1 })).toBe(1);
});

test("[LIS3] it never goes back, and a position that is not this channel's moves nothing", () => {
  const channel = pair();
  for (let sent = 0; sent < 5; sent++) channel.send("alpha", "x");
  const move = (after: number, epoch?: string): number | undefined => {
    moveReadPosition(channel.state, { key: "bravo", after, epoch }, channel.now);
    return readSeq(channel);
  };
  expect(move(6)).toBe(6);
  expect(move(4)).toBe(6);
  expect(move(7, "other")).toBe(6);
  expect(move(8)).toBe(6);
  expect(move(7)).toBe(7);
  moveReadPosition(channel.state, { key: "stranger", after: 1 }, channel.now);
  expect(channel.state.participants.has("stranger")).toBe(false);
});

test("[LIS3] [IDN1] a listen moves its reader on, of a proven key only for who proves it, and takes no nonce", () => {
  const channel = pair();
  const proven = { key: "carol", verified: true, nonce: "n-1" };
  channel.join(proven);
  for (const text of ["one", "two"]) channel.send("alpha", text);
  channel.now += 1000;
  const query = { for: "all", limit: 50, after: 5 } as const;
  const ask = (verified: boolean): Result<ListenQuery> =>
    settleListen(channel.state, { ...proven, verified }, query, channel.now);
  expect(ask(false)).toMatchObject({ ok: false, refusal: { code: "identity_mismatch" } });
  expect(readSeq(channel, "carol")).toBe(3);
  const settled = { ok: true, value: { ...query, key: "carol", verified: true } };
  expect([ask(true), ask(true)]).toEqual([settled, settled]);
  expect(channel.state.participants.get("carol")).toMatchObject({ read_seq: 5, seen_at: channel.now });
});

test("[LIS3] who says again what it said changes nothing; without a position it goes on where it was", () => {
  const channel = pair();
  const query: ListenQuery = { key: "bravo", verified: false, for: "all", limit: 50 };
  const before = channel.state.participants.get("bravo");
  moveReadPosition(channel.state, { ...query, after: 2 }, channel.now + 5000);
  expect(channel.state.participants.get("bravo")).toBe(before);
  const settled = settleListen(channel.state, { key: "bravo", verified: false }, query, channel.now);
  expect(settled).toEqual({ ok: true, value: { ...query, after: 2 } });
});

test("[SOC9] an observer needs no membership, and starts at the newest message", () => {
  const channel = pair();
  channel.send("alpha", "before");
  const query: ListenQuery = { key: "nobody", verified: false, for: "all", limit: 50 };
  expect(listenStart(channel.state, query)).toBe(3);
  expect(looked(channel, query)).toMatchObject({ ok: false, refusal: { code: "not_participant" } });
  expect(texts(answer(channel, { ...query, after: 2, observes: true }))).toEqual(["before"]);
});
