/** A signed send counts once for as long as its signature lives, whatever else the channel has to keep (IDN2). */
import { evictDurableObject } from "cloudflare:test";
import { exports } from "cloudflare:workers";
import { expect, test } from "vitest";
import { createIdentity, signRequest } from "../../src/client/identity.ts";
import { call, channelStub, createChannel, history, type Json, KEY } from "./support/hub.ts";

const FLOODERS = 16;
const TEXT = "x".repeat(65_000);
/** More than 32 MiB beyond the ring of 1000. */
const LARGE = 540;
const SMALL = 1_010;

/** Pushes everything of before out of what is kept for retries. */
async function flood(id: string): Promise<void> {
  const keys = Array.from({ length: FLOODERS }, (_, at) => `flooder-${at}`);
  for (const key of keys) await call("/api/channel/join", { channel_id: id, key });
  const texts = [...Array.from({ length: LARGE }, () => TEXT), ...Array.from({ length: SMALL }, () => "y")];
  for (let from = 0; from < texts.length; from += 32) {
    const some = texts.slice(from, from + 32).map((text, at) => {
      const caller = { key: keys[(from + at) % FLOODERS] ?? "", verified: false, admin: true };
      return channelStub(id).command(caller, { action: "send", text, msg_type: "text" } as const, {});
    });
    for (const answer of await Promise.all(some)) expect(answer.ok).toBe(true);
  }
}

test("[T30] [IDN2] a captured signed send is refused in all its life, also where 32 MiB pushed its id out, and after a sleep", async () => {
  const id = await createChannel("replay");
  const { identity } = await createIdentity();
  const url = "https://hub.test/api/channel/send";
  const join = JSON.stringify({ channel_id: id });
  const joined = "https://hub.test/api/channel/join";
  const post = async (to: string, body: string, headers: Record<string, string>): Promise<Json> => {
    const all = { "x-spf-key": KEY, ...headers };
    return await (await exports.default.fetch(to, { method: "POST", headers: all, body })).json();
  };
  const signing = (to: string, body: string): Promise<Record<string, string>> =>
    signRequest({ method: "POST", url: to, body }, identity, Date.now());
  await post(joined, join, await signing(joined, join));
  const body = JSON.stringify({ channel_id: id, text: "pay bravo 5" });
  const captured = await signing(url, body);
  expect(await post(url, body, captured)).toMatchObject({ ok: true, duplicate: false });
  expect(await post(url, body, captured)).toMatchObject({ ok: true, duplicate: true });
  await flood(id);
  const { last_seq } = (await history(id)).meta as { last_seq: number };
  expect(await post(url, body, captured)).toMatchObject({ ok: false, code: "replay" });
  await evictDurableObject(channelStub(id));
  expect(await post(url, body, captured)).toMatchObject({ ok: false, code: "replay" });
  expect((await history(id)).meta).toMatchObject({ last_seq });
  const fresh = await signing(url, body);
  expect(await post(url, body, fresh)).toMatchObject({ ok: true, duplicate: false });
});
