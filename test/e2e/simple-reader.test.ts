/**
 * Readers that know no word of pacing (SOC6): whoever shows signs of reading is caught up by the hub,
 * whatever is asked without being read is bounded, and who is ended is told why. Counted in bytes that
 * arrive once the reader looks, never by time.
 */
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { Agent, call, createChannel, type Json } from "../support/process/agent.ts";
import type { Patch } from "../support/process/build.ts";
import { HubProcess } from "../support/process/hub-process.ts";
import { patchedHub } from "./support/patched-hub.ts";

const MIB = 1024 * 1024;
const TEXT = "x".repeat(55_000);
/** What the hubs of this file let a reader have unread: enough for a few texts. */
const BUDGET = 300_000;

const VARIABLES = { HUB_RATE_PER_SECOND: "0", HUB_LOOP_GUARD: "0" };
const SMALL_BUDGET: Patch = {
  file: "src/hub/channel-object/sockets/reader.ts",
  find: "bytes: 16 * MIB",
  replace: `bytes: ${BUDGET}`,
};

let real: HubProcess;
beforeAll(async () => {
  real = await HubProcess.start({ worker: inject("worker"), variables: VARIABLES });
});
afterAll(() => real[Symbol.asyncDispose]());

/** A client of "In five minutes": reads at once and pings, here more often, so that the test is short. */
async function pinging<T>(reader: Agent, work: () => Promise<T>): Promise<T> {
  const timer = setInterval(() => reader.say("ping"), 400);
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}

async function connected(url: string, id: string, query: string): Promise<Agent> {
  const agent = await Agent.connect(url, id, query);
  await agent.next();
  await agent.quiet();
  return agent;
}

async function send(url: string, id: string, text: string, key = "alpha"): Promise<number> {
  const { body } = await call(url, "/api/channel/send", { body: { channel_id: id, key, text } });
  return body.message.seq as number;
}

/** All frames but pongs, up to the one with the message `last`. */
async function upTo(reader: Agent, last: number): Promise<Json[]> {
  const isLast = (frame: Json): boolean =>
    frame.data?.seq === last || (frame.type === "history" && frame.data.at(-1)?.seq === last);
  return (await reader.takeUntil(isLast)).filter((frame) => frame !== "pong");
}

test("[SOC6] a burst over the budget of a simple reader that pings comes whole, in order, without a word", async () => {
  const hub = await patchedHub([SMALL_BUDGET], VARIABLES);
  const id = await createChannel(hub.url);
  const reader = await connected(hub.url, id, "key=reader");
  await pinging(reader, async () => {
    let last = 0;
    for (let n = 0; n < 22; n++) last = await send(hub.url, id, TEXT);
    const frames = await upTo(reader, last);
    expect(frames.map(({ type }) => type)).toEqual(frames.map(() => "message"));
    expect(frames.map(({ data }) => data.seq)).toEqual(frames.map((_, at) => last - frames.length + 1 + at));
    expect(frames).toHaveLength(22);
    await send(hub.url, id, "live again");
    expect((await upTo(reader, last + 1)).at(-1)).toMatchObject({ data: { text: "live again" } });
  });
  await reader.close();
});

test("[SOC6] [SOC3] while it is caught up, its acks and answers come at their place among the messages", async () => {
  const hub = await patchedHub([SMALL_BUDGET], VARIABLES);
  const id = await createChannel(hub.url);
  const reader = await connected(hub.url, id, "key=reader");
  for (let n = 0; n < 12; n++) await send(hub.url, id, TEXT);
  reader.say({ action: "send", text: "mine", ref: "s" });
  reader.say({ action: "dance", ref: "e" });
  reader.say({ action: "history", before: 3, limit: 1, ref: "h" });
  const last = await pinging(reader, async () => await send(hub.url, id, "last"));
  const frames = await pinging(reader, async () => await upTo(reader, last));
  const told = frames.map(({ type, ref, data }) => ref ?? `${type} ${data.seq}`);
  const before = Array.from({ length: 12 }, (_, at) => `message ${last - 13 + at}`);
  expect(told).toEqual([...before, "s", "e", "h", `message ${last}`]);
  await reader.close();
});

