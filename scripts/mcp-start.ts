/**
 * `npm run measure:mcp`: what the MCP endpoint costs the first request of an isolate, beside the hub
 * without it and the hub with the official SDK. Processor time is the runtime's own, from its start
 * to the first answer, as Linux counts it; the difference to the hub alone is the endpoint's.
 */
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { buildWorker } from "../test/support/process/build.ts";
import { HUB_KEY, HubProcess } from "../test/support/process/hub-process.ts";

/** Odd, so that the median is one of them. */
const RUNS = 9;
/** Calls after the first, for the cost of a warm one. */
const WARM_CALLS = 500;

const VARIANTS = [
  { what: "the hub alone (GET /health)", entry: "src/hub/index.ts", path: undefined },
  { what: "with its own endpoint", entry: "test/hub/support/mcp-worker.ts", path: "/fixture/echo" },
  { what: "with the official SDK", entry: "test/hub/support/mcp-sdk-worker.ts", path: "/fixture/echo" },
] as const;

type Variant = (typeof VARIANTS)[number];

interface Cost {
  /** Milliseconds of processor time until the first answer. */
  readonly cold: number;
  /** Milliseconds of processor time of each later call. */
  readonly warm: number;
}

const home = await mkdtemp(join(tmpdir(), "channel-hub-measure-"));
try {
  if (process.platform === "linux") for (const variant of VARIANTS) await report(variant);
  else console.log("not run: processor time is read from /proc, which only Linux has");
} finally {
  await rm(home, { recursive: true });
}

async function report({ what, entry, path }: Variant): Promise<void> {
  const worker = join(home, "worker.js");
  await buildWorker(worker, [], entry);
  const bundle = await readFile(worker);
  const costs: Cost[] = [];
  for (let at = 0; at < RUNS; at++) costs.push(await measure(worker, path));
  const [cold, warm] = [median(costs.map((cost) => cost.cold)), median(costs.map((cost) => cost.warm))];
  const sizes = `${kib(bundle.length)} KiB, ${kib(gzipSync(bundle).length)} gzip`;
  console.log(
    `${what}: ${sizes}; first answer ${cold.toFixed(0)} ms of processor time, later ones ${warm.toFixed(2)} ms`,
  );
}

async function measure(worker: string, path: Variant["path"]): Promise<Cost> {
  await using hub = await HubProcess.start({ worker });
  await ask(hub, path);
  const cold = await processorTime(hub.pid);
  for (let at = 0; at < WARM_CALLS; at++) await ask(hub, path);
  return { cold, warm: ((await processorTime(hub.pid)) - cold) / WARM_CALLS };
}

async function ask({ url }: HubProcess, path: Variant["path"]): Promise<void> {
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: "echo", arguments: {} } });
  const headers = {
    "x-spf-key": HUB_KEY,
    "content-type": "application/json",
    accept: "application/json, text/event-stream",
    "mcp-protocol-version": "2025-11-25",
  };
  const init = path === undefined ? {} : { method: "POST", headers, body };
  const answer = await fetch(url + (path ?? "/health"), init);
  const text = await answer.text();
  if (!answer.ok || (path !== undefined && !text.includes('"content"'))) throw new Error(`${answer.status} ${text}`);
}

/** Milliseconds that all threads of a process have run: the first field of /proc/PID/task/TID/schedstat, in ns. */
async function processorTime(pid: number | undefined): Promise<number> {
  const tasks = `/proc/${pid}/task`;
  const stats = await Promise.all((await readdir(tasks)).map((id) => readFile(join(tasks, id, "schedstat"), "utf8")));
  return stats.reduce((sum, stat) => sum + Number(stat.split(" ")[0]), 0) / 1e6;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

function kib(bytes: number): string {
  return (bytes / 1024).toFixed(0);
}
