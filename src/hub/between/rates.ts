/**
 * Command rates, in memory: an object that sleeps has nobody to slow down. By agent key, and by the
 * hub key behind it, because agent keys cost nothing to make.
 */
import { type Bucket, isFull, type Rate, take } from "../../channel/index.ts";
import { type Limits, refusal, type Refusal } from "../../protocol/index.ts";

/** Buckets kept before those that have filled up again are forgotten. */
const MANY_BUCKETS = 2048;
/** A hub key may do as much in a channel as so many of its agents. Those of admins are the owner's, and not counted. */
const AGENTS_PER_HUB_KEY = 10;

/** Who takes from which buckets. */
export interface RateKey {
  readonly own: string;
  /** Names the hub key; undefined for an admin's. */
  readonly shared: string | undefined;
}

interface Taker {
  readonly key: string;
  readonly verified: boolean;
  readonly kid?: string | undefined;
  readonly admin?: boolean | undefined;
}

/** Whose buckets a command takes from: who only claims a key cannot use up its owner's. */
export function rateKey({ key, verified, kid, admin }: Taker): RateKey {
  return { own: verified ? key : `?${key}`, shared: admin === true ? undefined : kid };
}

export class Rates {
  readonly #rate: Rate;
  readonly #what: string;
  readonly #code: "rate_limited" | "quota_exceeded";
  readonly #own: Map<string, Bucket> = new Map();
  /** By hub key: as many as the owner has made. */
  readonly #shared: Map<string, Bucket> = new Map();

  constructor(rate: Rate, code: "rate_limited" | "quota_exceeded", what: string) {
    this.#rate = rate;
    this.#code = code;
    this.#what = what;
  }

  /** Takes one from the key's bucket and from its hub key's, or says when there will be one. */
  take({ own, shared }: RateKey, now: number): Refusal | undefined {
    if (this.#rate.per_second === Infinity) return undefined;
    const wait_ms = takeOne(this.#own, own, this.#rate, now);
    if (wait_ms > 0) return this.#tooMany(this.#what, wait_ms);
    const wait_shared = shared === undefined ? 0 : takeOne(this.#shared, shared, manyTimes(this.#rate), now);
    const what = `${this.#what}, and the agents of a hub key together ${AGENTS_PER_HUB_KEY} times that`;
    return wait_shared > 0 ? this.#tooMany(what, wait_shared) : undefined;
  }

  #tooMany(what: string, wait_ms: number): Refusal {
    return refusal(this.#code, `${what}; retry in ${wait_ms} ms`, { retry_after_ms: wait_ms });
  }
}

/** Of commands in one channel. */
export function commandRates({ HUB_RATE_PER_SECOND: per_second, HUB_RATE_BURST: burst }: Limits): Rates {
  const what = `a key may make ${per_second} commands a second in a channel (HUB_RATE_PER_SECOND)`;
  return new Rates({ per_second, burst }, "rate_limited", what);
}

function takeOne(buckets: Map<string, Bucket>, key: string, rate: Rate, now: number): number {
  const { bucket, wait_ms } = take(buckets.get(key), rate, now);
  buckets.set(key, bucket);
  if (buckets.size > MANY_BUCKETS) for (const [one, full] of buckets) if (isFull(full, rate, now)) buckets.delete(one);
  return wait_ms;
}

function manyTimes({ per_second, burst }: Rate): Rate {
  return { per_second: per_second * AGENTS_PER_HUB_KEY, burst: burst * AGENTS_PER_HUB_KEY };
}
