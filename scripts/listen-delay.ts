/**
 * `npm run measure:listen`: how long a waiting listen takes to return once a message is sent, with
 * the channel object awake and after it has hibernated, over plain HTTP and through `/mcp`.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { call, createChannel } from "../test/support/process/agent.ts";
import { buildWorker } from "../test/support/process/build.ts";
import { HUB_KEY, HubProcess } from "../test/support/process/hub-process.ts";
import { HIBERNATED_MS, TELLING_WAKES, wakes } from "../test/support/process/wakes.ts";

const ROUNDS = 3;
const AWAKE_MS = 500;

const home = await mkdtemp(join(tmpdir(), "channel-hub-listen-delay-"));
const worker = join(home, "worker.js");
await buildWorker(worker, [TELLING_WAKES]);
const hub = await HubProcess.start({ worker });
try {
  for (const [how, listen] of [
    ["HTTP", listenByHttp],
    ["/mcp", listenByMcp],
  ] as const) {
    await measure(`${how}, object awake`, listen, AWAKE_MS);
    await measure(`${how}, object asleep`, listen, HIBERNATED_MS);
  }
} finally {
  await hub[Symbol.asyncDispose]();
  await rm(home, { recursive: true });
}

type Listen = (channel: string) => Promise<unknown>;

async function measure(what: string, listen: Listen, pause: number): Promise<void> {
  const delays: number[] = [];
  let slept = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const id = await createChannel(hub.url);
    await call(hub.url, "/api/channel/join", { body: { channel_id: id, key: "bravo", name: "BRAVO" } });
    const waited = listen(id).then(() => performance.now());
    await sleep(pause);
    const before = wakes(hub, id);
    const sent = performance.now();
    await call(hub.url, "/api/channel/send", { body: { channel_id: id, key: "alpha", text: "@BRAVO" } });
    delays.push((await waited) - sent);
    await sleep(AWAKE_MS);
    slept += wakes(hub, id) - before;
  }
  const median = delays.toSorted((a, b) => a - b)[Math.floor(ROUNDS / 2)] ?? 0;
  console.log(`${what}: ${median.toFixed(1)} ms from send to answer (median of ${ROUNDS}; woke ${slept} times)`);
}

function listenByHttp(channel: string): Promise<unknown> {
  return call(hub.url, `/api/channel/${channel}/listen?key=bravo&wait=50`);
}

async function listenByMcp(channel: string): Promise<unknown> {
  const params = { name: "spf_channel", arguments: { action: "listen", channel, wait: 50 } };
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params });
  const headers = { "x-spf-key": HUB_KEY, "x-hub-agent": "bravo", accept: "application/json, text/event-stream" };
  const response = await fetch(`${hub.url}/mcp`, { method: "POST", headers, body });
  return await response.text();
}
