/**
 * A user's machine: a home and a project folder that nobody else has, and a `PATH` with Node, npm and
 * one host. Nothing of the real user's comes in, and no address but loopback goes out. Whatever was
 * started there is found again by that home in its environment, and ended by its process id.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { BIN } from "./cache.ts";
import type { HostName } from "./hosts/host.ts";

/** A port of loopback at which nobody listens: what a host asks of the world is refused at once. */
const NOWHERE = "http://127.0.0.1:9";
const LOOPBACK = "127.0.0.1,localhost,::1";

export interface Finished {
  /** Null when it had to be ended. */
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
  readonly ms: number;
}

export interface Process {
  readonly pid: number;
  readonly command: string;
}

export class Place {
  readonly root: string;
  readonly home: string;
  readonly project: string;
  readonly env: Record<string, string>;

  constructor(host: HostName) {
    this.root = mkdtempSync(join(tmpdir(), "host-rig-"));
    const bin = join(this.root, "bin");
    this.home = join(this.root, "home");
    this.project = join(this.root, "project");
    for (const folder of [bin, this.home, this.project]) mkdirSync(folder);
    PLACES.add(this);
    symlinkSync(join(BIN, host), join(bin, host));
    this.env = {
      HOME: this.home,
      PATH: [bin, dirname(process.execPath), "/usr/local/bin", "/usr/bin", "/bin"].join(delimiter),
      LANG: "C.UTF-8",
      TERM: "xterm-256color",
      COLORTERM: "truecolor",
      HTTP_PROXY: NOWHERE,
      HTTPS_PROXY: NOWHERE,
      NO_PROXY: LOOPBACK,
      npm_config_noproxy: LOOPBACK,
      npm_config_update_notifier: "false",
      // What a host would install from elsewhere fails at once.
      npm_config_fetch_retries: "0",
    };
  }

  /** Files below the home. */
  write(files: Readonly<Record<string, string>>): void {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(this.home, path)), { recursive: true });
      writeFileSync(join(this.home, path), text);
    }
  }

  /** Starts a command in the project. */
  start(command: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): ChildProcess {
    return spawn(command, args, { cwd: this.project, env: { ...this.env, ...env }, stdio: ["pipe", "pipe", "pipe"] });
  }

  /** Runs it to its end, at most `most` milliseconds. */
  async run(
    [command = "", ...args]: readonly string[],
    { most = 60_000, input = "", env = {} }: { most?: number; input?: string; env?: Record<string, string> } = {},
  ): Promise<Finished> {
    const begin = performance.now();
    const child = this.start(command, args, env);
    let [out, err] = ["", ""];
    child.stdout?.on("data", (part: Buffer) => (out += part.toString()));
    child.stderr?.on("data", (part: Buffer) => (err += part.toString()));
    child.stdin?.on("error", () => undefined).end(input);
    const guard = setTimeout(() => child.kill("SIGKILL"), most);
    // Not its pipes' end: what it left behind may hold them.
    const [code] = (await once(child, "exit")) as [number | null];
    clearTimeout(guard);
    return { code, out, err, ms: performance.now() - begin };
  }

  /** What runs that was started here, by whomever. */
  processes(): Process[] {
    return readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name))
      .flatMap((pid): Process[] => {
        try {
          if (!readFileSync(`/proc/${pid}/environ`, "utf8").includes(`HOME=${this.home}\0`)) return [];
          const command = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").trim();
          return command === "" ? [] : [{ pid: Number(pid), command }];
        } catch {
          // It ended meanwhile, or is not ours to look at.
          return [];
        }
      });
  }

  /** What still runs of ours after at most `most` milliseconds; a host may keep servants of its own. */
  async left(most: number): Promise<Process[]> {
    const ours = (): Process[] => this.processes().filter(({ command }) => /channel-hub/.test(command));
    for (const until = performance.now() + most; performance.now() < until; await sleep(100))
      if (ours().length === 0) return [];
    return ours();
  }

  /** Ends what still runs. */
  async clear(): Promise<void> {
    for (let tries = 0; tries < 50 && this.#kill() > 0; tries++) await sleep(50);
  }

  /** Ends what still runs, and removes everything. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.clear();
    this.remove();
  }

  /** The same at once, for a run that is broken off. */
  remove(): void {
    this.#kill();
    rmSync(this.root, { recursive: true, force: true, maxRetries: 5 });
    PLACES.delete(this);
  }

  /** How many there were to kill. */
  #kill(): number {
    const running = this.processes();
    for (const { pid } of running) {
      try {
        process.kill(pid, "SIGKILL");
      } catch {
        // It was faster.
      }
    }
    return running.length;
  }
}

const PLACES = new Set<Place>();
process.once("exit", () => {
  for (const place of PLACES) place.remove();
});
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(130));
