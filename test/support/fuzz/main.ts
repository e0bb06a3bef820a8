/** `npm run test:fuzz -- --cases 200000 --seed 1`: fuzzes a real hub and prints what it answered. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { buildWorker } from "../process/build.ts";
import { startFuzzedHub } from "./fuzzed-hub.ts";
import { fuzz } from "./rig.ts";

const { values } = parseArgs({ options: { cases: { type: "string" }, seed: { type: "string" } } });
const [cases, seed] = [Number(values.cases ?? 200_000), Number(values.seed ?? Date.now() % 1e6)];
console.log(`fuzz: ${cases} cases, seed ${seed}`);
const directory = await mkdtemp(join(tmpdir(), "channel-hub-fuzz-"));
const worker = join(directory, "worker.js");
await buildWorker(worker);
const { hub, hubKey } = await startFuzzedHub(worker);
try {
  const started_at = performance.now();
  const outcomes = await fuzz(hub, { cases, seed, hubKey, progress: (done) => console.log(`${done} cases`) });
  console.table(Object.fromEntries(Object.entries(outcomes).toSorted(([, a], [, b]) => b - a)));
  console.log(`${cases} cases, seed ${seed}: no fault, in ${Math.round((performance.now() - started_at) / 1000)} s`);
} finally {
  await hub[Symbol.asyncDispose]();
  await rm(directory, { recursive: true, force: true });
}
