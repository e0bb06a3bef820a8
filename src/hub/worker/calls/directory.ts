/**
 * Which channel numbers were ever given out, as far as this isolate knows (IDX4): a guess at
 * `ch-999999` asks the index at most once in five seconds and touches no channel object.
 */
const MISS_MS = 5000;
const MISSES_MAX = 1000;
/** Deleted channels remembered; a forgotten one is told by its empty object again. */
const DELETED_MAX = 10_000;

export class Directory {
  /** All numbers below it exist or did. Only grows. */
  #next = 1;
  /** Numbers that were asked for in vain → Unix milliseconds until which that stands. */
  readonly #misses: Map<number, number> = new Map();

  readonly #deleted: Set<number> = new Set();

  /** Whether the number was given out; undefined: the index must be asked. */
  knows(number: number, now: number): boolean | undefined {
    if (number < this.#next) return true;
    return (this.#misses.get(number) ?? 0) > now ? false : undefined;
  }

  /** Takes the index's answer: the number that the next channel gets. */
  learned(next: number, asked: number, now: number): void {
    this.#next = Math.max(this.#next, next);
    if (asked < this.#next) return;
    if (this.#misses.size >= MISSES_MAX) this.#misses.clear();
    this.#misses.set(asked, now + MISS_MS);
  }

  isDeleted(number: number): boolean {
    return this.#deleted.has(number);
  }

  /** A channel's end was heard of: it is final. */
  deleted(number: number): void {
    if (this.#deleted.size >= DELETED_MAX) this.#deleted.clear();
    this.#deleted.add(number);
  }

  /** A create in this isolate ends its misses. */
  created(number: number): void {
    this.#next = Math.max(this.#next, number + 1);
    this.forgetMisses();
  }

  forgetMisses(): void {
    this.#misses.clear();
  }
}

/** One an isolate: what it remembers is a lower bound, true for ever. */
export const directory: Directory = new Directory();
