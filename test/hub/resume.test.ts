/** Coming back: exactly what was missed, or what is gone, said. */
import { evictDurableObject } from "cloudflare:test";
import { expect, test } from "vitest";
import { channelStub, createChannel, history, type Json, send, Socket } from "./support/hub.ts";

const HUB_PAGE_BYTES = 1_000_000;

function seqs(messages: Json[]): number[] {
  return messages.map((message) => message.seq as number);
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, at) => from + at);
}

/** Fills a channel over sockets of several keys, so that no key's rate is reached. */
async function fill(id: string, messages: number, text: (n: number) => string): Promise<void> {
  for (let sent = 0; sent < messages;) {
    const key = `filler-${sent}`;
    const filler = await Socket.connect(id, `key=${key}&after=999999`);
    await filler.next();
    const share = Math.min(150, messages - sent);
    for (let n = 0; n < share; n++) filler.say({ action: "send", text: text(sent + n) });
    for (let n = 0; n < share; n++) expect((await filler.next()).type).toBe("ack");
    await filler.close();
    sent += share;
  }
}

test("[SOC2] reconnect with after gives exactly the missed messages, twice the same", async () => {
  const id = await createChannel();
  const alpha = await Socket.connect(id, "key=alpha");
  const { meta } = await alpha.next();
  for (let sent = 0; sent < 5; sent++) await alpha.ask({ action: "send", text: `n ${sent}` });
  await alpha.close();
  await send(id, "alpha", "own, over HTTP");
  const resume = async (): Promise<Json> => {
    const socket = await Socket.connect(id, `key=alpha&after=3&epoch=${meta.epoch}`);
    const first = await socket.next();
    await socket.close();
    return first;
  };
  const first = await resume();
  expect(seqs(first.data)).toEqual([4, 5, 6, 7]);
  expect(first.meta).toEqual({ epoch: meta.epoch, first_seq: 1, last_seq: 7, gap: null, complete: true });
  expect(await resume()).toEqual(first);
  await evictDurableObject(channelStub(id));
  expect(await resume()).toEqual(first);
});

test("[SOC2] a position of another epoch, or ahead of the channel, is a gap and the newest", async () => {
  const id = await createChannel();
  await send(id, "alpha", "two");
  const epoch = await Socket.connect(id, "key=alpha&after=1&epoch=other");
  expect(await epoch.next()).toMatchObject({
    data: [{ seq: 1 }, { seq: 2 }],
    meta: { gap: { from: 1, to: 2, reason: "epoch_changed" }, complete: true },
  });
  const ahead = await Socket.connect(id, "key=alpha&after=9");
  expect(await ahead.next()).toMatchObject({
    data: [{ seq: 1 }, { seq: 2 }],
    meta: { gap: { from: 3, to: 9, reason: "ahead" }, complete: true },
  });
  expect(await epoch.ask({ action: "history", after: 5, limit: 1 })).toMatchObject({
    data: [{ seq: 2 }],
    meta: { gap: { from: 3, to: 5 } },
  });
});

test("[SOC2] [ORD1] what left the ring is said as an evicted gap, and the rest is complete", async () => {
  const id = await createChannel();
  await fill(id, 1100, (n) => `n ${n}`);
  const { meta } = await history(id, "?limit=1");
  expect(meta.first_seq).toBe(meta.last_seq - 999);
  const socket = await Socket.connect(id, "key=alpha&after=5");
  const first = await socket.next();
  expect(first.meta).toMatchObject({ gap: { from: 6, to: meta.first_seq - 1, reason: "evicted" }, complete: true });
  expect(seqs(first.data)).toEqual(range(meta.first_seq, meta.last_seq));
  await socket.close();
});

test("[SOC2] paging through 1000 large messages is bounded, contiguous, and ends live", async () => {
  const id = await createChannel();
  const text = "ü".repeat(20_000);
  await fill(id, 1000, (n) => `${n} ${text}`);
  const reader = await Socket.connect(id, "key=reader&after=1");
  const seen: number[] = [];
  let page = await reader.next();
  const from = page.data[0].seq as number;
  while (!page.meta.complete) {
    expect(utf8Bytes(page.data)).toBeLessThanOrEqual(HUB_PAGE_BYTES + 2);
    // A client that takes frames of 1 MiB takes every page.
    expect(utf8Bytes(page)).toBeLessThan(1024 * 1024);
    seen.push(...seqs(page.data));
    // Behind: what is sent meanwhile is not pushed, also after a wake.
    if (seen.length === page.data.length) {
      reader.say({ action: "seen", seq: seen.at(-1) });
      expect(await reader.ask({ action: "dance" })).toMatchObject({ code: "unknown_action" });
      await send(id, "alpha", "while behind");
      await evictDurableObject(channelStub(id));
    }
    page = await reader.ask({ action: "history", after: seen.at(-1), limit: 1000 });
  }
  seen.push(...seqs(page.data));
  expect(seen).toEqual(range(from, page.meta.last_seq));
  await send(id, "alpha", "live again");
  expect(await reader.next()).toMatchObject({
    type: "message",
    data: { text: "live again", seq: page.meta.last_seq + 1 },
  });
});

function utf8Bytes(messages: Json[]): number {
  return new TextEncoder().encode(JSON.stringify(messages)).length;
}

test("[SOC2] paging back on a live socket leaves it live", async () => {
  const id = await createChannel();
  const alpha = await Socket.connect(id, "key=alpha");
  await alpha.next();
  for (let sent = 0; sent < 10; sent++) await alpha.ask({ action: "send", text: `n ${sent}` });
  const back = await alpha.ask({ action: "history", after: 0, before: 6, limit: 2, ref: "p" });
  expect(back).toMatchObject({ ref: "p", data: [{ seq: 1 }, { seq: 2 }], meta: { complete: false } });
  const older = await alpha.ask({ action: "history", before: 6, limit: 3 });
  expect(seqs(older.data)).toEqual([3, 4, 5]);
  await send(id, "alpha", "not for alpha");
  const bravo = await Socket.connect(id, "key=bravo");
  await bravo.next();
  expect(await alpha.next()).toMatchObject({ type: "system", data: { text: "bravo joined the channel" } });
});
