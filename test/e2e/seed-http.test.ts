/** The HTTP control plane (SEED §2). */
import { afterAll, beforeAll, expect, test } from "vitest";
import { call, createChannel, type Json } from "../support/process/agent.ts";
import type { HubProcess } from "../support/process/hub-process.ts";
import { connected, history, post, send, sendMany, startHub, summaryOf } from "./support/hub-calls.ts";
import { endCalmly, expectRefusal } from "./support/refusals.ts";

let hub: HubProcess;
beforeAll(async () => {
  hub = await startHub();
});
afterAll(() => endCalmly(hub));

test("[SEED §2] a hub without channels lists none", async () => {
  expect(await call(hub.url, "/api/channel/list")).toMatchObject({
    status: 200,
    body: { ok: true, channels: [], count: 0 },
  });
});

test("[SEED §2] create answers the id, the name and the creator's display name; the creator is the first participant", async () => {
  const made = await post(hub.url, "create", { name: "ops", key: "alpha", name_display: "ALPHA" });
  const id = made.body.channel_id;
  expect(made.status).toBe(200);
  expect(made.body).toEqual({
    ok: true,
    channel_id: expect.stringMatching(/^ch-\d+$/),
    name: "ops",
    created_by: "ALPHA",
  });
  expect(await summaryOf(hub.url, id)).toMatchObject({
    created_by: "alpha",
    participants: [{ key: "alpha", name: "ALPHA", connected: false }],
  });
});

test("[SEED §2] [MEM1] without a display name the key is the name", async () => {
  const made = await post(hub.url, "create", { name: "ops", key: "alpha" });
  expect(made.body).toMatchObject({ ok: true, created_by: "alpha" });
  expect((await summaryOf(hub.url, made.body.channel_id)).participants).toEqual([
    { key: "alpha", name: "alpha", connected: false },
  ]);
});

test("[SEED §2] join answers the channel's id and is idempotent", async () => {
  const id = await createChannel(hub.url);
  const bravo = { channel_id: id, key: "bravo", name: "BRAVO" };
  for (let times = 0; times < 3; times++) {
    expect(await post(hub.url, "join", bravo)).toMatchObject({
      status: 200,
      body: { ok: true, channel_id: id, seq: 2 },
    });
  }
  expect(await summaryOf(hub.url, id)).toMatchObject({ participant_count: 2, message_count: 2 });
});

test("[SEED §2] leave answers the channel's id, once", async () => {
  const id = await createChannel(hub.url);
  const alpha = { channel_id: id, key: "alpha" };
  expect(await post(hub.url, "leave", alpha)).toMatchObject({ status: 200, body: { ok: true, channel_id: id } });
  expectRefusal(await post(hub.url, "leave", alpha), {
    is: "403 not_participant",
    says: `Not a participant in channel ${id}`,
  });
});

test("[SEED §2] send answers the stored message", async () => {
  const id = await createChannel(hub.url);
  const sent = await send(hub.url, id, { name: "ALPHA", text: "hello" });
  expect(sent).toMatchObject({
    status: 200,
    body: { ok: true, message: { channel_id: id, from: "alpha", from_name: "ALPHA", text: "hello" } },
  });
  expect((await history(hub.url, id)).messages.at(-1)).toEqual(sent.body.message);
});

test("[SEED §2] only participants may send", async () => {
  const id = await createChannel(hub.url);
  const refused = await send(hub.url, id, { key: "bravo" });
  expectRefusal(refused, { is: "403 not_participant", says: `Not a participant in channel ${id}` });
  expect(refused.body.error).toBe(`Not a participant in channel ${id}`);
});

test.each(["agent", "human", "service", undefined])(
  "[SEED §2] a participant that says it is %s may send, over HTTP and sockets",
  async (kind) => {
    const id = await createChannel(hub.url);
    await post(hub.url, "join", { channel_id: id, key: "bravo", kind });
    expect(await send(hub.url, id, { key: "bravo", kind })).toMatchObject({ status: 200, body: { ok: true } });
    const bravo = await connected(hub.url, id, kind === undefined ? "key=bravo" : `key=bravo&kind=${kind}`);
    expect(await bravo.ask({ action: "send", text: "hello" })).toMatchObject({ type: "ack" });
  },
);

