/** One timer that is set again and again, to the next instant at which something may be due. */
import type { Host } from "./host.ts";

export class Alarm {
  readonly #host: Host;
  readonly #ring: () => void;
  #at = Infinity;
  #cancel: () => void = () => undefined;

  constructor(host: Host, ring: () => void) {
    this.#host = host;
    this.#ring = ring;
  }

  /** Rings at `at` (Unix milliseconds), or not at all. An earlier ring than needed is no harm: who is rung for looks again. */
  set(at: number | undefined): void {
    if (at === undefined) return this.#clear();
    if (at >= this.#at) return;
    this.#clear();
    this.#at = at;
    this.#cancel = this.#host.after(Math.max(0, at - this.#host.now()), () => {
      this.#at = Infinity;
      this.#ring();
    });
  }

  #clear(): void {
    this.#cancel();
    this.#at = Infinity;
  }
}
