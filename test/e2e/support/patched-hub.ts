/** A hub built from patched source: one that tells more of itself, lives faster, or breaks a promise. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { buildWorker, type Patch } from "../../support/process/build.ts";
import { HubProcess } from "../../support/process/hub-process.ts";

/** Rates that do not grow again: how much of a burst is left does not depend on how long a test takes. */
export const SPENT_FOR_GOOD: Patch = {
  file: "src/channel/rate.ts",
  find: "bucket.tokens + (Math.max(0, now - bucket.at) / 1000) * per_second;\n  const tokens",
  replace: "bucket.tokens;\n  const tokens",
};

/** Ends with the test. */
export async function patchedHub(
  patches: readonly Patch[],
  variables: Readonly<Record<string, string>> = {},
): Promise<HubProcess> {
  const directory = await mkdtemp(join(tmpdir(), "channel-hub-patched-"));
  const worker = join(directory, "worker.js");
  await buildWorker(worker, patches);
  const hub = await HubProcess.start({ worker, variables: { HUB_RATE_PER_SECOND: "0", ...variables } });
  onTestFinished(async () => {
    await hub[Symbol.asyncDispose]();
    await rm(directory, { recursive: true, force: true });
  });
  return hub;
}
