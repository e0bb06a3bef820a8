/** Builds the Worker for a long run, and takes it away again. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildWorker, type Patch } from "../support/process/build.ts";

export async function withWorker<T>(patches: readonly Patch[], use: (worker: string) => Promise<T>): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), "channel-hub-prove-"));
  try {
    const worker = join(directory, "worker.js");
    await buildWorker(worker, patches);
    return await use(worker);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
