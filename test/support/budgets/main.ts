/**
 * `npm run test:budgets [-- --short] [-- T40]`: drives what can be used up to all its limits, and tells
 * what it cost: memory, turns, and how long other members waited. Counts and bytes decide whether it
 * passes; times are told, with those of a hub that nobody attacks beside them.
 */
import { type ChildProcess, fork } from "node:child_process";
import { readFileSync } from "node:fs";
import { buildWorker } from "../process/build.ts";
import { freePort } from "../process/ports.ts";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ATTACKS, type Attack, type Count } from "./attacks.ts";
import { forgetPeak, heapOf, memoryOf, percentile, TELLING_TURNS, turnsOf } from "./gauge.ts";
import { FULL, SHORT, Stage } from "./stage.ts";

const QUIET_MS = 5000;

const words = process.argv.slice(2);
const reach = words.includes("--short") ? SHORT : FULL;
const wanted = words.filter((word) => /^T\d+$/.test(word));
const directory = await mkdtemp(join(tmpdir(), "channel-hub-budgets-"));
const rows: Record<string, string | number>[] = [];
const broken: string[] = [];
try {
  const worker = join(directory, "worker.js");
  await buildWorker(worker, TELLING_TURNS);
  const quiet: Attack = { threat: "", resource: "nothing", from: "nobody", run: () => wait(QUIET_MS) };
  for (const attack of [quiet, ...ATTACKS]) {
    if (wanted.length > 0 && attack !== quiet && !wanted.includes(attack.threat)) continue;
    await measure(attack, worker);
  }
} finally {
  await rm(directory, { recursive: true, force: true });
}
for (const row of rows.slice(0, 1)) console.log(`| ${Object.keys(row).join(" | ")} |`);
for (const row of rows) console.log(`| ${Object.values(row).join(" | ")} |`);
for (const one of broken) console.log(one);
console.log(`load of this machine: ${readFileSync("/proc/loadavg", "utf8").split(" ").slice(0, 3).join(" ")}`);
if (broken.length > 0) process.exitCode = 1;

async function wait(ms: number): Promise<readonly Count[]> {
  await new Promise((resolve) => setTimeout(resolve, ms));
  return [];
}

/** Each in a hub of its own, so that none finds what another left. */
async function measure({ threat, resource, from, run }: Attack, worker: string): Promise<void> {
  const inspector = await freePort();
  await using stage = await Stage.start({ worker, reach, inspector });
  const { hub } = stage;
  const channel = await stage.channel("aside");
  const aside = fork(new URL("bystander.ts", import.meta.url), [hub.url, channel, stage.teams.at(-1) ?? ""]);
  await said(aside);
  const [before, heap] = [memoryOf(hub).now, await heapOf(hub, inspector)];
  turnsOf(hub);
  forgetPeak(hub);
  const counts = await run(stage);
  const [turns, memory, heapAfter] = [turnsOf(hub), memoryOf(hub), await heapOf(hub, inspector)];
  aside.send("end");
  const took = (await said(aside)) as readonly number[];
  rows.push({
    attack: `${threat} ${resource}, from ${from}`,
    counts: counts.map(({ what, is }) => `${what} ${is}`).join("; "),
    "heap MiB": (heapAfter - heap).toFixed(1),
    "process MiB, most": (memory.peak - before).toFixed(0),
    "turn ms, p99": percentile(turns, 0.99),
    "turn ms, longest": turns.at(-1) ?? 0,
    "others' p50 ms": percentile(took, 0.5).toFixed(1),
    "others' p99 ms": percentile(took, 0.99).toFixed(1),
  });
  console.log(JSON.stringify(rows.at(-1)));
  for (const { what, is, least, most } of counts)
    if (is < least || is > most) broken.push(`${resource}, from ${from}: ${what} ${is}, not ${least} to ${most}`);
}

function said(child: ChildProcess): Promise<unknown> {
  return new Promise((resolve, reject) => {
    child.removeAllListeners("error").once("message", resolve).once("error", reject);
  });
}