test("[SEED §2] list answers all channels and their count", async () => {
  const ids = [await createChannel(hub.url, "one"), await createChannel(hub.url, "two")];
  const { status, body } = await call(hub.url, "/api/channel/list");
  expect([status, body.ok, body.count]).toEqual([200, true, body.channels.length]);
  expect(Object.keys(body).toSorted()).toEqual(["channels", "count", "ok"]);
  expect(body.channels.map((channel: Json) => channel.id)).toEqual(expect.arrayContaining(ids));
});

test("[SEED §2] history answers the last messages, oldest first, 50 unless told", async () => {
  const id = await createChannel(hub.url);
  await sendMany(await connected(hub.url, id, "key=alpha"), 60);
  const page = await history(hub.url, id);
  expect(page).toMatchObject({
    ok: true,
    channel_id: id,
    count: 50,
    meta: { first_seq: 1, last_seq: 61, gap: null, complete: true },
  });
  expect(page.messages.map((message: Json) => message.text)).toEqual(
    Array.from({ length: 50 }, (_, at) => `number ${at + 10}`),
  );
  expect(await history(hub.url, id, "?limit=2")).toMatchObject({
    count: 2,
    messages: [{ text: "number 58" }, { text: "number 59" }],
  });
  expect((await history(hub.url, id, "?limit=1000")).count).toBe(61);
});

test("[SEED §2] history needs no membership, and one message is enough", async () => {
  const id = await createChannel(hub.url);
  await post(hub.url, "leave", { channel_id: id, key: "alpha" });
  expect(await history(hub.url, id, "?limit=1")).toMatchObject({
    count: 1,
    messages: [{ text: "ALPHA left the channel" }],
  });
});

const toChannel = { channel_id: "ch-999", key: "alpha" };
const UNKNOWN: readonly (readonly [string, () => ReturnType<typeof call>])[] = [
  ["join", () => post(hub.url, "join", { ...toChannel, name: "ALPHA" })],
  ["leave", () => post(hub.url, "leave", toChannel)],
  ["send", () => post(hub.url, "send", { ...toChannel, text: "hello" })],
  ["read", () => post(hub.url, "read", { ...toChannel, seq: 1 })],
  ["history", () => call(hub.url, "/api/channel/ch-999/history")],
  ["who", () => call(hub.url, "/api/channel/ch-999")],
  ["delete", () => call(hub.url, "/api/channel/ch-999", { method: "DELETE" })],
];

test.each(UNKNOWN)("[SEED §2] [IDX4] %s of an unknown channel says which", async (_action, attempt) => {
  const refused = await attempt();
  expectRefusal(refused, { is: "404 channel_not_found", says: "Channel not found: ch-999" });
  expect(refused.body.error).toBe("Channel not found: ch-999");
});

test("[SEED §2] [KEY1] admission is one key in x-spf-key; success has ok:true, failure ok:false and an error text", async () => {
  expect(await call(hub.url, "/api/channel/list")).toMatchObject({ status: 200, body: { ok: true } });
  const refused = await call(hub.url, "/api/channel/list", { headers: { "x-spf-key": "not-the-key" } });
  expectRefusal(refused, { is: "401 unauthorized", says: "the hub key is wrong" });
});

test("[SEED §2] Content-Type is not examined", async () => {
  const id = await createChannel(hub.url);
  for (const type of ["application/json", "text/plain", "application/x-www-form-urlencoded", "nonsense"]) {
    const body = JSON.stringify({ channel_id: id, key: "alpha", text: "hello" });
    expect(await call(hub.url, "/api/channel/send", { body, headers: { "content-type": type } })).toMatchObject({
      status: 200,
    });
  }
});

test("[SEED §2] what the hub does not know is ignored", async () => {
  const id = await createChannel(hub.url);
  expect(await send(hub.url, id, { colour: "red", seq: 99, from: "bravo", timestamp: "then" })).toMatchObject({
    status: 200,
    body: { message: { from: "alpha", seq: 2 } },
  });
});
