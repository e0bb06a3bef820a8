/**
 * A hub with its page, as `npm start` and a deployment have it: wrangler builds the page and serves
 * it beside the Worker. Killed, it is gone at once, with everything that wrangler started.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ROOT } from "./build.ts";
import { endWithUs, HUB_KEY } from "./hub-process.ts";
import { freePort } from "./ports.ts";

/** Only guards against hanging. */
const HANGING_MS = 120_000;
const POLL_MS = 50;

export class PageHub {
  readonly port: number;
  readonly #state: string;
  readonly #variables: Readonly<Record<string, string>>;
  #child: ChildProcess | undefined;
  /** What wrangler said, for failing tests. */
  output = "";

  private constructor(port: number, state: string, variables: Readonly<Record<string, string>>) {
    this.port = port;
    this.#state = state;
    this.#variables = variables;
  }

  static async start(variables: Readonly<Record<string, string>> = {}): Promise<PageHub> {
    const hub = new PageHub(await freePort(), await mkdtemp(join(tmpdir(), "channel-hub-page-")), variables);
    try {
      await hub.restart();
    } catch (error) {
      await hub[Symbol.asyncDispose]();
      throw error;
    }
    return hub;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Starts on the same port and state; returns when it serves. */
  async restart(): Promise<void> {
    const variables = Object.entries({ HUB_KEY, ...this.#variables }).flatMap(([name, value]) => [
      "--var",
      `${name}:${value}`,
    ]);
    const where = ["--ip", "127.0.0.1", "--port", `${this.port}`, "--inspector-port", `${await freePort()}`];
    const quiet = ["--show-interactive-dev-session", "false", "--log-level", "warn"];
    const wrangler = join(ROOT, "node_modules/wrangler/bin/wrangler.js");
    const child = spawn(
      process.execPath,
      [wrangler, "dev", ...where, "--persist-to", this.#state, ...quiet, ...variables],
      {
        cwd: ROOT,
        // A group of its own, so that all of it can be ended at once.
        detached: true,
        stdio: ["ignore", "pipe", "pipe"],
        env: {
          ...process.env,
          ...QUIET,
          PATH: `${join(ROOT, "node_modules/.bin")}${delimiter}${process.env["PATH"] ?? ""}`,
        },
      },
    );
    this.#child = child;
    endWithUs(child, () => endGroup(child));
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (text: Buffer) => (this.output += text.toString()));
    await this.#untilServing(child);
  }

  /** SIGKILL to everything; returns when nothing serves any more. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (child?.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, "exit");
    endGroup(child);
    await gone;
    while (await this.#isServing()) await sleep(POLL_MS);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    await rm(this.#state, { recursive: true, force: true });
  }

  async #untilServing(child: ChildProcess): Promise<void> {
    for (const until = Date.now() + HANGING_MS; Date.now() < until; await sleep(POLL_MS)) {
      if (child.exitCode !== null) throw new Error(`wrangler ended with ${child.exitCode}: ${this.output}`);
      if (await this.#isServing()) return;
    }
    throw new Error(`the hub does not serve: ${this.output}`);
  }

  async #isServing(): Promise<boolean> {
    const answer = await fetch(`${this.url}/health`).catch(() => undefined);
    return answer?.ok === true;
  }
}

const QUIET = {
  WRANGLER_SEND_METRICS: "false",
  WRANGLER_SEND_ERROR_REPORTS: "false",
  WRANGLER_HIDE_BANNER: "true",
  WRANGLER_WRITE_LOGS: "false",
  CLOUDFLARE_CF_FETCH_ENABLED: "false",
  X_LOCAL_EXPLORER: "false",
  X_LOCAL_OBSERVABILITY: "false",
};

function endGroup({ pid }: ChildProcess): void {
  if (pid !== undefined) process.kill(-pid, "SIGKILL");
}
