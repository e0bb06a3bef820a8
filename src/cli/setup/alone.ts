/** One set-up at a time on a machine: each reads what the last one wrote. */
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { EXIT, Failed } from "../exit.ts";
import { Lock } from "../wake/lock.ts";

/** Milliseconds: another one writes a few files. */
const WAIT_MS = 10_000;
const LOOK_MS = 50;

/** @param home folder of the command's own settings */
export async function alone<T>(home: string, work: () => T | Promise<T>): Promise<T> {
  const lock = await take(join(home, "setup.lock"));
  try {
    return await work();
  } finally {
    lock.release();
  }
}

async function take(path: string): Promise<Lock> {
  for (const until = performance.now() + WAIT_MS; ; await sleep(LOOK_MS)) {
    const taken = Lock.take(path);
    if (taken instanceof Lock) return taken;
    if (performance.now() >= until) throw new Failed(EXIT.busy, `another setup runs here: process ${taken.pid}`);
  }
}
