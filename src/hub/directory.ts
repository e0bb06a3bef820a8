/**
 * Which channel numbers were ever given out, as far as this isolate knows (IDX4): a guess at
 * `ch-999999` asks the index at most once in five seconds and touches no channel object.
 */
import { type Env, INDEX_NAME } from "./env.ts";

const MISS_MS = 5000;
const MISSES_MAX = 1000;

export class Directory {
  /** All numbers below it exist or did. Only grows. */
  #next = 1;
  /** Numbers that were asked for in vain → Unix milliseconds until which that stands. */
  readonly #misses: Map<number, number> = new Map();

  async knows(env: Env, number: number, now: number): Promise<boolean> {
    if (number < this.#next) return true;
    if ((this.#misses.get(number) ?? 0) > now) return false;
    this.#next = Math.max(this.#next, await env.HUB_INDEX.getByName(INDEX_NAME).next());
    if (number < this.#next) return true;
    if (this.#misses.size >= MISSES_MAX) this.#misses.clear();
    this.#misses.set(number, now + MISS_MS);
    return false;
  }

  /** A create in this isolate ends its misses. */
  created(number: number): void {
    this.#next = Math.max(this.#next, number + 1);
    this.#misses.clear();
  }
}

/** One an isolate: what it remembers is a lower bound, true for ever. */
export const directory: Directory = new Directory();
