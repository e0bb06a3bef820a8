/** What was looked at: one line each, counted, with what was seen where it was not as promised. */
import { styleText } from "node:util";

export class Checks {
  /** Whether goals of time count: only a machine that does nothing else shows whether they hold. */
  readonly #isTimed: boolean;
  passed = 0;
  readonly failed: string[] = [];
  readonly notes: string[] = [];
  readonly #begin = performance.now();

  constructor(isTimed: boolean) {
    this.#isTimed = isTimed;
  }

  /** A goal of time. */
  time(what: string, isKept: boolean, seen: string): void {
    if (this.#isTimed) this.check(what, isKept, seen);
    else this.note(`${what}: ${seen}`);
  }

  /** `what` is a promise; `seen` is what it was found to be. */
  check(what: string, isKept: boolean, seen: string | number = ""): void {
    const line = `${what}${seen === "" ? "" : `: ${seen}`}`;
    if (isKept) this.passed++;
    else this.failed.push(line);
    this.#print(isKept ? styleText("green", "ok  ") : styleText("red", "FAIL"), line);
  }

  /** What is told and not judged. */
  note(line: string): void {
    this.notes.push(line);
    this.#print("    ", line);
  }

  #print(mark: string, line: string): void {
    const seconds = ((performance.now() - this.#begin) / 1000).toFixed(0).padStart(4);
    console.log(`${seconds} s ${mark} ${line}`);
  }
}
