/** What keys get that listen over HTTP, and their durable read positions (R23). Presumes one listen of a key at a time. */
import type { Blame, HistoryEvent } from "./history.ts";

type Listened = Extract<HistoryEvent, { type: "listened" }>;

interface Place {
  /** The read position, as far as an answer has confirmed it. */
  settled: number | undefined;
  /** Said to be done with, in listens that got no answer: the hub may have taken them or not. */
  unclear: number[];
  /** From where the listen on its way asks; undefined: from the read position. */
  after: number | undefined;
}

export class ListenView {
  readonly #blame: Blame;
  readonly #places: Map<string, Place> = new Map();

  constructor(blame: Blame) {
    this.#blame = blame;
  }

  listen(key: string, after: number | undefined): void {
    const place = this.#places.get(key) ?? { settled: undefined, unclear: [], after: undefined };
    this.#places.set(key, place);
    if (place.after !== undefined) place.unclear.push(place.after);
    place.after = after;
  }

  listened(key: string, { messages, next, gap }: Listened): void {
    const place = this.#places.get(key);
    if (place === undefined) throw new Error(`a history without a listen of ${key}`);
    const start = gap === null ? next - messages.length : gap.from - 1;
    this.#checkStart(key, place, start);
    place.settled = Math.max(place.settled ?? 0, start);
    place.unclear = [];
    place.after = undefined;
    for (const [at, { seq }] of messages.entries()) {
      const due = (gap === null ? start : gap.to) + at + 1;
      if (seq !== due) return this.#blame("R23", `${key} listened from ${start} and got ${seq} where ${due} was due`);
    }
    const last = messages.at(-1)?.seq ?? start;
    if (next !== last)
      this.#blame("R23", `${key} listened, got messages up to ${last} and was told to go on at ${next}`);
  }

  #checkStart(key: string, { settled, unclear, after }: Place, start: number): void {
    const due = after === undefined ? [settled, ...unclear] : [after];
    // Where it has never said what it is done with, it starts at its join.
    if (after === undefined && settled === undefined) return;
    if (!due.includes(start))
      this.#blame("R23", `${key} listened from ${due.join(" or ")} and was answered from ${start}`);
  }
}
