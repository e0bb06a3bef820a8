/** The original's own fourteen tests, as behaviours on the wire (SEED §5). */
import { afterAll, beforeAll, expect, test } from "vitest";
import { call, createChannel, type Json } from "../support/process/agent.ts";
import type { HubProcess } from "../support/process/hub-process.ts";
import { connected, history, post, send, sendMany, skip, startHub, summaryOf, textsOf } from "./support/hub-calls.ts";
import { endCalmly } from "./support/refusals.ts";

let hub: HubProcess;
beforeAll(async () => {
  hub = await startHub();
});
afterAll(() => endCalmly(hub));

test("[SEED §5] create gives ch-1, one participant, one system message", async () => {
  expect(await createChannel(hub.url)).toBe("ch-1");
  expect(await summaryOf(hub.url, "ch-1")).toMatchObject({ participant_count: 1, message_count: 1 });
  expect((await history(hub.url, "ch-1")).messages).toMatchObject([{ msg_type: "system" }]);
});

test("[SEED §5] ids increment", async () => {
  const numbers = [await createChannel(hub.url), await createChannel(hub.url)].map((id) =>
    Number(id.slice("ch-".length)),
  );
  expect(numbers[1]).toBe((numbers[0] ?? 0) + 1);
});

test("[SEED §5] message ids are unique and start with msg-", async () => {
  const id = await createChannel(hub.url);
  const sent = await Promise.all(Array.from({ length: 50 }, (_, at) => send(hub.url, id, { text: `at once ${at}` })));
  const ids = sent.map(({ body }) => body.message.id);
  expect(new Set(ids).size).toBe(50);
  for (const messageId of ids) expect(messageId).toMatch(/^msg-/);
});

test("[SEED §5] join, repeated join and leave change the count 2, 2, 1", async () => {
  const id = await createChannel(hub.url);
  const counts: number[] = [];
  for (const action of ["join", "join", "leave"]) {
    await post(hub.url, action, { channel_id: id, key: "bravo", name: "BRAVO" });
    counts.push((await summaryOf(hub.url, id)).participant_count);
  }
  expect(counts).toEqual([2, 2, 1]);
});

test("[SEED §5] joining a missing channel is an error", async () => {
  expect(await post(hub.url, "join", { channel_id: "ch-999", key: "bravo" })).toMatchObject({
    status: 404,
    body: { ok: false },
  });
});

test("[SEED §5] send returns the message; create, join and send make three", async () => {
  const id = await createChannel(hub.url);
  await post(hub.url, "join", { channel_id: id, key: "bravo", name: "BRAVO" });
  const { body } = await send(hub.url, id, { key: "bravo", name: "BRAVO", text: "hello" });
  expect(body.message).toMatchObject({ text: "hello", from: "bravo", msg_type: "text" });
  expect(await textsOf(hub.url, id)).toEqual(["Channel 'ops' created by ALPHA", "BRAVO joined the channel", "hello"]);
});

test("[SEED §5] who is no participant cannot send", async () => {
  const id = await createChannel(hub.url);
  expect(await send(hub.url, id, { key: "stranger" })).toMatchObject({ status: 403, body: { ok: false } });
  expect(await textsOf(hub.url, id)).toHaveLength(1);
});

test("[SEED §5] history(3) of ten sends ends with the tenth", async () => {
  const id = await createChannel(hub.url);
  for (let number = 1; number <= 10; number++) await send(hub.url, id, { text: `message ${number}` });
  const { messages } = await history(hub.url, id, "?limit=3");
  expect(messages.map((message: Json) => message.text)).toEqual(["message 8", "message 9", "message 10"]);
});

test("[SEED §5] [ORD1] 1010 sends leave 1000, the first being number 10", async () => {
  const id = await createChannel(hub.url);
  await sendMany(await connected(hub.url, id, "key=alpha"), 1010);
  const texts = await textsOf(hub.url, id);
  expect([texts.length, texts[0], texts.at(-1)]).toEqual([1000, "number 10", "number 1009"]);
  expect((await summaryOf(hub.url, id)).message_count).toBe(1000);
});

test("[SEED §5] list shows all channels", async () => {
  const ids = [await createChannel(hub.url, "first"), await createChannel(hub.url, "second")];
  const names = await Promise.all(ids.map(async (id) => (await summaryOf(hub.url, id)).name));
  expect(names).toEqual(["first", "second"]);
});

test("[SEED §5] [IDX2] remove works once", async () => {
  const id = await createChannel(hub.url);
  const remove = (): ReturnType<typeof call> => call(hub.url, `/api/channel/${id}`, { method: "DELETE" });
  expect(await remove()).toMatchObject({ status: 200, body: { ok: true, channel_id: id } });
  expect(await remove()).toMatchObject({ status: 410, body: { ok: false, code: "channel_deleted" } });
  expect(await summaryOf(hub.url, id)).toBeUndefined();
});

test("[SEED §5] registering a socket joins and counts as connected; unregistering keeps the participant", async () => {
  const id = await createChannel(hub.url);
  const bravo = await connected(hub.url, id, "key=bravo&name=BRAVO");
  expect(await summaryOf(hub.url, id)).toMatchObject({ participant_count: 2, connected_count: 1 });
  await bravo.close();
  expect(await summaryOf(hub.url, id)).toMatchObject({ participant_count: 2, connected_count: 0 });
});

test("[SEED §5] a broadcast reaches the others and not the sender", async () => {
  const id = await createChannel(hub.url);
  const [alpha, bravo, carol] = [
    await connected(hub.url, id, "key=alpha"),
    await connected(hub.url, id, "key=bravo"),
    await connected(hub.url, id, "key=carol"),
  ];
  await Promise.all([skip(alpha, 2), skip(bravo, 1)]);
  expect(await alpha.ask({ action: "send", text: "to all" })).toMatchObject({ type: "ack", delivered: 2 });
  for (const other of [bravo, carol])
    expect(await other.next()).toMatchObject({ type: "message", data: { text: "to all" } });
  expect(await alpha.quiet()).toEqual([]);
});
