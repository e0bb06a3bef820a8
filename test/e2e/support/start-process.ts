/** `npm start` as a stranger runs it: a process group of its own, and what its terminal shows. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { ROOT } from "../../support/process/build.ts";

/** The request that the printed line makes. */
export interface PrintedLine {
  readonly url: string;
  readonly init: RequestInit;
}

export class StartProcess {
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;
  /** Everything the terminal shows. */
  output = "";

  /** `npm start -- ARGS`. */
  constructor(args: readonly string[], variables: Readonly<Record<string, string>> = {}) {
    const { HUB_KEY: _key, ...inherited } = process.env;
    const env = { ...inherited, ...variables };
    this.#child = spawn("npm", ["--silent", "start", "--", ...args], { cwd: ROOT, env, detached: true });
    this.#ended = once(this.#child, "close");
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.on("data", (part: Buffer) => (this.output += part.toString()));
    }
  }

  /** Killed with everything that can be killed of it from outside: npm and the start script, not what that started. */
  async crash(): Promise<void> {
    const { pid } = this.#child;
    if (pid !== undefined) process.kill(-pid, "SIGKILL");
    await this.#ended;
  }

  /** Waits for the line to paste; gives the request it makes. */
  async printedLine(): Promise<PrintedLine> {
    const line = /^ {2}try {2}(curl .+)\n/m;
    while (!line.test(this.output)) {
      const more = once(this.#child.stdout ?? this.#child, "data");
      const isOver = await Promise.race([more.then(() => false), this.#ended.then(() => true)]);
      if (isOver) throw new Error(`ended before it was ready: ${this.output}`);
    }
    return readCurl(line.exec(this.output)?.[1] ?? "");
  }

  /** Waits for the end of everything that can still write to this terminal; gives the exit code. */
  async ended(): Promise<number | null> {
    await this.#ended;
    return this.#child.exitCode;
  }

  /** Ctrl-C: the terminal tells every process of the group. */
  async interrupt(): Promise<void> {
    const { pid } = this.#child;
    if (pid !== undefined) process.kill(-pid, "SIGINT");
    await this.#ended;
  }

  /** As a supervisor ends it: npm alone is told. */
  async terminate(): Promise<void> {
    this.#child.kill("SIGTERM");
    await this.#ended;
  }
}

/** `curl -sS [-H 'NAME: VALUE'] [-d 'BODY'] URL`; a `-d` makes it a POST. */
function readCurl(line: string): PrintedLine {
  const [, name, value] = /-H '([^:']+): ([^']+)'/.exec(line) ?? [];
  const body = /-d '([^']+)'/.exec(line)?.[1];
  const headers = name === undefined || value === undefined ? {} : { headers: { [name]: value } };
  const url = /(http:\S+)$/.exec(line)?.[1] ?? "";
  return { url, init: { ...headers, ...(body !== undefined && { method: "POST", body }) } };
}
