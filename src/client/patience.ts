/**
 * How long one request may wait. Proxies end a request that is silent for too long, 30 or 50 seconds
 * often, with a page of their own or without a word. Nothing is lost by it, so a wait goes on with
 * the next request, and where that is cut too, with shorter ones. Whoever waits is told nothing.
 */
import type { ListenAnswer, ListenedChannel } from "../protocol/message.ts";
import type { Signal } from "./host.ts";
import { HubError } from "./hub-error.ts";

/** Seconds: shorter waits are not tried, and what ends sooner is no proxy's impatience. */
const LEAST = 5;
/** Of the time after which a wait was cut. */
const SAFE = 0.8;

export class Patience {
  readonly #now: () => number;
  /** Seconds one request waits at most. */
  #most = Infinity;
  /** Whether the last wait was cut: one cut may be a hub that restarts. */
  #wasCut = false;

  /** `now` in milliseconds. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Asks until something ends the wait, `seconds` are over, or the caller has gone. */
  async wait<T>(
    seconds: number,
    {
      ask,
      isOver,
      signal,
    }: {
      readonly ask: (wait: number) => Promise<T>;
      readonly isOver: (answer: T) => boolean;
      readonly signal?: Signal | undefined;
    },
  ): Promise<T> {
    const until = this.#now() + seconds * 1000;
    for (;;) {
      const left = Math.max(0, Math.ceil((until - this.#now()) / 1000));
      const wait = Math.min(left, this.#most);
      const began = this.#now();
      try {
        const answer = await ask(wait);
        this.#wasCut = false;
        if (wait === left || isOver(answer)) return answer;
      } catch (error) {
        if (signal?.aborted === true || !this.#learn(error, wait, (this.#now() - began) / 1000)) throw error;
      }
    }
  }

  /** Whether the wait was cut by something that waits less long than the hub. */
  #learn(error: unknown, wait: number, waited: number): boolean {
    const isCut = error instanceof HubError && (error.code === "network" || error.code === "bad_answer");
    if (!isCut || wait <= LEAST || waited < LEAST) return false;
    if (this.#wasCut) this.#most = Math.max(LEAST, Math.floor(Math.min(waited, wait) * SAFE));
    this.#wasCut = true;
    return true;
  }
}

/** LIS1: a message of somebody else, a gap, and more of what was not looked at. */
export function endsWait({ messages, more, gap }: ListenAnswer): boolean {
  return more || gap !== null || messages.some(({ msg_type }) => msg_type !== "system");
}

export function endsWaits({ channels }: { readonly channels: readonly ListenedChannel[] }): boolean {
  return channels.some((one) => "messages" in one && endsWait(one));
}
