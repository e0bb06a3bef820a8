/**
 * `npm run test:crash -- --kills 1000 --seed 1`: kills a hub under load and judges all that was
 * seen. `--index 1`: amid creates and deletes instead. `--restores 1`: files are put back, lost and
 * damaged between the kills. Ends with 1 where a promise was broken.
 */
import { describeReport } from "../support/crash/report.ts";
import { describeRestores, runRestoreRig } from "../support/crash/restore.ts";
import { runCrashRig } from "../support/crash/rig.ts";
import { describeSaga, runSagaRig, SOON } from "../support/crash/saga.ts";
import { newSeed, readNumbers } from "./options.ts";
import { withWorker } from "../support/process/build.ts";

const { kills, seed, index, restores } = readNumbers({ kills: 1000, seed: newSeed(), index: 0, restores: 0 });

if (restores > 0) {
  const report = await withWorker([], (worker) => runRestoreRig({ worker, kills, seed, onKill }));
  tell(describeRestores(report), report.violations, report.gaps > 0);
} else if (index > 0) {
  const report = await withWorker([SOON], (worker) => runSagaRig({ worker, kills, seed }));
  tell(describeSaga(report), report.violations, true);
} else {
  const report = await withWorker([], (worker) => runCrashRig({ worker, kills, seed, onKill }));
  tell(describeReport(report), report.violations, report.unread === 0 && report.acked === report.sent);
}

/** A line now and then, for a run of many minutes. */
function onKill(done: number, violations: number): void {
  if (done % 100 === 0) console.log(`${done} kills, ${violations} violations`);
}

function tell(said: string, violations: readonly unknown[], isComplete: boolean): void {
  console.log(said);
  for (const violation of violations.slice(0, 20)) console.log(violation);
  if (!isComplete) console.log("not everything that was sent was acked and read: the run proves too little");
  if (violations.length > 0 || !isComplete) process.exitCode = 1;
}
