/** A hub that is killed under many sockets takes them all back, and nobody notices but for the time. */
import { expect, inject, test } from "vitest";
import { lengthOf } from "../support/length.ts";
import { describeStorm, runStorm } from "../support/crash/storm.ts";

const SOCKETS = lengthOf({ short: 100, long: 200 });

test(`[SOC1] [SOC2] [MEM1] ${SOCKETS} sockets that lost their hub at once come back, join nothing twice and miss nothing`, async () => {
  const report = await runStorm({ worker: inject("worker"), sockets: SOCKETS, storms: 2 });
  console.info(describeStorm(report));
  expect(report.violations).toEqual([]);
  expect(report.back_ms).toHaveLength(2);
});
