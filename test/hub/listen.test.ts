/** [LIS1] [LIS2] [LIS3] Those who wait, seen from the Worker and from inside the object. */
import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { expect, test } from "vitest";
import { call, channelStub, createChannel, type Json, rowsOf, send, Socket } from "./support/hub.ts";

async function pair(key = "bravo"): Promise<string> {
  const id = await createChannel();
  await call("/api/channel/join", { channel_id: id, key, name: key.toUpperCase() });
  return id;
}

function listen(id: string, query = ""): Promise<Json> {
  return call(`/api/channel/${id}/listen?key=bravo${query}`);
}

/** Sockets of an object that wait for news. */
function waiting(id: string): Promise<number> {
  return runInDurableObject(channelStub(id), (_channel, state) => state.getWebSockets("listener").length);
}

async function untilWaiting(id: string, count: number): Promise<void> {
  while ((await waiting(id)) !== count) await new Promise((resolve) => setTimeout(resolve, 5));
}

test("[LIS1] a listen that waits answers with what comes; the object may sleep meanwhile", async () => {
  const id = await pair();
  const waited = listen(id, "&wait=50");
  await untilWaiting(id, 1);
  for (let sleeps = 0; sleeps < 3; sleeps++) {
    expect(await waiting(id)).toBe(1);
    await evictDurableObject(channelStub(id));
  }
  expect(await send(id, "alpha", "wake up")).toMatchObject({ delivered: 1 });
  expect(await waited).toMatchObject({
    ok: true,
    channel_id: id,
    next: 3,
    messages: [{ text: "wake up" }],
    more: false,
  });
  await untilWaiting(id, 0);
});

test("[LIS1] an empty answer is a success that says where to go on", async () => {
  const id = await pair();
  await send(id, "bravo", "my own");
  const expected = {
    ok: true,
    channel_id: id,
    epoch: expect.any(String),
    messages: [],
    next: 3,
    own: 1,
    others: 0,
    more: false,
    gap: null,
  };
  expect(await listen(id)).toEqual(expected);
  expect(await listen(id, "&wait=1")).toEqual(expected);
});

test("[LIS1] [LIS4] for=me sleeps through what is for others, and counts it", async () => {
  const id = await pair();
  const waited = listen(id, "&wait=50&for=me");
  await untilWaiting(id, 1);
  expect(await send(id, "alpha", "not for you")).toMatchObject({ delivered: 0 });
  expect(await send(id, "alpha", "@BRAVO now")).toMatchObject({ delivered: 1, offline: [] });
  expect(await waited).toMatchObject({ messages: [{ text: "@BRAVO now", mentions: ["bravo"] }], next: 4, others: 1 });
});

test("[LIS2] listeners are not connected, not counted, never join, and get no live frames of others", async () => {
  const id = await pair();
  const waited = listen(id, "&wait=50&for=me");
  await untilWaiting(id, 1);
  expect(await call(`/api/channel/${id}`)).toMatchObject({ connected_count: 0, participant_count: 2, last_seq: 2 });
  const alpha = await Socket.connect(id, "key=alpha");
  expect((await alpha.next()).meta.last_seq).toBe(2);
  await alpha.ask({ action: "send", text: "@BRAVO", ref: "r" });
  expect((await waited).messages).toHaveLength(1);
  await alpha.close();
});

test("[LIS2] the ninth listen of a key ends the oldest with its empty answer", async () => {
  const id = await pair();
  const listens: Promise<Json>[] = [];
  for (let opened = 1; opened <= 8; opened++) {
    listens.push(listen(id, "&wait=50"));
    await untilWaiting(id, opened);
  }
  const ninth = listen(id, "&wait=50");
  expect(await listens[0]).toMatchObject({ ok: true, messages: [], next: 2 });
  await untilWaiting(id, 8);
  // It was not its time that was over: then that of the others would be too, who all get what comes.
  await send(id, "alpha", "for all of you");
  for (const answer of await Promise.all([...listens.slice(1), ninth])) expect(answer.messages).toHaveLength(1);
});

test("[LIS2] leaving and deleting end a wait with the reason", async () => {
  const id = await pair();
  const left = listen(id, "&wait=50");
  await untilWaiting(id, 1);
  await call("/api/channel/leave", { channel_id: id, key: "bravo" });
  expect(await left).toMatchObject({ ok: false, code: "not_participant" });
  await call("/api/channel/join", { channel_id: id, key: "bravo" });
  const gone = listen(id, "&wait=50");
  await untilWaiting(id, 1);
  await call(`/api/channel/${id}`, undefined, { method: "DELETE" });
  expect(await gone).toMatchObject({ ok: false, code: "channel_deleted" });
});