test("[SOC6] what left the ring before a simple reader could be caught up is said as a gap", async () => {
  const ring = { file: "src/protocol/limits.ts", find: "RING_MESSAGES = 1000", replace: "RING_MESSAGES = 10" };
  const forgetful = await patchedHub([SMALL_BUDGET, ring], VARIABLES);
  const id = await createChannel(forgetful.url);
  const reader = await connected(forgetful.url, id, "key=reader");
  let last = 0;
  for (let n = 0; n < 30; n++) last = await send(forgetful.url, id, TEXT);
  const frames = await pinging(reader, async () => await upTo(reader, last));
  const page = frames.find(({ type }) => type === "history");
  const before = frames.filter(({ type }) => type === "message").map(({ data }) => data.seq as number);
  const gapless = before.filter((seq) => seq < page.data[0].seq);
  expect(page.meta.gap).toEqual({ from: (gapless.at(-1) ?? 0) + 1, to: page.data[0].seq - 1, reason: "evicted" });
  await reader.close();
});

test("[SOC6] [SOC2] a simple reader whose first frame was not all gets the rest", async () => {
  const id = await createChannel(real.url);
  let last = 0;
  for (let n = 0; n < 30; n++) last = await send(real.url, id, TEXT);
  const reader = await Agent.connect(real.url, id, "key=alpha&after=1");
  const first = await reader.next();
  expect(first.meta.complete).toBe(false);
  const own = await send(real.url, id, "from another", "alpha");
  expect(own).toBe(last + 1);
  await call(real.url, "/api/channel/join", { body: { channel_id: id, key: "bravo" } });
  last = await send(real.url, id, "the end", "bravo");
  const frames = await pinging(reader, async () => await upTo(reader, last));
  // Its own key's are left out, as ever: those of the first frame were history.
  expect(frames.map(({ type, data }) => `${type} ${data.seq}`)).toEqual([`system ${last - 1}`, `message ${last}`]);
  await reader.close();
});

test("[T40] [SOC6] a watch link that never reads and asks for history all the time gets its budget, once", async () => {
  const id = await createChannel(real.url);
  for (let n = 0; n < 20; n++) await send(real.url, id, TEXT);
  const { body } = await call(real.url, "/api/ticket", { body: { channel_id: id, watch: true } });
  const watcher = await connected(real.url, id, `ticket=${body.ticket}`);
  watcher.socket.pause();
  for (let n = 0; n < 300; n++) watcher.say({ action: "history", limit: 1000 });
  watcher.say("ping");
  await call(real.url, `/api/channel/${id}`);
  const bytes = await bytesToTheEnd(watcher);
  expect(bytes).toBeGreaterThan(4 * MIB);
  expect(bytes).toBeLessThan(20 * MIB);
  expect(watcher.closed).toEqual({ code: 4008, reason: "slow_reader" });
});

test("[T40] [SOC6] acks and errors that are not read are bounded like messages", async () => {
  const id = await createChannel(real.url);
  const large = { action: "send", text: "y".repeat(64 * 1024) };
  const wrong = { action: "", ref: "z".repeat(64) };
  for (const [say, times] of [
    [large, 400],
    [wrong, 80_000],
  ] as const) {
    const agent = await connected(real.url, id, "key=alpha");
    agent.socket.pause();
    for (let n = 0; n < times; n++) agent.say(say);
    await call(real.url, `/api/channel/${id}`);
    expect(await bytesToTheEnd(agent)).toBeLessThan(20 * MIB);
    expect(agent.closed).toEqual({ code: 4008, reason: "slow_reader" });
  }
});

/** Reads on until the hub ends it; UTF-8 bytes of what came, all ASCII here. */
async function bytesToTheEnd(agent: Agent): Promise<number> {
  let bytes = 0;
  agent.socket.on("message", (data: Buffer) => (bytes += data.length));
  agent.socket.resume();
  await agent.untilClosed();
  return bytes;
}

test("[SOC6] who never pings is told in whole sentences what to do", async () => {
  const id = await createChannel(real.url);
  const agent = await connected(real.url, id, "key=alpha");
  for (let n = 0; n < 300; n++) agent.say({ action: "send", text: "y".repeat(64 * 1024) });
  await agent.untilClosed();
  expect(agent.inbox.at(-1)).toMatchObject({
    type: "error",
    code: "slow_reader",
    fatal: true,
    data: "Nothing shows that you read what the hub sent on this connection. Send the text frame ping every 25 seconds, and connect again with after= the last seq that you have.",
  });
});
