/** `channel-hub` in a process of its own, with settings of its own: what it prints, and how it ends. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROOT } from "./build.ts";

export interface Finished {
  /** Null when a signal ended it. */
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** A person, or agent, at a machine of their own. */
export class Shell {
  readonly home: string;
  readonly #env: Readonly<Record<string, string>>;
  readonly #started: Command[] = [];

  constructor(env: Readonly<Record<string, string>>) {
    this.home = mkdtempSync(join(tmpdir(), "channel-hub-home-"));
    this.#env = { PATH: process.env["PATH"] ?? "", TZ: "UTC", ...env, HOME: this.home };
  }

  get env(): Readonly<Record<string, string>> {
    return this.#env;
  }

  /** Runs a command to its end. */
  async run(args: readonly string[], input = ""): Promise<Finished> {
    const command = this.start(args);
    command.type(input);
    command.endInput();
    return await command.ended();
  }

  start(args: readonly string[]): Command {
    const command = new Command(args, this.#env);
    this.#started.push(command);
    return command;
  }

  /** Ends what still runs, and removes what it kept. */
  [Symbol.dispose](): void {
    for (const { child } of this.#started) child.kill("SIGKILL");
    rmSync(this.home, { recursive: true, force: true });
  }
}

/** Variable with the path of the command as it was bundled for this run, which starts five times as fast. */
export const BUNDLED_COMMAND = "CHANNEL_HUB_BUNDLED_COMMAND";

/** The command as Node starts it: bundled, or from the sources. */
export const COMMAND: readonly [string, ...string[]] = [
  process.execPath,
  process.env[BUNDLED_COMMAND] ?? join(ROOT, "src/cli/bin.ts"),
];

export class Command {
  readonly child: ChildProcess;
  readonly #ended: Promise<unknown>;
  out = "";
  err = "";

  constructor(args: readonly string[], env: Readonly<Record<string, string>>) {
    const [node, ...script] = COMMAND;
    this.child = spawn(node, [...script, ...args], { env, stdio: "pipe" });
    this.#ended = once(this.child, "close");
    // A command that has ended does not read what is typed.
    this.child.stdin?.on("error", () => undefined);
    this.child.stdout?.on("data", (part: Buffer) => this.#heard("out", part));
    this.child.stderr?.on("data", (part: Buffer) => this.#heard("err", part));
  }

  type(text: string): void {
    this.child.stdin?.write(text);
  }

  endInput(): void {
    this.child.stdin?.end();
  }

  /** Waits until it has printed `text`. */
  async printed(text: string, where: "out" | "err" = "out"): Promise<void> {
    while (!this[where].includes(text)) {
      const isOver = await Promise.race([
        once(this.child, "output").then(() => false),
        this.#ended.then(() => !this[where].includes(text)),
      ]);
      if (isOver) throw new Error(`ended without printing ${JSON.stringify(text)}: ${this.out}${this.err}`);
    }
  }

  async ended(): Promise<Finished> {
    await this.#ended;
    return { code: this.child.exitCode, out: this.out, err: this.err };
  }

  async interrupt(): Promise<Finished> {
    this.child.kill("SIGINT");
    return await this.ended();
  }

  #heard(where: "out" | "err", part: Buffer): void {
    this[where] += part.toString();
    this.child.emit("output");
  }
}
