/**
 * As much of a terminal as a chat needs: wraps at its width, scrolls, and keeps what scrolled away,
 * so that a test sees what a person would. Unknown sequences are an error.
 */
import { once } from "node:events";
import { PassThrough } from "node:stream";

// oxlint-disable-next-line no-control-regex -- it is what a terminal looks for
const SEQUENCE = /^\u001b\[(\d*)([ABCDGHJKm])/;

export class Terminal {
  readonly keyboard = Object.assign(new PassThrough(), { isTTY: true, setRawMode: () => undefined });
  readonly screen: PassThrough & { readonly isTTY: true; readonly columns: number; readonly rows: number };
  readonly #columns: number;
  readonly #lines: string[] = [""];
  #row = 0;
  #column = 0;

  constructor(columns = 40) {
    this.#columns = columns;
    this.screen = Object.assign(new PassThrough(), { isTTY: true as const, columns, rows: 1000 });
    this.screen.on("data", (part: Buffer) => this.#write(part.toString()));
  }

  /** All lines, as they stand there now, without what is blank at their ends. */
  get text(): string {
    return this.#lines.map((line) => line.trimEnd()).join("\n");
  }

  type(keys: string): void {
    this.keyboard.write(keys);
  }

  async shows(wanted: string): Promise<void> {
    while (!this.text.includes(wanted)) await once(this.screen, "data");
  }

  #write(text: string): void {
    let rest = text;
    while (rest !== "") rest = rest.slice(this.#take(rest));
  }

  /** Does what comes first; gives its length. */
  #take(rest: string): number {
    const [all, count = "", what] = SEQUENCE.exec(rest) ?? [];
    if (all !== undefined) {
      this.#control(what ?? "", count);
      return all.length;
    }
    const [letter = ""] = rest;
    if (letter === "\u001b")
      throw new Error(`a sequence this terminal does not know: ${JSON.stringify(rest.slice(0, 10))}`);
    if (letter === "\r") this.#column = 0;
    else if (letter === "\n") this.#lineFeed();
    else if (letter >= " ") this.#put(letter);
    return 1;
  }

  #control(what: string, count: string): void {
    const by = Number(count || 1);
    if (what === "A") this.#row = Math.max(0, this.#row - by);
    if (what === "B") this.#row += by;
    if (what === "C") this.#column = Math.min(this.#columns - 1, this.#column + by);
    if (what === "D") this.#column = Math.max(0, this.#column - by);
    if (what === "G") this.#column = by - 1;
    if (what === "J" || what === "K") this.#line = this.#line.slice(0, this.#column);
    if (what === "J") this.#lines.length = this.#row + 1;
  }

  #put(letter: string): void {
    if (this.#column === this.#columns) this.#lineFeed();
    const line = this.#line.padEnd(this.#column);
    this.#line = line.slice(0, this.#column) + letter + line.slice(this.#column + 1);
    this.#column++;
  }

  /** With the return that terminals add to it. */
  #lineFeed(): void {
    this.#column = 0;
    this.#row++;
    this.#lines[this.#row] ??= "";
  }

  get #line(): string {
    return (this.#lines[this.#row] ??= "");
  }

  set #line(line: string) {
    this.#lines[this.#row] = line;
  }
}
