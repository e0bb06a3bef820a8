/**
 * The load generator's hand: compiles `load/*.c` once a run, starts it against a server, and reads
 * the one line that it prints.
 */
import { execFile } from "node:child_process";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const SOURCES = join(import.meta.dirname, "load");

/** How a server is spoken to; the templates are explained in load/template.c. */
export interface Speech {
  readonly path?: string;
  readonly send: string;
  /** Lines of headers, each ending in CR LF. */
  readonly headers?: string;
  /** Said on each link as soon as it is open. */
  readonly hello?: readonly string[];
  readonly transport?: "ws" | "tcp";
  /** Says `seen` as the product's client does. */
  readonly seen?: boolean;
}

/** What is asked of it. */
export interface Work {
  /** Sockets of a channel. */
  readonly links: number;
  readonly groups?: number;
  /** Number of the first channel. */
  readonly first?: number;
  readonly per_key?: number;
  readonly publishers?: number;
  /** Of a publisher. */
  readonly in_flight?: number;
  /** Handshakes at once. */
  readonly opening?: number;
  readonly text?: number;
  /** Messages a second; absent: as fast as they are delivered. */
  readonly rate?: number;
  /** Seconds. */
  readonly hold?: number;
  readonly warm?: number;
  readonly measure?: number;
  readonly messages?: number;
}

export interface Target {
  readonly port: number;
  readonly pids: readonly number[];
  readonly speech: Speech;
}

/** What a run came to. */
export interface Figures {
  readonly seconds: number;
  readonly messages: number;
  readonly deliveries: number;
  readonly frames: number;
  readonly bytes: number;
  readonly reads: number;
  readonly stale: number;
  readonly dead: number;
  readonly opening_s: number;
  readonly held_kb: number;
  readonly server_cpu_s: number;
  readonly own_cpu_s: number;
  readonly delivery_p50_ms: number;
  readonly delivery_p99_ms: number;
  readonly ack_p50_ms: number;
  readonly ack_p99_ms: number;
}

export interface HttpFigures {
  readonly seconds: number;
  readonly answers: number;
  readonly requests: number;
  readonly failures: number;
  readonly bytes: number;
  readonly server_cpu_s: number;
  readonly own_cpu_s: number;
  readonly p50_ms: number;
  readonly p99_ms: number;
}

export interface Requests {
  readonly method: string;
  /** `{n}` stands for the number of the request. */
  readonly path: string;
  readonly body?: string;
  readonly headers?: string;
  readonly links: number;
  readonly first?: number;
  readonly warm?: number;
  readonly measure?: number;
  readonly messages?: number;
}

export class Load {
  readonly #directory: string;

  private constructor(directory: string) {
    this.#directory = directory;
  }

  /** Undefined where there is no C compiler. */
  static async compile(): Promise<Load | undefined> {
    const directory = await mkdtemp(join(tmpdir(), "channel-hub-load-"));
    const load = new Load(directory);
    const sources = (await readdir(SOURCES)).filter((file) => file.endsWith(".c")).map((file) => join(SOURCES, file));
    try {
      await run("gcc", ["-O2", "-Wall", "-Wextra", "-Werror", "-o", load.#binary, ...sources]);
      return load;
    } catch (error) {
      await rm(directory, { recursive: true });
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
      throw error;
    }
  }

  get #binary(): string {
    return join(this.#directory, "load");
  }

  /** Messages through a channel, or several. */
  async messages({ port, pids, speech }: Target, work: Work): Promise<Figures> {
    const { hello = [], ...spoken } = speech;
    const hellos = hello.flatMap((text) => ["--hello", text]);
    return (await this.#run(port, pids, { ...spoken, ...work }, hellos)) as Figures;
  }

  /** Requests over kept connections. */
  async requests({ port, pids }: Pick<Target, "port" | "pids">, requests: Requests): Promise<HttpFigures> {
    return (await this.#run(port, pids, requests, [])) as HttpFigures;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#directory, { recursive: true, force: true });
  }

  async #run(port: number, pids: readonly number[], options: object, more: readonly string[]): Promise<unknown> {
    const words = Object.entries<string | number | boolean>({ port, pids: pids.join(","), ...options }).flatMap(
      ([name, value]) => [`--${name.replaceAll("_", "-")}`, typeof value === "boolean" ? "yes" : String(value)],
    );
    const { stdout } = await run(this.#binary, [...words, ...more]);
    return JSON.parse(stdout);
  }
}
