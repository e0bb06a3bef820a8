/** `npm start` as a stranger runs it: the script in a process of its own, and what its terminal shows. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
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

  constructor(args: readonly string[], variables: Readonly<Record<string, string>> = {}) {
    const { HUB_KEY: _key, ...inherited } = process.env;
    const script = join(ROOT, "scripts/start.ts");
    this.#child = spawn(process.execPath, [script, ...args], { cwd: ROOT, env: { ...inherited, ...variables } });
    this.#ended = once(this.#child, "close");
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.on("data", (part: Buffer) => (this.output += part.toString()));
    }
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

  /** The exit code. */
  async end(signal?: NodeJS.Signals): Promise<number | null> {
    if (signal !== undefined) this.#child.kill(signal);
    await this.#ended;
    return this.#child.exitCode;
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
