/** Any Worker as its own process, free to reach the machine's own ports: for code that runs in Workers too. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { endWithUs, workerdPath } from "./hub-process.ts";
import { freePort } from "./ports.ts";

export class WorkerProcess {
  readonly url: string;
  readonly #child: ChildProcess;
  readonly #directory: string;

  private constructor(url: string, child: ChildProcess, directory: string) {
    this.url = url;
    this.#child = child;
    this.#directory = directory;
  }

  /** Bundles the module `entry` and serves it; returns when it answers. */
  static async start(entry: string): Promise<WorkerProcess> {
    const directory = await mkdtemp(join(tmpdir(), "channel-hub-worker-"));
    const port = await freePort();
    await build({ entryPoints: [entry], outfile: join(directory, "worker.js"), bundle: true, format: "esm" });
    await writeFile(join(directory, "config.capnp"), configuration(port));
    const child = spawn(workerdPath(), ["serve", "--experimental", join(directory, "config.capnp")], {
      stdio: ["ignore", "inherit", "inherit"],
    });
    endWithUs(child);
    const worker = new WorkerProcess(`http://127.0.0.1:${port}`, child, directory);
    await worker.#untilServing();
    return worker;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode === null) {
      const gone = new Promise<void>((done) => this.#child.once("exit", () => done()));
      this.#child.kill("SIGKILL");
      await gone;
    }
    await rm(this.#directory, { recursive: true, force: true });
  }

  async #untilServing(): Promise<void> {
    for (let tries = 0; tries < 10_000; tries++) {
      if (this.#child.exitCode !== null) throw new Error(`the runtime ended with ${this.#child.exitCode}`);
      const answer = await fetch(this.url).catch(() => undefined);
      if (answer !== undefined) return void (await answer.text());
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    throw new Error("the runtime does not serve");
  }
}

/** workerd's own configuration language (Cap'n Proto text). */
function configuration(port: number): string {
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "worker", worker = .worker),
    (name = "internet", network = (allow = ["public", "private", "local"])),
  ],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "worker")],
);
const worker :Workerd.Worker = (
  modules = [(name = "worker.js", esModule = embed "worker.js")],
  compatibilityDate = "2026-11-02",
);
`;
}
