/**
 * How long to wait before the next attempt: full jitter, so that clients who lost the hub together
 * do not return together (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/).
 */

/** Milliseconds: the first wait is below `least`, none is above `most`. */
export interface Backoff {
  readonly least: number;
  readonly most: number;
}

/** Doublings beyond which every wait has reached any sensible `most`; keeps the power finite. */
const DOUBLINGS = 30;

/**
 * Milliseconds before attempt number `attempt` (0, 1, 2…). `roll` is a random number in [0, 1).
 * `retry_after_ms`, where the hub said one, is obeyed in full and the jitter comes on top of it.
 */
export function waitFor(backoff: Backoff, attempt: number, roll: number, retry_after_ms = 0): number {
  const ceiling = Math.min(backoff.most, backoff.least * 2 ** Math.min(attempt, DOUBLINGS));
  return retry_after_ms + Math.floor(roll * ceiling);
}
