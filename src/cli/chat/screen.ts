/**
 * The screen of a chat: what comes is printed above the line that is being typed, which stays as it
 * is, over however many rows it goes. Without a terminal it is plain output.
 */
import { clearScreenDown, createInterface, cursorTo, type Interface, moveCursor } from "node:readline";
import { callbackify } from "node:util";
import { showLine } from "../../protocol/index.ts";
import { type Failed, failedFrom } from "../exit.ts";
import { anywhere } from "../origin.ts";
import { failureJson, failureLines, type Session } from "../session.ts";
import { utf8Only } from "../utf8.ts";
import { complete } from "./line.ts";

export class Screen {
  readonly lines: Interface;
  readonly isTyped: boolean;
  readonly #session: Session;
  readonly #json: boolean;
  #isOpen = true;
  /** Why the input cannot be read on. */
  fault: Failed | undefined;

  /** `names` are those that Tab completes. */
  constructor(session: Session, json: boolean, names: () => Promise<readonly string[]>) {
    const { stdin, stdout } = session.world;
    this.#session = session;
    this.#json = json;
    this.isTyped = stdin.isTTY === true && stdout.isTTY === true;
    const completer = callbackify(async (line: string): Promise<[string[], string]> => {
      return [...complete(line, (await names()).map(showLine))];
    });
    this.lines = createInterface({
      input: this.isTyped ? stdin : stdin.pipe(utf8Only()),
      terminal: this.isTyped,
      prompt: "> ",
      ...(this.isTyped && { output: stdout, completer }),
    });
    this.lines.on("close", () => this.#close());
    // readline passes on what its input fails of.
    this.lines.on("error", (error) => {
      this.fault = failedFrom(error);
      this.lines.close();
    });
  }

  /** Text that ends with a line break. */
  show(text: string): void {
    this.#above(() => void this.#session.terminal.out(text));
  }

  note(line: string): void {
    this.#above(() => this.#session.terminal.note(line));
  }

  failed(failure: Failed): void {
    const command = anywhere(this.#session.hub.api.url);
    this.note(this.#json ? failureJson(failure, command) : failureLines(failure, command));
  }

  prompt(): void {
    if (this.isTyped && this.#isOpen) this.lines.prompt(true);
  }

  #above(print: () => void): void {
    if (!this.isTyped || !this.#isOpen) return print();
    const { stdout } = this.#session.world;
    const { rows } = this.lines.getCursorPos();
    moveCursor(stdout, 0, -rows);
    cursorTo(stdout, 0);
    clearScreenDown(stdout);
    print();
    // readline draws the line anew from as many rows higher as its cursor stood below the first.
    stdout.write("\n".repeat(rows));
    this.lines.prompt(true);
  }

  #close(): void {
    this.#isOpen = false;
    // The shell's own prompt gets a line of its own.
    if (this.isTyped) this.#session.world.stdout.write("\n");
  }
}