test("[LIS3] a lost answer comes again, and only `after` makes it done with: one row", async () => {
  const id = await pair();
  await send(id, "alpha", "once");
  for (let times = 0; times < 2; times++) expect((await listen(id)).messages).toHaveLength(1);
  const rows = await rowsOf(channelStub(id), async () => void (await listen(id, "&after=3")));
  expect(rows.written).toBe(1);
  expect(await rowsOf(channelStub(id), async () => void (await listen(id, "&after=3&wait=1")))).toMatchObject({
    written: 0,
  });
  expect(await listen(id)).toMatchObject({ messages: [], next: 3 });
  await evictDurableObject(channelStub(id));
  expect(await listen(id)).toMatchObject({ messages: [], next: 3 });
});

test("[LIS3] unread in GET channel counts from the read position", async () => {
  const id = await pair();
  for (const text of ["one", "two", "three"]) await send(id, "alpha", text);
  const unread = async (): Promise<number> => {
    const { participants } = await call(`/api/channel/${id}`);
    return participants.find((participant: Json) => participant.key === "bravo").unread;
  };
  expect(await unread()).toBe(3);
  await listen(id, "&after=4");
  expect(await unread()).toBe(1);
});

test("[LIS1] one listen waits on several channels and gives those with news", async () => {
  const ids = [await pair("carol"), await pair("carol"), await pair("carol")];
  const waited = call("/api/listen?key=carol&wait=50");
  for (const id of ids) await untilWaiting(id, 1);
  await send(ids[1] ?? "", "alpha", "here");
  expect(await waited).toMatchObject({
    ok: true,
    channels: [{ channel_id: ids[1], messages: [{ text: "here" }], next: 3 }],
  });
  for (const id of ids) await untilWaiting(id, 0);
  const places = ids.map((id) => `${id}:2`).join(",");
  expect(
    (await call(`/api/listen?key=carol&after=${places}`)).channels.map((channel: Json) => channel.channel_id),
  ).toEqual([ids[1]]);
});

test("[LIS1] a channel of several that cannot be listened to says why, beside the others", async () => {
  const id = await pair();
  await send(id, "alpha", "here");
  const answer = await call(`/api/listen?key=bravo&after=${id}:2,ch-999:0&wait=50`);
  expect(answer.channels).toMatchObject([
    { channel_id: id, next: 3 },
    { channel_id: "ch-999", code: "channel_not_found" },
  ]);
  // It ends no wait, and where there is no other the whole is refused.
  const waited = call(`/api/listen?key=bravo&after=${id}:3,ch-999:0&wait=50`);
  await untilWaiting(id, 1);
  await send(id, "alpha", "later");
  expect((await waited).channels).toMatchObject([{ channel_id: id, next: 4 }, { channel_id: "ch-999" }]);
  const refused = await call("/api/listen?key=bravo&after=ch-998:0,ch-999:0&wait=50");
  expect(refused).toMatchObject({ ok: false, code: "channel_not_found" });
  expect(await call("/api/listen?key=nobody-here&wait=50")).toMatchObject({ ok: false, code: "not_participant" });
});

test.each([
  ["&wait=56", "bad_limit", "wait must be a whole number from 0 to 55"],
  ["&wait=-1", "bad_limit", "wait must be a whole number from 0 to 55"],
  ["&for=you", "bad_request", "for must be all or me"],
  ["&after=x", "bad_limit", "after must be a whole number"],
  ["&limit=0", "bad_limit", "limit must be a whole number from 1 to 1000"],
])("[LIS1] %s is refused", async (query, code, says) => {
  expect(await listen(await pair(), query)).toMatchObject({ ok: false, code, error: expect.stringContaining(says) });
});

test.each([
  ["ch-1", "after must be positions such as ch-1:12,ch-4:7"],
  ["ch-1:2,ch-1:3", "after must hold each channel once"],
  [Array.from({ length: 17 }, (_, at) => `ch-${at + 1}:0`).join(","), "after must hold at most 16 channels"],
])("[LIS1] positions %s are refused", async (places, says) => {
  expect(await call(`/api/listen?key=bravo&after=${places}`)).toMatchObject({ code: "bad_limit", error: says });
});
