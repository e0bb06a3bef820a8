/**
 * A hub as its own process: the built Worker under `workerd serve`, with its state on disk. This is
 * the runtime of production without the tools around it, so killing it is a crash and nothing else,
 * and it serves again within milliseconds.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { copyFile, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "./ports.ts";

export const HUB_KEY = "test-key-that-is-long-enough";

/** `ulimit -f` counts in half KiB, by POSIX. */
const ULIMIT_UNITS = 2;

export interface HubOptions {
  /** The bundle to run. */
  readonly worker: string;
  /** Variables of the hub. */
  readonly variables?: Readonly<Record<string, string>>;
  /** Keeps the state of an earlier process. */
  readonly directory?: string;
  /** A folder of static files, served as a deployment serves them: in front of the Worker. */
  readonly assets?: string;
  /** KiB that any file may grow to; 0: no limit. Needs no rights, where a small disk would need root. */
  readonly file_limit?: number;
  /** Port of the runtime's inspector, which tells of its heap. */
  readonly inspector?: number;
}

export class HubProcess {
  readonly port: number;
  /** Configuration, and the state that a crash leaves behind. */
  readonly directory: string;
  #child: ChildProcess | undefined;
  /** What the runtime said, for failing tests. */
  output = "";
  /** See `HubOptions`; counts from the next launch. */
  file_limit: number;
  readonly #inspector: number | undefined;

  private constructor(port: number, directory: string, { file_limit = 0, inspector }: HubOptions) {
    this.port = port;
    this.directory = directory;
    this.file_limit = file_limit;
    this.#inspector = inspector;
  }

  static async start(options: HubOptions): Promise<HubProcess> {
    const { worker, variables = {}, directory, assets } = options;
    const home = directory ?? (await mkdtemp(join(tmpdir(), "channel-hub-")));
    const hub = new HubProcess(await freePort(), home, options);
    await mkdir(join(home, "state"), { recursive: true });
    await copyFile(worker, join(home, "worker.js"));
    await writeFile(
      join(home, "config.capnp"),
      configuration(hub.port, join(home, "state"), { HUB_KEY, ...variables }, assets),
    );
    try {
      await hub.restart();
    } catch (error) {
      await hub.kill();
      if (directory === undefined) await rm(home, { recursive: true, force: true });
      throw error;
    }
    return hub;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Starts the runtime on the same port and state; returns when it serves. */
  async restart(): Promise<void> {
    await this.#untilServing(this.launch());
  }

  /** Starts the runtime and does not wait until it serves: to be killed while it is still coming up. */
  launch(): ChildProcess {
    const inspect = this.#inspector === undefined ? [] : [`--inspector-addr=127.0.0.1:${this.#inspector}`];
    const serve = [workerdPath(), "serve", "--experimental", ...inspect, join(this.directory, "config.capnp")];
    // A write beyond the limit must fail, not kill.
    const limit = `trap '' XFSZ; ulimit -f ${this.file_limit * ULIMIT_UNITS}; exec "$0" "$@"`;
    const [command = "", ...rest] = this.file_limit > 0 ? ["sh", "-c", limit, ...serve] : serve;
    const child = spawn(command, rest, { stdio: ["ignore", "pipe", "pipe"] });
    this.#child = child;
    endWithUs(child);
    for (const stream of [child.stdout, child.stderr])
      stream?.on("data", (text: Buffer) => (this.output += text.toString()));
    return child;
  }

  /** SIGKILL, as a power cut would end it; returns when the process is gone. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    // Its end, and that of what it still had to say.
    const gone = new Promise<void>((done) => child.once("close", () => done()));
    child.kill("SIGKILL");
    await gone;
  }

  /** Ends the process and removes its state. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    await rm(this.directory, { recursive: true, force: true });
  }

  async #untilServing(child: ChildProcess): Promise<void> {
    for (let tries = 0; tries < 10_000; tries++) {
      if (child.exitCode !== null) throw new Error(`the runtime ended with ${child.exitCode}: ${this.output}`);
      const answer = await fetch(`${this.url}/health`).catch(() => undefined);
      if (answer?.ok === true) return;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    throw new Error(`the runtime does not serve: ${this.output}`);
  }
}

/** A process that nobody waits for any more does not outlive the tests. */
export function endWithUs(
  child: ChildProcess,
  end: () => void = () => {
    child.kill("SIGKILL");
  },
): void {
  process.once("exit", end);
  child.once("exit", () => process.off("exit", end));
}

/** The binary itself: a signal to the package's script would not reach it. */
export function workerdPath(): string {
  const own = createRequire(createRequire(import.meta.url).resolve("workerd/package.json"));
  const system = process.platform === "win32" ? "windows" : process.platform;
  const machine = process.arch === "x64" ? "64" : process.arch;
  return own.resolve(`@cloudflare/workerd-${system}-${machine}/bin/workerd`);
}

/** Files first, as `[assets]` of a deployment has it; what is none goes to the Worker. A disk knows no types. */
const FRONT_MODULE = `
  const TYPES = { tgz: "application/gzip", html: "text/html", js: "text/javascript", css: "text/css", svg: "image/svg+xml" };
  const fetch = async (request, { HUB, ASSETS }) => {
    const { pathname } = new URL(request.url);
    const path = pathname === "/" ? "/index.html" : pathname;
    const type = TYPES[path.split(".").at(-1)];
    if (type === undefined) return await HUB.fetch(request);
    const file = await ASSETS.fetch("http://assets" + path);
    return new Response(file.body, { status: file.status, headers: { "content-type": type } });
  };
  export default { fetch };`;
const FRONT = `const front :Workerd.Worker = (
  modules = [(name = "front.js", esModule = ${JSON.stringify(FRONT_MODULE)})],
  compatibilityDate = "2026-11-02",
  bindings = [(name = "HUB", service = "hub"), (name = "ASSETS", service = "assets")],
);`;

/** workerd's own configuration language (Cap'n Proto text). */
function configuration(
  port: number,
  state: string,
  variables: Readonly<Record<string, string>>,
  assets: string | undefined,
): string {
  const texts = Object.entries(variables).map(
    ([name, value]) => `(name = ${JSON.stringify(name)}, text = ${JSON.stringify(value)})`,
  );
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "hub", worker = .hub),
    (name = "state", disk = (path = ${JSON.stringify(state)}, writable = true)),
    ${assets === undefined ? "" : `(name = "front", worker = .front), (name = "assets", disk = ${JSON.stringify(assets)}),`}
  ],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "${assets === undefined ? "hub" : "front"}")],
);
${assets === undefined ? "" : FRONT}
const hub :Workerd.Worker = (
  modules = [(name = "worker.js", esModule = embed "worker.js")],
  compatibilityDate = "2026-11-02",
  compatibilityFlags = ["enable_request_signal"],
  bindings = [
    (name = "CHANNELS", durableObjectNamespace = "Channel"),
    (name = "HUB_INDEX", durableObjectNamespace = "HubIndex"),
    ${texts.join(",\n    ")},
    ${assets === undefined ? "" : '(name = "ASSETS", service = "assets")'}
  ],
  durableObjectNamespaces = [
    (className = "Channel", uniqueKey = "channel", enableSql = true),
    (className = "HubIndex", uniqueKey = "hub-index", enableSql = true),
  ],
  durableObjectStorage = (localDisk = "state"),
);
`;
}
