/** What is refused, and who only looks on, leaves nothing behind: no row, no word to the index, no proof, no sign of life. */
import { runInDurableObject } from "cloudflare:test";
import { exports } from "cloudflare:workers";
import { expect, test } from "vitest";
import { createIdentity, type Identity, signRequest } from "../../src/client/identity.ts";
import { call, channelStub, createChannel, indexStub, type Json, KEY, type Rows, rowsOf, send } from "./support/hub.ts";

const NOTHING = { written: 0 };

/** Rows that the channel and the index write while `work` runs, in a channel that the index believes to know. */
async function traces(id: string, work: () => Promise<void>): Promise<{ channel: Rows; index: Rows; dirty: number }> {
  await call(`/api/channel/${id}`);
  await call("/api/channel/list");
  let index: Rows | undefined;
  const channel = await rowsOf(channelStub(id), async () => {
    index = await rowsOf(indexStub(), work);
  });
  if (index === undefined) throw new Error("nothing ran");
  const number = Number(id.slice(3));
  const dirty = await runInDurableObject(indexStub(), (_index, { storage }) => {
    return storage.sql.exec<{ dirty: number }>("SELECT dirty FROM channel WHERE number = ?", number).one().dirty;
  });
  return { channel, index, dirty };
}

async function signedCall(identity: Identity, path: string, body: object): Promise<Json> {
  const url = `https://hub.test${path}`;
  const json = JSON.stringify(body);
  const headers = await signRequest({ method: "POST", url, body: json }, identity, Date.now());
  const init = { method: "POST", headers: { "x-spf-key": KEY, ...headers }, body: json };
  return await (await exports.default.fetch(url, init)).json();
}

async function lastSeen(id: string, key: string): Promise<unknown> {
  const { participants } = await call(`/api/channel/${id}`);
  return (participants as Json[]).find((one) => one.key === key)?.last_seen;
}

test("[T36] refused sends, joins, leaves and moderation write no row and tell the index nothing", async () => {
  const id = await createChannel("quiet");
  await call("/api/channel/join", { channel_id: id, key: "eve" });
  await call("/api/channel/kick", { channel_id: id, target: "eve" });
  const left = await traces(id, async () => {
    expect(await send(id, "stranger", "hello")).toMatchObject({ code: "not_participant" });
    expect(await send(id, "eve", "hello")).toMatchObject({ code: "not_participant" });
    expect(await call("/api/channel/join", { channel_id: id, key: "eve" })).toMatchObject({ code: "forbidden" });
    expect(await call("/api/channel/leave", { channel_id: id, key: "stranger" })).toMatchObject({
      code: "not_participant",
    });
  });
  expect(left).toMatchObject({ channel: NOTHING, index: NOTHING, dirty: 0 });
});

test("[T36] an observer who comes and goes writes no row and tells the index nothing", async () => {
  const id = await createChannel("watched");
  const { ticket } = await call("/api/ticket", { channel_id: id, watch: true });
  const left = await traces(id, async () => {
    const upgrade = { headers: { upgrade: "websocket" } };
    const { webSocket } = await exports.default.fetch(`https://hub.test/ws/channel/${id}?ticket=${ticket}`, upgrade);
    const first = new Promise((resolve) => webSocket?.addEventListener("message", resolve));
    const closed = new Promise((resolve) => webSocket?.addEventListener("close", resolve));
    webSocket?.accept();
    await first;
    webSocket?.close(1000);
    await closed;
  });
  expect(left).toMatchObject({ channel: NOTHING, index: NOTHING, dirty: 0 });
});

test("[T36] a refused plain claim of a proven key is no sign of its life", async () => {
  const id = await createChannel("alive");
  const { identity } = await createIdentity();
  await signedCall(identity, "/api/channel/join", { channel_id: id });
  const before = await lastSeen(id, identity.key);
  await new Promise((resolve) => setTimeout(resolve, 5));
  expect(await send(id, identity.key, "me")).toMatchObject({ code: "identity_mismatch" });
  expect(await call(`/api/channel/${id}/listen?key=${identity.key}`)).toMatchObject({ code: "identity_mismatch" });
  expect(await lastSeen(id, identity.key)).toBe(before);
});

test("[T36] [IDN5] a proven join that a pause or a kick refuses proves nothing to the hub", async () => {
  const [id, other] = [await createChannel("paused"), await createChannel("other")];
  await call("/api/channel/pause", { channel_id: id });
  const { identity } = await createIdentity();
  const { key } = identity;
  await call("/api/channel/join", { channel_id: other, key, name: "claimed" });
  // An admin that is a declared agent is paused like anybody.
  const kind = "agent";
  expect(await signedCall(identity, "/api/channel/join", { channel_id: id, kind })).toMatchObject({ code: "paused" });
  expect(await send(other, key, "still a claim")).toMatchObject({ ok: true });
});
