/** `npm run test:network -- --cuts 200 [--messages 2000] [--seed 7]`: the network rig at any length. */
import { parseArgs } from "node:util";
import { withWorker } from "../process/build.ts";
import { describeNetwork, FORGETFUL, runNetworkRig } from "./rig.ts";

const { values } = parseArgs({
  options: { cuts: { type: "string" }, messages: { type: "string" }, seed: { type: "string" } },
});
const cuts = Number(values.cuts ?? 200);
const messages = Number(values.messages ?? cuts * 10);
const seed = Number(values.seed ?? Date.now() % 1_000_000);

await withWorker([FORGETFUL], async (worker) => {
  const report = await runNetworkRig({ worker, cuts, messages, seed });
  console.info(describeNetwork(report));
  for (const violation of report.violations) console.info(violation);
  process.exitCode = report.violations.length === 0 ? 0 : 1;
});
