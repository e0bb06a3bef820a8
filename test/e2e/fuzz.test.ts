/** A fixed sample of what `npm run test:fuzz` does at length. */
import { expect, inject, onTestFinished, test } from "vitest";
import { startFuzzedHub } from "../support/fuzz/fuzzed-hub.ts";
import { lengthOf } from "../support/length.ts";
import { fuzz } from "../support/fuzz/rig.ts";

const CASES = lengthOf({ short: 1500, long: 5000 });

test(`[T14] [T18] ${CASES} fuzzed bodies, frames, URLs, headers and names: answers of the protocol, no fault, no trace of a refusal`, async () => {
  const { hub, hubKey } = await startFuzzedHub(inject("worker"));
  onTestFinished(() => hub[Symbol.asyncDispose]());
  const outcomes = await fuzz(hub, { cases: CASES, seed: 20_261_124, hubKey });
  // The sample reaches deep and wide: much was accepted, and refusals of every sort of field came.
  expect(outcomes["ok"]).toBeGreaterThan(CASES / 50);
  expect(outcomes["frame ack"]).toBeGreaterThan(CASES / 50);
  for (const code of ["bad_json", "bad_request", "bad_key", "bad_name", "bad_text", "bad_limit", "bad_signature"])
    expect(outcomes[code], code).toBeGreaterThan(0);
});
