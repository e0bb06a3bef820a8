/** What each thing that agents and pages do costs: requests and rows, measured on the hub itself. */
import { setTimeout as sleep } from "node:timers/promises";
import { Agent } from "../test/support/process/agent.ts";
import { HUB_KEY, type HubProcess } from "../test/support/process/hub-process.ts";
import { SOCKET_MESSAGES_PER_REQUEST, type Use } from "./prices.ts";
import type { Counts } from "./rows.ts";
import { ask, makeChannel, startWorker } from "./servers.ts";

/** Channels of the measured hub: a list reads a row of each. */
export const CHANNELS = 10;
/** Seconds an object is charged for with each request or frame: far above what `bench money` measures. */
const OBJECT_S = 0.005;
/** A waiting listen is under way once this long has passed; how long it is changes no count. */
const UNDER_WAY_MS = 300;

export type UnitName =
  | "message on a socket"
  | "message over HTTP"
  | "message by the tool"
  | "listen that waits in vain"
  | "listen that a message ends"
  | "tool call that looks"
  | "page opened"
  | "page's list after a change"
  | "page's list, nothing changed"
  | "first message after a sleep, beyond the message";

export type Units = Readonly<Record<UnitName, Use>>;

export async function measureUnits(): Promise<Units> {
  await using hub = await startWorker("counted-hub", "memory");
  for (let made = 1; made < CHANNELS; made++) await makeChannel(hub, 1);
  const id = `ch-${await makeChannel(hub, 2)}`;
  for (let at = 0; at < 60; at++) await send(hub, id);
  const cost = (step: () => Promise<unknown>): Promise<Use> => costOf(hub, id, step);
  const over_http = await cost(() => send(hub, id));
  const units = {
    "message on a socket": await onSocket(hub, id),
    "message over HTTP": over_http,
    "message by the tool": await cost(() => tool(hub, { action: "send", channel: id, text: "x" })),
    "listen that waits in vain": await cost(() => listen(hub, id, 1)),
    "listen that a message ends": minus(await cost(() => endedListen(hub, id)), over_http),
    "tool call that looks": await cost(() => tool(hub, { action: "listen", channel: id })),
    "page opened": await cost(() => openPage(hub, id)),
    "page's list after a change": minus(await cost(async () => [await send(hub, id), await list(hub, id)]), over_http),
    "page's list, nothing changed": await cost(async () => await list(hub, id)),
  };
  await hub.kill();
  await hub.restart();
  // The first call in a process asks the index who the channel is, as the first in a new isolate does.
  const woken = await once(hub, () => send(hub, id));
  return { ...units, "first message after a sleep, beyond the message": minus(woken, over_http) };
}

/** The third time, when all that a first time makes is made; everything was read before. */
async function costOf(hub: HubProcess, id: string, step: () => Promise<unknown>): Promise<Use> {
  for (let times = 0; times < 2; times++) await settled(hub, id, step);
  await readAll(hub, id);
  return await once(hub, step);
}

async function settled(hub: HubProcess, id: string, step: () => Promise<unknown>): Promise<void> {
  await readAll(hub, id);
  await step();
}

async function readAll(hub: HubProcess, channel_id: string): Promise<void> {
  for (const key of ["a0", "a1"]) await ask(hub, "/api/channel/read", { channel_id, key, seq: 1_000_000 });
}

async function once(hub: HubProcess, step: () => Promise<unknown>): Promise<Use> {
  const before = await countsOf(hub);
  await step();
  return useOf(before, await countsOf(hub));
}

/** Of a message between agents that are connected. */
async function onSocket(hub: HubProcess, id: string): Promise<Use> {
  const [alpha, bravo] = [await Agent.connect(hub.url, id, "key=a0"), await Agent.connect(hub.url, id, "key=a1")];
  await Promise.all([alpha.next(), bravo.next()]);
  const use = await costOf(hub, id, async () => [await alpha.ask({ action: "send", text: "x" }), await bravo.next()]);
  await Promise.all([alpha.close(), bravo.close()]);
  return use;
}

async function countsOf(hub: HubProcess): Promise<Counted> {
  return (await ask(hub, "/counts")) as unknown as Counted;
}

interface Counted {
  readonly channel: Counts;
  readonly index: Counts;
  readonly traffic: { readonly worker: number; readonly object: number; readonly frames: number };
}

function useOf(before: Counted, after: Counted): Use {
  const object_requests =
    after.traffic.object -
    before.traffic.object +
    (after.traffic.frames - before.traffic.frames) / SOCKET_MESSAGES_PER_REQUEST;
  const rows = (what: "read" | "written"): number =>
    after.channel[what] + after.index[what] - before.channel[what] - before.index[what];
  return {
    worker_requests: after.traffic.worker - before.traffic.worker,
    object_requests,
    seconds: (after.traffic.object - before.traffic.object + after.traffic.frames - before.traffic.frames) * OBJECT_S,
    rows_read: rows("read"),
    rows_written: rows("written"),
  };
}

function minus(one: Use, other: Use): Use {
  return {
    worker_requests: one.worker_requests - other.worker_requests,
    object_requests: one.object_requests - other.object_requests,
    seconds: one.seconds - other.seconds,
    rows_read: one.rows_read - other.rows_read,
    rows_written: one.rows_written - other.rows_written,
  };
}

function send(hub: HubProcess, channel_id: string): Promise<unknown> {
  return ask(hub, "/api/channel/send", { channel_id, key: "a0", text: "hello" });
}

/** From its read position on, which is the end. */
function listen(hub: HubProcess, id: string, wait: number): Promise<unknown> {
  return ask(hub, `/api/channel/${id}/listen?key=a1&wait=${wait}`);
}

async function endedListen(hub: HubProcess, id: string): Promise<void> {
  const waiting = listen(hub, id, 20);
  await sleep(UNDER_WAY_MS);
  await send(hub, id);
  await waiting;
}

function tool(hub: HubProcess, args: object): Promise<unknown> {
  const params = { name: "spf_channel", arguments: { ...args, key: "a1" } };
  return ask(hub, "/mcp", { jsonrpc: "2.0", id: 1, method: "tools/call", params });
}

/** As the page asks: for all channels, for its person's own, and for the one that is open. */
async function list(hub: HubProcess, id: string): Promise<void> {
  await ask(hub, "/api/channel/list?limit=1000");
  await ask(hub, "/api/channel/list?limit=1000&key=a0");
  await ask(hub, `/api/channel/${id}`);
}

async function openPage(hub: HubProcess, id: string): Promise<void> {
  await ask(hub, "/api/channel/list?limit=1");
  await list(hub, id);
  await ask(hub, "/api/hub");
  const page = await Agent.connect(hub.url, id, "key=a0", { "x-spf-key": HUB_KEY });
  await page.next();
  await ask(hub, `/api/channel/${id}`);
  await ask(hub, `/api/channel/${id}/listen?key=a0&for=me&limit=1000`);
  await page.close();
}
