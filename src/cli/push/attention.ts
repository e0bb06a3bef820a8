/**
 * When to wake a model for what is addressed to it, as far as the tool beside it can tell whether it
 * is at work: it is while a call runs, and for a moment after. Pure: it is told the time, in
 * milliseconds, and what happens.
 */
import type { Message } from "../../client/index.ts";

/**
 * How long a model that has just been answered counts as at work. Who listens mostly listens again,
 * and is shown what came by that.
 */
const AT_WORK = { listened: 3000, other: 300 };
/** A push that failed is tried again after this, doubled up to the most. */
const RETRY = { least: 1000, most: 60_000 };

interface Wanted {
  readonly seq: number;
  readonly failures: number;
  readonly notBefore: number;
}

export class Attention {
  /** The agent's key. */
  readonly #key: string;
  #calls = 0;
  #workUntil = 0;
  /** The newest message for the agent in each channel, until it was shown. */
  readonly #wanted: Map<string, Wanted> = new Map();

  constructor(key: string) {
    this.#key = key;
  }

  /** A message came; only what is for the agent counts (HST3). */
  hear({ channel_id, seq, from, msg_type, mentions }: Message): void {
    if (msg_type === "system" || from === this.#key || mentions?.includes(this.#key) !== true) return;
    const known = this.#wanted.get(channel_id);
    if (known === undefined || seq > known.seq)
      this.#wanted.set(channel_id, { failures: 0, notBefore: 0, ...known, seq });
  }

  /** The model calls the tool. */
  call(): void {
    this.#calls++;
  }

  /** Its call is answered. */
  answered(hasListened: boolean, now: number): void {
    this.#calls--;
    this.#workUntil = now + (hasListened ? AT_WORK.listened : AT_WORK.other);
  }

  /** Everything up to `seq` was shown to the model, or is done with. */
  shown(channel_id: string, seq: number): void {
    if ((this.#wanted.get(channel_id)?.seq ?? Infinity) <= seq) this.#wanted.delete(channel_id);
  }

  /** The model could not be woken for that channel. */
  failed(channel_id: string, now: number): void {
    const known = this.#wanted.get(channel_id);
    if (known === undefined) return;
    const pause = Math.min(RETRY.most, RETRY.least * 2 ** known.failures);
    this.#wanted.set(channel_id, { ...known, failures: known.failures + 1, notBefore: now + pause });
  }

  /** Channels with something to wake for. */
  get wanted(): readonly string[] {
    return [...this.#wanted.keys()];
  }

  /** Whether the model is to be woken now for that channel. */
  isDue(channel_id: string, now: number): boolean {
    const known = this.#wanted.get(channel_id);
    return known !== undefined && this.#calls === 0 && now >= Math.max(this.#workUntil, known.notBefore);
  }

  /** Milliseconds until the next is due; undefined while nothing is, or while a call runs. */
  next(now: number): number | undefined {
    if (this.#calls > 0 || this.#wanted.size === 0) return undefined;
    const first = Math.min(...[...this.#wanted.values()].map(({ notBefore }) => notBefore));
    return Math.max(0, this.#workUntil - now, first - now);
  }
}
