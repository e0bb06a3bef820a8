/** One timer that is set again and again, to the next instant at which something may be due. */
import type { Clock } from "./clock.ts";
import type { Host } from "./host.ts";

export class Alarm {
  readonly #host: Host;
  readonly #clock: Clock;
  readonly #ring: () => void;
  #at = Infinity;
  #cancel: () => void = () => undefined;

  constructor(host: Host, clock: Clock, ring: () => void) {
    this.#host = host;
    this.#clock = clock;
    this.#ring = ring;
  }

  /** Rings at `at` by the clock, or not at all. An earlier ring than needed is no harm: who is rung for looks again. */
  set(at: number | undefined): void {
    if (at === undefined) return this.#clear();
    if (at >= this.#at) return;
    this.#clear();
    this.#at = at;
    this.#cancel = this.#host.after(Math.max(0, at - this.#clock.now()), () => {
      this.#at = Infinity;
      this.#ring();
    });
  }

  #clear(): void {
    this.#cancel();
    this.#at = Infinity;
  }
}
