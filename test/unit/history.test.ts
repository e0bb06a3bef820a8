/** [SOC2] What a reader gets of a channel's past, and how it is told what it cannot get. */
import { expect, test } from "vitest";
import { type HistoryAnswer, type HistoryQuery, packRows, readHistory } from "../../src/channel/index.ts";
import { PAGE_BYTES, RING_MESSAGES, TEXT_BYTES } from "../../src/protocol/index.ts";
import { ChannelFixture, messagesOf, sendOf } from "../support/channel-fixture.ts";

/** A channel with `count` messages, the first its creation's; stored in turns of `turn`. */
function filled(count: number, turn = 7, text = (seq: number): string => `text ${seq}`): ChannelFixture {
  const channel = new ChannelFixture();
  for (let seq = 2; seq <= count; seq++) {
    channel.decide("alpha", sendOf(text(seq)));
    if (seq % turn === 0) channel.save();
  }
  channel.save();
  return channel;
}

/** First and last seq of an answer, which is checked to have all between. */
function span(answer: HistoryAnswer): [number, number] | [] {
  const seqs = messagesOf(answer).map(({ seq }) => seq);
  expect(seqs).toHaveLength(answer.count);
  const [first] = seqs;
  if (first === undefined) return [];
  expect(seqs).toEqual(seqs.map((_, at) => first + at));
  return [first, first + seqs.length - 1];
}

const sizeOf = ({ messages }: HistoryAnswer): number => new TextEncoder().encode(messages).length;

test("[SOC2] without a position: the newest 50, oldest first, always complete", () => {
  const channel = filled(120);
  const answer = channel.history();
  expect(span(answer)).toEqual([71, 120]);
  expect(answer.meta).toStrictEqual({ epoch: "epoch-1", first_seq: 1, last_seq: 120, gap: null, complete: true });
  expect(span(filled(3).history())).toEqual([1, 3]);
});

test("the last N of a channel, as many as were asked for", () => {
  const channel = filled(1300);
  expect(span(channel.history({ limit: 3 }))).toEqual([1298, 1300]);
  expect(span(channel.history({ limit: 1 }))).toEqual([1300, 1300]);
  expect(span(channel.history({ limit: 1000 }))).toEqual([301, 1300]);
});

test("[ORD1] the ring shows the newest 1000, whatever their size", () => {
  const channel = filled(RING_MESSAGES);
  expect(channel.history().meta).toMatchObject({ first_seq: 1, last_seq: 1000 });
  channel.send("alpha", "one more");
  expect(channel.history().meta).toMatchObject({ first_seq: 2, last_seq: 1001 });
  expect(span(channel.history({ after: 1, limit: 1000 }))).toEqual([2, 1001]);
  expect(span(channel.history({ before: 3 }))).toEqual([2, 2]);
  expect(span(channel.history({ before: 2 }))).toEqual([]);
});

test("[ORD1] of 1010 messages 1000 are left, the first being number 11", () => {
  expect(span(filled(1010).history({ after: 0, limit: 1000 }))).toEqual([11, 1010]);
});

test("[SOC2] after a position: everything later, oldest first, the reader's own and system messages included", () => {
  const channel = filled(20);
  channel.join("bravo");
  channel.send("bravo", "mine");
  const answer = channel.history({ after: 18, limit: 1000 });
  expect(messagesOf(answer).map(({ seq, from }) => [seq, from])).toEqual([
    [19, "alpha"],
    [20, "alpha"],
    [21, "system"],
    [22, "bravo"],
  ]);
  expect(answer.meta).toMatchObject({ gap: null, complete: true });
});

test("[SOC2] at the newest position there is nothing, and that is complete", () => {
  const answer = filled(20).history({ after: 20, epoch: "epoch-1" });
  expect(answer).toMatchObject({ messages: "", count: 0, meta: { gap: null, complete: true, last_seq: 20 } });
});

test("[SOC2] after and before are exclusive, and together cut out a range", () => {
  const channel = filled(100);
  expect(span(channel.history({ before: 51 }))).toEqual([1, 50]);
  expect(span(channel.history({ before: 51, limit: 10 }))).toEqual([41, 50]);
  expect(span(channel.history({ before: 1000 }))).toEqual([51, 100]);
  const cut = channel.history({ after: 10, before: 15 });
  expect(span(cut)).toEqual([11, 14]);
  expect(cut.meta.complete).toBe(true);
  expect(span(channel.history({ after: 10, before: 11 }))).toEqual([]);
  expect(span(channel.history({ after: 50, before: 10 }))).toEqual([]);
});

test("[SOC2] a page that does not reach the newest says so", () => {
  const channel = filled(100);
  expect(channel.history({ after: 0, limit: 99 })).toMatchObject({ count: 99, meta: { complete: false } });
  expect(channel.history({ after: 0, limit: 100 })).toMatchObject({ count: 100, meta: { complete: true } });
  expect(channel.history({ after: 1, limit: 99 })).toMatchObject({ count: 99, meta: { complete: true } });
  expect(channel.history({ after: 10, before: 20, limit: 8 })).toMatchObject({ count: 8, meta: { complete: false } });
});

