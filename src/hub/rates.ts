/** Command rates by agent key, in memory: an object that sleeps has nobody to slow down. */
import { type Bucket, isFull, type Rate, take } from "../channel/index.ts";
import { refusal, type Refusal } from "../protocol/index.ts";

/** Buckets kept before those that have filled up again are forgotten. */
const MANY_BUCKETS = 2048;

/** Whose bucket a command takes from: who only claims a key cannot use up its owner's. */
export function rateKey({ key, verified }: { readonly key: string; readonly verified: boolean }): string {
  return verified ? key : `?${key}`;
}

export class Rates {
  readonly #rate: Rate;
  readonly #what: string;
  readonly #code: "rate_limited" | "quota_exceeded";
  readonly #buckets: Map<string, Bucket> = new Map();

  constructor(rate: Rate, code: "rate_limited" | "quota_exceeded", what: string) {
    this.#rate = rate;
    this.#code = code;
    this.#what = what;
  }

  /** Takes one from the key's bucket, or says when there will be one. */
  take(key: string, now: number): Refusal | undefined {
    const { bucket, wait_ms } = take(this.#buckets.get(key), this.#rate, now);
    this.#buckets.set(key, bucket);
    if (this.#buckets.size > MANY_BUCKETS) this.#forgetFull(now);
    if (wait_ms === 0) return undefined;
    return refusal(this.#code, `${this.#what}; retry in ${wait_ms} ms`, { retry_after_ms: wait_ms });
  }

  #forgetFull(now: number): void {
    for (const [key, bucket] of this.#buckets) if (isFull(bucket, this.#rate, now)) this.#buckets.delete(key);
  }
}
