/** `npm run test:soak -- --minutes 60 --seed 1`: mixed traffic; prints what became of memory and storage. */
import { describeSoak, runSoak } from "../support/crash/soak.ts";
import { newSeed, readNumbers } from "./options.ts";
import { withWorker } from "../support/process/build.ts";

const { minutes, seed } = readNumbers({ minutes: 60, seed: newSeed() });
const report = await withWorker([], (worker) => runSoak({ worker, minutes, seed }));
console.log(`${describeSoak(report)}; again: npm run test:soak -- --minutes ${minutes} --seed ${seed}`);
for (const violation of report.violations.slice(0, 20)) console.log(violation);
if (report.violations.length > 0 || report.unread > 0) process.exitCode = 1;
