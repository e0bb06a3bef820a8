/** A hub built from patched source: one that tells more of itself, lives faster, or breaks a promise. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { buildWorker, type Patch } from "../../support/process/build.ts";
import { HubProcess } from "../../support/process/hub-process.ts";

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
