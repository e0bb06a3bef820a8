/** Builds the Worker and the command once for all end-to-end tests. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { bundleCommand } from "../../../scripts/bundle-command.ts";
import { buildWorker } from "../../support/process/build.ts";
import { BUNDLED_COMMAND } from "../../support/process/command.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** Path of the bundle. */
    readonly worker: string;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const directory = await mkdtemp(join(tmpdir(), "channel-hub-worker-"));
  const worker = join(directory, "worker.js");
  // In folders as `dist` has them: the command finds itself by them.
  await Promise.all([buildWorker(worker), bundleCommand(directory, "cli/parts", { "cli/bin": "cli/bin.ts" })]);
  project.provide("worker", worker);
  process.env[BUNDLED_COMMAND] = join(directory, "cli/bin.js");
  return () => rm(directory, { recursive: true, force: true });
}
