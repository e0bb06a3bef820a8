/**
 * Random scripts, played on the channel's rules and on a reference model: they hold whatever the
 * order. A failure prints the smallest script that fails and how to play it again.
 */
import { expect, test } from "vitest";
import { lengthOf } from "../support/length.ts";
import { runModel } from "../support/model/core.ts";

const SCRIPTS = lengthOf({ short: 500, long: 1500 });

test("[ORD1] [DUR3] [SOC2] [LIS3] [MEM1] [GRD1] [GRD2] the channel does what the model does, whatever it is asked", () => {
  const seed = Date.now() % 1_000_000;
  expect(runModel({ seed, scripts: SCRIPTS })).toBeGreaterThan(SCRIPTS);
});
