/** An example agent in a process of its own, and what it prints. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { ROOT } from "./build.ts";

export class Example {
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;
  output = "";

  /** `command` is the interpreter, `file` stands in `examples/`. */
  constructor(command: string, file: string, variables: Readonly<Record<string, string | undefined>>) {
    const env = { ...process.env, ...variables };
    this.#child = spawn(command, [join(ROOT, "examples", file)], { env, stdio: ["ignore", "pipe", "pipe"] });
    this.#ended = once(this.#child, "close");
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.on("data", (part: Buffer) => {
        this.output += part.toString();
        this.#child.emit("output");
      });
    }
  }

  /** Waits until it has printed `text`. */
  async printed(text: string): Promise<void> {
    while (!this.output.includes(text)) {
      const isOver = await Promise.race([
        once(this.#child, "output").then(() => false),
        this.#ended.then(() => !this.output.includes(text)),
      ]);
      if (isOver) throw new Error(`ended without printing ${JSON.stringify(text)}: ${this.output}`);
    }
  }

  /** The exit code, once it has ended. */
  async end(signal?: NodeJS.Signals): Promise<number | null> {
    if (signal !== undefined) this.#child.kill(signal);
    await this.#ended;
    return this.#child.exitCode;
  }
}