/** Pages from a position to the end. */
function resume(channel: ChannelFixture, query: Partial<HistoryQuery>): HistoryAnswer[] {
  const pages: HistoryAnswer[] = [];
  for (let after = query.after ?? 0; ;) {
    const page = channel.history({ ...query, after });
    pages.push(page);
    if (page.meta.complete) return pages;
    after = messagesOf(page).at(-1)?.seq ?? after;
  }
}

test.each([1, 7, 50, 64, 999, 1000])("[SOC2] pages of %i give each message once, in order", (limit) => {
  const channel = filled(1234, 11);
  const pages = resume(channel, { after: 300, limit });
  const seqs = pages.flatMap(messagesOf).map(({ seq }) => seq);
  expect(seqs).toEqual(Array.from({ length: 934 }, (_, at) => 301 + at));
  expect(pages.every(({ count }) => count <= limit)).toBe(true);
});

test("[SOC2] two resumes from one position are equal, also after a wake", () => {
  const channel = filled(700);
  const first = resume(channel, { after: 123, limit: 200 });
  expect(resume(channel, { after: 123, limit: 200 })).toEqual(first);
  channel.reload();
  expect(resume(channel, { after: 123, limit: 200 })).toEqual(first);
});

test("[SOC2] a position before the ring has a gap of what was evicted, and data starts at the ring", () => {
  const channel = filled(1200);
  const answer = channel.history({ after: 100, limit: 1000 });
  expect(span(answer)).toEqual([201, 1200]);
  expect(answer.meta).toMatchObject({ first_seq: 201, complete: true, gap: { from: 101, to: 200, reason: "evicted" } });
  const paged = channel.history({ after: 0, limit: 10 });
  expect(span(paged)).toEqual([201, 210]);
  expect(paged.meta).toMatchObject({ complete: false, gap: { from: 1, to: 200, reason: "evicted" } });
});

test("[SOC2] the gap's edge: the message before the ring's first is no longer needed", () => {
  const channel = filled(1200);
  expect(channel.history({ after: 199 }).meta.gap).toStrictEqual({ from: 200, to: 200, reason: "evicted" });
  expect(channel.history({ after: 200 }).meta.gap).toBeNull();
});

test("[SOC2] a position of another epoch gets the newest 50, live, with all it may have missed as gap", () => {
  const channel = filled(1200);
  const answer = channel.history({ after: 1199, epoch: "another", limit: 1000 });
  expect(span(answer)).toEqual([1151, 1200]);
  expect(answer.meta).toMatchObject({ complete: true, gap: { from: 1, to: 1200, reason: "epoch_changed" } });
  expect(span(channel.history({ after: 5, epoch: "another", limit: 3 }))).toEqual([1198, 1200]);
});

test("[SOC2] a position ahead of the channel gets the newest 50, live, with what it claims as gap", () => {
  const channel = filled(120);
  const answer = channel.history({ after: 150, epoch: "epoch-1", limit: 1000 });
  expect(span(answer)).toEqual([71, 120]);
  expect(answer.meta).toMatchObject({ complete: true, gap: { from: 121, to: 150, reason: "ahead" } });
  expect(channel.history({ after: 121 }).meta.gap).toStrictEqual({ from: 121, to: 121, reason: "ahead" });
  expect(span(channel.history({ after: 999, limit: 2 }))).toEqual([119, 120]);
});

test("[SOC2] an epoch counts only beside a position", () => {
  expect(filled(5).history({ epoch: "another" }).meta.gap).toBeNull();
});

test("[SOC2] 1000 large messages are paged, each page at most 1 MiB, none left out", () => {
  const big = "日".repeat(Math.floor(TEXT_BYTES / 3));
  const channel = filled(1100, 5, (seq) => (seq % 3 === 0 ? "small" : big));
  const pages = resume(channel, { after: 100, limit: 1000 });
  expect(pages.flatMap(messagesOf).map(({ seq }) => seq)).toEqual(Array.from({ length: 1000 }, (_, at) => 101 + at));
  for (const page of pages) expect(sizeOf(page)).toBeLessThanOrEqual(PAGE_BYTES);
  const smallest = Math.min(...pages.slice(0, -1).map(sizeOf));
  expect(smallest).toBeGreaterThan(PAGE_BYTES - 2 * TEXT_BYTES);
});

test("[SOC2] the newest are as many as fit 1 MiB, and complete all the same", () => {
  const channel = filled(60, 5, () => "x".repeat(TEXT_BYTES));
  const answer = channel.history();
  expect(span(answer)).toEqual([46, 60]);
  expect(sizeOf(answer)).toBeLessThanOrEqual(PAGE_BYTES);
  expect(answer.meta.complete).toBe(true);
});

test("a channel of which nothing is stored yet has an empty history", () => {
  const channel = new ChannelFixture();
  const state = { ...channel.state, last_seq: 0, last_ts: 0 };
  const empty = {
    append: (): void => undefined,
    head: (): undefined => undefined,
    message: (): undefined => undefined,
    sends: () => [],
  };
  const log = { ...empty, page: () => ({ messages: "", count: 0, last: 0 }) };
  expect(readHistory(state, log, { limit: 50, after: 0 })).toMatchObject({
    count: 0,
    meta: { first_seq: 1, last_seq: 0, complete: true },
  });
  expect(packRows([])).toEqual([]);
});
