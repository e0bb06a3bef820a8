/** How long the first of everything takes: the process, a request in a new isolate, a wake. */
import { HUB_KEY, type HubProcess } from "../test/support/process/hub-process.ts";
import type { Bench } from "./bench.ts";
import { countsOf } from "./rows.ts";
import { absolute, figure, type Goal, type Section, section } from "./section.ts";
import { hubSpeech, makeChannel, startWorker, target } from "./servers.ts";
import { measureSizes, type Size } from "./sizes.ts";
import { median } from "./statistics.ts";

const TRIALS = 5;
const MCP_INITIALIZE = {
  jsonrpc: "2.0",
  id: 1,
  method: "initialize",
  params: { protocolVersion: "2025-06-18", capabilities: {}, clientInfo: { name: "bench", version: "1" } },
};
/** An object without an event sleeps after ten seconds. */
const SLEEP_S = 11;
const WAKE_MS = 15;

export async function start(bench: Bench): Promise<Section[]> {
  return [await cold(bench), ...(bench.isSmoke ? [] : [await wakes(bench)]), await sizes()];
}

/** The first requests of a process, one after the other; then the same again, warm. */
async function cold(bench: Bench): Promise<Section> {
  bench.say("cold starts");
  await using hub = await startWorker("hub", "memory");
  const channel = await makeChannel(hub, 2);
  const requests: Record<string, () => Promise<number>> = {
    "first request": () => timed(hub, "/api/hub"),
    "first use of a channel object": () => timed(hub, `/api/channel/ch-${channel}`),
    "first /mcp request": () => timed(hub, "/mcp", MCP_INITIALIZE),
    "the same request, warm": () => timed(hub, "/api/hub"),
    "the same channel, warm": () => timed(hub, `/api/channel/ch-${channel}`),
  };
  const times: Record<string, number[]> = { "process start to first answer": [] };
  for (let trial = 0; trial < (bench.isSmoke ? 1 : TRIALS); trial++) {
    await hub.kill();
    const began = performance.now();
    await hub.restart();
    times["process start to first answer"]?.push(performance.now() - began);
    for (const [name, request] of Object.entries(requests)) (times[name] ??= []).push(await request());
  }
  return section("Cold start", {
    columns: ["", "ms"],
    rows: Object.entries(times).map(([name, all]) => [name, figure(median(all))]),
    notes: [
      "A row that shows – has no such route in this hub. Medians of restarts of `workerd serve`; production isolates start without the process.",
    ],
  });
}

/** Milliseconds of a request; NaN where the route does not exist. */
async function timed(hub: HubProcess, path: string, body?: object): Promise<number> {
  const headers = {
    "x-spf-key": HUB_KEY,
    "content-type": "application/json",
    accept: "application/json, text/event-stream",
  };
  const began = performance.now();
  const response = await fetch(
    hub.url + path,
    body === undefined ? { headers } : { headers, method: "POST", body: JSON.stringify(body) },
  );
  await response.text();
  return response.status === 404 ? NaN : performance.now() - began;
}

async function wakes(bench: Bench): Promise<Section> {
  await using hub = await startWorker("counted-hub", "memory");
  const rows: string[][] = [];
  const goals: Goal[] = [];
  for (const links of [2, 1000]) {
    bench.say(`wakes with ${links} participants`);
    const { woken, warm } = await wake(bench, hub, links);
    rows.push([`${links} participants`, figure(woken), figure(warm)]);
    if (links === 2) goals.push(absolute("wake with 2 participants, ms", woken, { most: WAKE_MS }));
  }
  return section("A message to a sleeping channel: until the last participant has it", {
    columns: ["", "asleep, ms", "awake, ms"],
    rows,
    goals,
    notes: [`Medians of ${TRIALS} messages after ${SLEEP_S} s of silence; each was seen to construct the object anew.`],
  });
}

async function wake(bench: Bench, hub: HubProcess, links: number): Promise<{ woken: number; warm: number }> {
  const first = await makeChannel(hub, links);
  const work = { links, first, warm: 0, measure: 10, rate: 1, messages: 1 };
  const once = async (hold: number): Promise<number> => {
    const figures = await bench.load.messages(target(hub, hubSpeech("single")), { ...work, hold });
    return figures.delivery_p99_ms;
  };
  const woken: number[] = [];
  const warm: number[] = [];
  for (let trial = 0; trial < TRIALS; trial++) {
    const before = await countsOf(hub);
    woken.push(await once(SLEEP_S));
    const after = await countsOf(hub);
    if (after.channel.made === before.channel.made) throw new Error("the object did not sleep");
    warm.push(await once(0.2));
  }
  return { woken: median(woken), warm: median(warm) };
}

async function sizes(): Promise<Section> {
  const all = await measureSizes();
  return section("Bundle sizes", {
    goals: all.flatMap(sizeGoals),
    notes: ["`node bench/sizes.ts` prints them and ends with 1 beyond them."],
  });
}

function sizeGoals({ name, minified, minified_kb, gzip, gzip_kb }: Size): Goal[] {
  return [
    absolute(`${name}, minified, KiB`, minified, { most: minified_kb }),
    absolute(`${name}, gzipped, KiB`, gzip, { most: gzip_kb }),
  ];
}
