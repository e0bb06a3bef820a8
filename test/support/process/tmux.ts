/** `channel-hub` at a terminal of its own, made by tmux: what is typed there, and what is seen. */
import { execFileSync, spawnSync } from "node:child_process";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { COMMAND, type Shell } from "./command.ts";

const SIZE = ["-x", "50", "-y", "30"];

export class Tmux {
  readonly #socket: string;

  constructor(shell: Shell, args: readonly string[]) {
    this.#socket = join(shell.home, "tmux");
    const [node, script = ""] = COMMAND;
    const settings = Object.entries(shell.env).map(([name, value]) => `${name}=${value}`);
    this.#tmux(
      "-f",
      "/dev/null",
      "new-session",
      "-d",
      ...SIZE,
      "env",
      "-i",
      "TERM=screen",
      ...settings,
      node,
      script,
      ...args,
    );
  }

  get screen(): string {
    return this.#tmux("capture-pane", "-p", "-J");
  }

  get isUp(): boolean {
    return spawnSync("tmux", ["-S", this.#socket, "has-session"], { stdio: "ignore" }).status === 0;
  }

  type(text: string): void {
    this.#tmux("send-keys", "-l", text);
  }

  press(...keys: readonly string[]): void {
    this.#tmux("send-keys", ...keys);
  }

  count(part: string): number {
    return this.screen.split(part).length - 1;
  }

  async shows(text: string): Promise<void> {
    while (!this.screen.includes(text)) await sleep(50);
  }

  /** Until nothing changes any more. */
  async settled(): Promise<void> {
    for (let before = ""; before !== this.screen; await sleep(200)) before = this.screen;
  }

  end(): void {
    spawnSync("tmux", ["-S", this.#socket, "kill-server"]);
  }

  #tmux(...args: readonly string[]): string {
    return execFileSync("tmux", ["-S", this.#socket, ...args], { encoding: "utf8" });
  }
}
