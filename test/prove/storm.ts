/** `npm run test:storm -- --sockets 1000`: how long a hub takes to take them all back, and whether it does. */
import { describeStorm, runStorm } from "../support/crash/storm.ts";
import { readNumbers } from "./options.ts";
import { withWorker } from "../support/process/build.ts";

const { sockets, storms } = readNumbers({ sockets: 1000, storms: 3 });
const report = await withWorker([], (worker) => runStorm({ worker, sockets, storms }));
console.log(describeStorm(report));
for (const violation of report.violations.slice(0, 20)) console.log(violation);
if (report.violations.length > 0) process.exitCode = 1;
