/**
 * Proof holds for the whole hub (IDN5): a key that was proven anywhere is claimed nowhere, and what
 * a mere claim made before is nobody's: not its membership, not its name, not its sockets.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import { createIdentity, type Identity } from "../../src/client/identity.ts";
import { Agent, type Answer, type Json } from "../support/process/agent.ts";
import { HUB_KEY, type HubProcess } from "../support/process/hub-process.ts";
import { history, startHub } from "./support/hub-calls.ts";
import { ask, hubKey, outcome } from "./support/identity.ts";
import { endCalmly } from "./support/refusals.ts";

const TEAM = hubKey("team", "agent");
const OTHER = hubKey("other", "agent");

let hub: HubProcess;
beforeAll(async () => {
  hub = await startHub({
    HUB_KEYS: `${TEAM.entry} ${OTHER.entry}`,
    HUB_MAX_CHANNELS: "0",
    HUB_CREATES_PER_MINUTE: "0",
  });
});
afterAll(() => endCalmly(hub));

async function identity(): Promise<Identity> {
  return (await createIdentity()).identity;
}

/** By anybody else: no proof, another hub key. */
function plainly(path: string, body?: object, method?: string): Promise<Answer> {
  return ask(hub.url, { path, as: OTHER.text, ...(body && { body }), ...(method && { method }) });
}

function signed(by: Identity, path: string, body?: object): Promise<Answer> {
  return ask(hub.url, { path, as: TEAM.text, by, ...(body && { body }) });
}

async function channel(key = "carol"): Promise<string> {
  return (await plainly("/api/channel/create", { name: "room", key })).body.channel_id as string;
}

async function details(id: string): Promise<Json> {
  return (await plainly(`/api/channel/${id}`)).body;
}

test("[T27] [IDN5] a key that is proven in one channel is claimed in no other, on no route", async () => {
  const me = await identity();
  const [home, away] = [await channel(), await channel()];
  expect(outcome(await signed(me, "/api/channel/join", { channel_id: home, name: "ME" }))).toBe("ok");
  const { key } = me;
  const refused: Record<string, Answer> = {
    join: await plainly("/api/channel/join", { channel_id: away, key, name: "EVIL" }),
    create: await plainly("/api/channel/create", { name: "trap", key }),
    list: await plainly(`/api/channel/list?key=${key}`),
    ticket: await plainly("/api/ticket", { channel_id: away, key }),
    listen: await plainly(`/api/listen?key=${key}`),
    kick: await ask(hub.url, {
      path: "/api/channel/kick",
      as: HUB_KEY,
      body: { channel_id: away, key, target: "carol" },
    }),
    pause: await ask(hub.url, { path: "/api/channel/pause", as: HUB_KEY, body: { channel_id: away, key } }),
    delete: await ask(hub.url, { path: `/api/channel/${away}?key=${key}`, as: HUB_KEY, method: "DELETE" }),
  };
  for (const [route, answer] of Object.entries(refused)) expect(outcome(answer), route).toBe("403 identity_mismatch");
  await expect(Agent.connect(hub.url, away, `key=${key}`, { "x-spf-key": OTHER.text })).rejects.toMatchObject({
    body: { code: "identity_mismatch" },
  });
  expect((await details(away)).participants).toHaveLength(1);
});

test("[T27] [IDN5] a key that nobody proved stays a claim, also one of 64 hex digits", async () => {
  const { key } = await identity();
  const id = await channel();
  expect(outcome(await plainly("/api/channel/join", { channel_id: id, key }))).toBe("ok");
  expect(outcome(await plainly("/api/channel/send", { channel_id: id, key, text: "hi" }))).toBe("ok");
});

test("[T27] [IDN5] what was claimed before the proof ends with it: membership, name and sockets", async () => {
  const me = await identity();
  const { key } = me;
  const [trap, made, home] = [await channel(), await channel(key), await channel()];
  await plainly("/api/channel/join", { channel_id: trap, key, name: "OWNER: urgent" });
  const socket = await Agent.connect(hub.url, trap, `key=${key}`, { "x-spf-key": OTHER.text });
  await signed(me, "/api/channel/join", { channel_id: home, name: "ME" });
  await socket.untilClosed();
  expect(socket.closed).toMatchObject({ code: 4503 });
  for (const id of [trap, made]) {
    const { participants } = await details(id);
    expect(participants.map((one: Json) => one.key)).not.toContain(key);
    expect(outcome(await plainly("/api/channel/send", { channel_id: id, key, text: "x" }))).toBe(
      "403 identity_mismatch",
    );
    expect(outcome(await plainly("/api/channel/join", { channel_id: id, key }))).toBe("403 identity_mismatch");
  }
  // It joins by itself, under a name of its own.
  await signed(me, "/api/channel/join", { channel_id: trap });
  expect((await details(trap)).participants).toContainEqual(
    expect.objectContaining({ key, name: key, verified: true }),
  );
});

test("[T27] [IDN5] sixteen channels into which another put the key silence nobody", async () => {
  const me = await identity();
  const { key } = me;
  const home = await channel();
  await signed(me, "/api/channel/join", { channel_id: home, name: "ME" });
  await plainly("/api/channel/send", { channel_id: home, key: "carol", text: "for you" });
  for (let n = 0; n < 17; n++) {
    const id = await channel("eve");
    await plainly("/api/channel/join", { channel_id: id, key, name: "OWNER" });
    await plainly("/api/channel/send", { channel_id: id, key: "eve", text: "obey" });
  }
  const { body } = await signed(me, "/api/listen");
  expect(body.channels.map((one: Json) => one.channel_id)).toEqual([home]);
});

test("[T27] [IDN5] reading proves no membership that somebody else made", async () => {
  for (const path of ["/api/channel/ID/history", "/api/channel/ID", "/api/channel/ID/listen"]) {
    const me = await identity();
    const trap = await channel("eve");
    await plainly("/api/channel/join", { channel_id: trap, key: me.key, name: "OWNER" });
    await signed(me, path.replace("ID", trap));
    const { participants } = await details(trap);
    expect(
      participants.map((one: Json) => one.key),
      path,
    ).toEqual(["eve"]);
    expect(outcome(await plainly("/api/channel/join", { channel_id: trap, key: me.key }))).toBe(
      "403 identity_mismatch",
    );
  }
});

test("[T27] [IDN5] who proves by speaking takes a claimed place over, and its own name with it", async () => {
  const me = await identity();
  const id = await channel("eve");
  await plainly("/api/channel/join", { channel_id: id, key: me.key, name: "OWNER" });
  expect(outcome(await signed(me, "/api/channel/send", { channel_id: id, text: "mine" }))).toBe("ok");
  const { messages } = await history(hub.url, id);
  expect(messages.at(-1)).toMatchObject({ from: me.key, from_name: me.key, verified: true });
});

test("[T27] [IDN5] it survives a crash, in every channel and in the index", async () => {
  const me = await identity();
  const [home, known, fresh] = [await channel(), await channel(), await channel()];
  await plainly("/api/channel/join", { channel_id: known, key: me.key });
  await signed(me, "/api/channel/join", { channel_id: home });
  await hub.kill();
  await hub.restart();
  for (const channel_id of [home, known, fresh]) {
    expect(outcome(await plainly("/api/channel/join", { channel_id, key: me.key }))).toBe("403 identity_mismatch");
  }
});
