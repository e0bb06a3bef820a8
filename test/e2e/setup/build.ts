/** Builds the Worker once for all end-to-end tests. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { buildWorker } from "../../support/process/build.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** Path of the bundle. */
    readonly worker: string;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const directory = await mkdtemp(join(tmpdir(), "channel-hub-worker-"));
  const worker = join(directory, "worker.js");
  await buildWorker(worker);
  project.provide("worker", worker);
  return () => rm(directory, { recursive: true, force: true });
}
