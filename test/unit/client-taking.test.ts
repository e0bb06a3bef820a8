/** What is consumed by which way: listeners are told as it comes; drain and `for await` take from one inbox, once. */
import { expect, test } from "vitest";
import type { ChannelClient, ChannelEvent } from "../../src/client/index.ts";
import { connected, failureOf, live, messages, outcomeOf, type Stage } from "../support/client-fixture.ts";
import { type FakeHost, json } from "../support/fake-host.ts";

const seqOf = (event: ChannelEvent): number => (event.type === "message" ? event.message.seq : -event.gap.to);

/** Takes by `for await` until it has `count`. */
async function read(channel: ChannelClient, count: number): Promise<number[]> {
  const seqs: number[] = [];
  if (count === 0) return seqs;
  for await (const event of channel) {
    seqs.push(seqOf(event));
    if (seqs.length === count) break;
  }
  return seqs;
}

function say({ socket }: Stage, from: number, to: number, text?: string): void {
  const fields = text === undefined ? {} : { text };
  for (let seq = from; seq <= to; seq++) socket.say(live(seq, fields)).flush();
}

const range = (from: number, to: number): number[] => messages(from, to).map(({ seq }) => seq);

/** Answers history as a hub would that retains `first` to `last`. */
function ringOf(first: number, last: number, text?: string): FakeHost["answer"] {
  return ({ url }) => {
    const asked = new URL(url).searchParams;
    const [after = 0, before = 0, limit = 0] = ["after", "before", "limit"].map((name) => Number(asked.get(name)));
    const start = Math.max(after + 1, first);
    const end = Math.min(before - 1, last, start + limit - 1);
    const gap = start > after + 1 ? { from: after + 1, to: start - 1, reason: "evicted" } : null;
    const meta = { epoch: "e1", first_seq: first, last_seq: last, gap, complete: end >= before - 1 };
    const data = messages(start, end, text === undefined ? {} : { text });
    return json(200, { ok: true, channel_id: "ch-1", messages: data, count: data.length, meta });
  };
}

test("a second for await goes on where the first stopped", async () => {
  const stage = await connected();
  say(stage, 4, 6);
  expect(await read(stage.channel, 2)).toEqual([1, 2]);
  say(stage, 7, 7);
  expect(await read(stage.channel, 5)).toEqual([3, 4, 5, 6, 7]);
  expect([stage.channel.buffered, stage.channel.drain().messages]).toEqual([0, []]);
});

test("drain and for await take from the same inbox: whatever one took, the other does not give", async () => {
  const stage = await connected();
  expect(await read(stage.channel, 1)).toEqual([1]);
  expect(stage.channel.drain().messages.map(({ seq }) => seq)).toEqual([2, 3]);
  say(stage, 4, 5);
  expect(await read(stage.channel, 2)).toEqual([4, 5]);
});

test("two loops at once share what comes, each event going to one of them", async () => {
  const stage = await connected();
  stage.channel.drain();
  const loops = [read(stage.channel, 3), read(stage.channel, 3)];
  await stage.host.settle();
  say(stage, 4, 9);
  const shared = await Promise.all(loops);
  expect(shared.map((seqs) => seqs.toSorted((a, b) => a - b))).toEqual(shared);
  expect(shared.flat().toSorted((a, b) => a - b)).toEqual(range(4, 9));
});

test("listeners are told everything, whoever takes from the inbox", async () => {
  const stage = await connected();
  const heard: number[] = [];
  stage.channel.on("message", ({ seq }) => heard.push(seq));
  await stage.host.advance(0);
  expect(await read(stage.channel, 3)).toEqual([1, 2, 3]);
  say(stage, 4, 4);
  expect(heard).toEqual([1, 2, 3, 4]);
});

test("an application that only listens keeps at most 1 MiB of what it heard", async () => {
  const stage = await connected();
  let heard = 0;
  stage.channel.on("message", () => heard++);
  await stage.host.advance(0);
  const text = "x".repeat(64 * 1024);
  say(stage, 4, 603, text);
  expect([heard, stage.channel.buffered]).toEqual([603, 16]);
  const { messages: kept, dropped } = stage.channel.drain();
  expect(kept.map(({ seq }) => seq)).toEqual(range(588, 603));
  expect(dropped).toEqual({ dropped: 587, from: 1, to: 587 });
});

test("a loop that stops within what it read again leaves the rest to the next one, and to drain", async () => {
  const stage = await connected();
  say(stage, 4, 903);
  stage.host.answer = ringOf(1, 903);
  expect(await read(stage.channel, 50)).toEqual(range(1, 50));
  expect(await read(stage.channel, 200)).toEqual(range(51, 250));
  const { messages: kept, dropped } = stage.channel.drain();
  expect(dropped).toEqual({ dropped: 153, from: 251, to: 403 });
  expect(kept.map(({ seq }) => seq)).toEqual(range(404, 903));
  if (dropped === undefined) throw new Error("nothing was dropped");
  const again = await stage.channel.refetch(dropped);
  expect(again.messages.map(({ seq }) => seq)).toEqual(range(251, 403));
});

test("what comes while something is read again stands behind it", async () => {
  const stage = await connected();
  say(stage, 4, 600);
  const ring = ringOf(1, 1200);
  let isFirst = true;
  stage.host.answer = (request) => {
    if (isFirst) say(stage, 601, 1200);
    isFirst = false;
    return ring(request);
  };
  expect(await read(stage.channel, 1200)).toEqual(range(1, 1200));
});

test("what is gone from the ring is told as a gap in its place, and once", async () => {
  const stage = await connected();
  say(stage, 4, 903);
  stage.host.answer = ringOf(301, 903);
  expect(await read(stage.channel, 604)).toEqual([-300, ...range(301, 903)]);
});

test("a drain while a page is read again is not told again by the loop that asked for it", async () => {
  const stage = await connected();
  say(stage, 4, 903);
  const ring = ringOf(1, 903);
  const drained: number[] = [];
  stage.host.answer = (request) => {
    drained.push(...stage.channel.drain().messages.map(({ seq }) => seq));
    return ring(request);
  };
  const reading = outcomeOf(read(stage.channel, 1));
  await stage.host.settle();
  expect(drained).toEqual(range(404, 903));
  expect(reading.is).toBe("open");
  say(stage, 904, 904);
  await stage.host.settle();
  expect(reading.is).toEqual([904]);
});

test("a final refusal to read again ends the loop, and what had to give way is still said", async () => {
  const stage = await connected();
  say(stage, 4, 603);
  stage.host.answer = () => json(403, { ok: false, error: "no", code: "forbidden", request_id: "r" });
  expect(await failureOf(read(stage.channel, 1))).toMatchObject({ code: "forbidden" });
  expect(stage.channel.drain().dropped).toEqual({ dropped: 103, from: 1, to: 103 });
});

test("loops end with the connection, after what is there, and one that begins later too", async () => {
  const { channel, socket, host } = await connected();
  const told: number[] = [];
  const reading = (async () => {
    for await (const event of channel) told.push(seqOf(event));
  })();
  await host.settle();
  socket.say(live(4)).flush();
  const ended = channel.disconnect();
  socket.events.closed(1000, "");
  await Promise.all([ended, reading]);
  expect(told).toEqual([1, 2, 3, 4]);
  for await (const event of channel) told.push(seqOf(event));
  expect(told).toHaveLength(4);
});
