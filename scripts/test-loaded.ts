/**
 * `npm run test:loaded -- --runs 3`: the whole suite while the machine has much else to do. Packages
 * are installed in a loop, which keeps the disk busy, and two loops keep two processors busy. No
 * test's outcome may depend on that. Further arguments go to vitest.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";

const ROOT = resolve(import.meta.dirname, "..");
const BUSY_LOOPS = 2;
/** Whatever happens, nothing of it lives longer. */
const HANGING_MS = 60 * 60_000;

const { values, positionals } = parseArgs({ options: { runs: { type: "string" } }, allowPositionals: true });
const runs = Number(values.runs ?? 1);
if (!Number.isInteger(runs) || runs < 1) throw new Error("--runs must be a whole number from 1");

class Load implements AsyncDisposable {
  /** Installs that were finished. */
  installs = 0;
  readonly #folder: string;
  readonly #loops: readonly ChildProcess[];
  #installing: ChildProcess | undefined;
  #isOver = false;
  readonly #done: Promise<void>;

  private constructor(folder: string) {
    this.#folder = folder;
    const busy = ["-e", `const end = Date.now() + ${HANGING_MS}; while (Date.now() < end);`];
    this.#loops = Array.from({ length: BUSY_LOOPS }, () => spawn(process.execPath, busy, { stdio: "ignore" }));
    process.once("exit", this.#kill);
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => process.exit(1));
    this.#done = this.#installOn();
  }

  static async start(): Promise<Load> {
    const folder = await mkdtemp(join(tmpdir(), "channel-hub-load-"));
    for (const file of ["package.json", "package-lock.json"]) await cp(join(ROOT, file), join(folder, file));
    return new Load(folder);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#kill();
    process.off("exit", this.#kill);
    await this.#done;
    await rm(this.#folder, { recursive: true, force: true });
  }

  /** From npm's cache where it has everything, else from the registry. */
  async #installOn(): Promise<void> {
    const flags = ["ci", "--prefer-offline", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"];
    while (!this.#isOver) {
      this.#installing = spawn("npm", flags, { cwd: this.#folder, stdio: "ignore", detached: true });
      if ((await ended(this.#installing)) === 0) this.installs++;
    }
  }

  readonly #kill = (): void => {
    this.#isOver = true;
    for (const loop of this.#loops) loop.kill("SIGKILL");
    if (this.#installing !== undefined) endGroup(this.#installing);
  };
}

/** npm starts others, in its group. */
function endGroup({ pid, exitCode, signalCode }: ChildProcess): void {
  if (pid !== undefined && exitCode === null && signalCode === null) process.kill(-pid, "SIGKILL");
}

async function ended(child: ChildProcess): Promise<number | null> {
  await once(child, "close");
  return child.exitCode;
}

for (let run = 1; run <= runs && process.exitCode !== 1; run++) {
  await using load = await Load.start();
  const started = performance.now();
  const suite = spawn("npm", ["test", "--", ...positionals], { cwd: ROOT, stdio: "inherit", detached: true });
  const end = (): void => endGroup(suite);
  process.once("exit", end);
  const code = await ended(suite);
  process.off("exit", end);
  const seconds = Math.round((performance.now() - started) / 1000);
  console.log(`run ${run} of ${runs} under load: exit ${code} after ${seconds} s, beside ${load.installs} installs`);
  if (code !== 0 || load.installs === 0) process.exitCode = 1;
}
