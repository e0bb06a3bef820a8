/** A program in a terminal: what is typed, and what the screen shows. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Json } from "../support/frame-socket.ts";
import { loadTerminal } from "./cache.ts";
import type { Place } from "./place.ts";

const COLUMNS = 120;
const ROWS = 40;
/** Between a line and its Enter: together they would be taken for something pasted. */
const ENTER_MS = 300;
/** A program that draws itself for the first time takes no words yet, and says nothing of that. */
const SHOWN_MS = 5000;
/** Only guard against hanging. */
const TYPED_MS = 240_000;
const DRAWN_MS = 240_000;
const REDRAWN_MS = 2000;

export class Terminal {
  readonly #pty: Json;
  readonly #screen: Json;
  readonly #ended: Promise<void>;
  isOver = false;

  private constructor(pty: Json, screen: Json) {
    this.#pty = pty;
    this.#screen = screen;
    // A terminal answers when it is asked what it is.
    screen.onData((text: string) => this.#write(text));
    pty.onData((text: string) => screen.write(text));
    this.#ended = new Promise((resolve) => {
      pty.onExit(() => {
        this.isOver = true;
        resolve();
      });
    });
  }

  static async open(
    place: Place,
    [command = "", ...args]: readonly string[],
    env: Readonly<Record<string, string>>,
  ): Promise<Terminal> {
    const load = await loadTerminal();
    const { Terminal: Screen } = load("@xterm/headless");
    const size = { cols: COLUMNS, rows: ROWS };
    const options = { ...size, name: "xterm-256color", cwd: place.project, env: { ...place.env, ...env } };
    const pty = load("@lydell/node-pty").spawn(command, args, options);
    return new Terminal(pty, new Screen({ ...size, allowProposedApi: true }));
  }

  /** Waits until it shows what it shows when it takes words: what is typed before that is lost. */
  async shows(ready: string): Promise<void> {
    const until = performance.now() + DRAWN_MS;
    while (!this.isOver && performance.now() < until && !this.screen().includes(ready)) await sleep(ENTER_MS);
    // Some draw themselves twice, and empty the line where words go.
    await sleep(REDRAWN_MS);
  }

  /** Types a line, which shows, and then Enter. */
  async type(line: string): Promise<void> {
    const times = (): number => this.screen().split(line).length;
    const before = times();
    for (const most = performance.now() + TYPED_MS; !this.isOver && times() <= before;) {
      if (performance.now() > most) throw new Error(`takes no words; its screen:\n${this.screen()}`);
      this.#write(line);
      const until = performance.now() + SHOWN_MS;
      while (times() <= before && performance.now() < until) await sleep(ENTER_MS);
    }
    await sleep(ENTER_MS);
    this.enter();
  }

  /** Ctrl-C. */
  interrupt(): void {
    this.#write("\u0003");
  }

  enter(): void {
    this.#write("\r");
  }

  /** The lines that are shown now. */
  screen(): string {
    const { active } = this.#screen.buffer;
    const lines = Array.from({ length: ROWS }, (_, at) =>
      active.getLine(active.viewportY + at)?.translateToString(true),
    );
    return lines.filter((line) => line !== undefined && line.trim() !== "").join("\n");
  }

  /** Waits for its end, at most `most` milliseconds. */
  async ended(most: number): Promise<boolean> {
    await Promise.race([this.#ended, sleep(most)]);
    return this.isOver;
  }

  /** As when its window is closed: all that runs in it is told. */
  close(): void {
    if (!this.isOver) process.kill(-this.#pty.pid, "SIGHUP");
  }

  #write(text: string): void {
    if (!this.isOver) this.#pty.write(text);
  }
}
