/** `npm run test:fuzz -- --cases 200000 --seed 1`: fuzzes a real hub and prints what it answered. */
import { parseArgs } from "node:util";
import { withWorker } from "../process/build.ts";
import { startFuzzedHub } from "./fuzzed-hub.ts";
import { fuzz } from "./rig.ts";

const { values } = parseArgs({ options: { cases: { type: "string" }, seed: { type: "string" } } });
const [cases, seed] = [Number(values.cases ?? 200_000), Number(values.seed ?? Date.now() % 1e6)];
console.log(`fuzz: ${cases} cases, seed ${seed}`);
await withWorker([], async (worker) => {
  const { hub: running, hubKey } = await startFuzzedHub(worker);
  await using hub = running;
  const started_at = performance.now();
  const outcomes = await fuzz(hub, { cases, seed, hubKey, progress: (done) => console.log(`${done} cases`) });
  console.table(Object.fromEntries(Object.entries(outcomes).toSorted(([, a], [, b]) => b - a)));
  console.log(`${cases} cases, seed ${seed}: no fault, in ${Math.round((performance.now() - started_at) / 1000)} s`);
});
