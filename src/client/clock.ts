/**
 * Time as a connection counts it. A machine has two clocks: one stands still while it sleeps, the
 * other is set by people. Whichever says more counts: too late a repeat would be stored twice, too
 * early an end is only told.
 */
import type { Host } from "./host.ts";

/** Milliseconds by which the clocks may drift apart before it is a leap: rounding, and what time services correct. */
const DRIFT_MS = 1000;
/** Who holds a clock looks at it this often, milliseconds. */
export const LOOK_MS = 5000;
/** Milliseconds without a look that mean: the machine slept. */
const ASLEEP_MS: number = 2 * LOOK_MS;

export class Clock {
  readonly #host: Host;
  /** Wall clock less the other, when they were last seen to part. */
  #apart: number;
  /** What to add to the other clock: only grows. */
  #ahead: number;
  #last: number;
  /** When the machine was last found to have slept; by this clock. */
  woke_at: number = -Infinity;

  constructor(host: Host) {
    this.#host = host;
    this.#apart = host.now() - host.uptime();
    this.#ahead = this.#apart;
    this.#last = this.#read();
  }

  /** Milliseconds; begins at Unix time and never goes back. */
  now(): number {
    const now = this.#read();
    if (now - this.#last > ASLEEP_MS) this.woke_at = now;
    this.#last = Math.max(this.#last, now);
    return this.#last;
  }

  /** A time of this clock as the machine's own shows it: Unix milliseconds. */
  toUnix(time: number): number {
    return Math.round(this.#host.now() + time - this.now());
  }

  #read(): number {
    const uptime = this.#host.uptime();
    const leap = this.#host.now() - uptime - this.#apart;
    if (Math.abs(leap) > DRIFT_MS) {
      this.#apart += leap;
      this.#ahead += Math.max(0, leap);
    }
    return uptime + this.#ahead;
  }
}
