/** A token bucket as a pure function: so much at once, so much a second thereafter. */

export interface Bucket {
  readonly tokens: number;
  /** Unix milliseconds. */
  readonly at: number;
}

export interface Rate {
  readonly per_second: number;
  readonly burst: number;
}

export interface Taken {
  readonly bucket: Bucket;
  /** 0: taken. Else the milliseconds until one token is there. */
  readonly wait_ms: number;
}

/** Takes one token. A clock that goes back adds nothing and takes nothing. */
export function take(bucket: Bucket | undefined, { per_second, burst }: Rate, now: number): Taken {
  if (per_second === Infinity) return { bucket: { tokens: 0, at: now }, wait_ms: 0 };
  const most = Math.max(1, burst);
  const grown = bucket === undefined ? most : bucket.tokens + (Math.max(0, now - bucket.at) / 1000) * per_second;
  const tokens = Math.min(most, grown);
  if (tokens < 1) return { bucket: { tokens, at: now }, wait_ms: Math.ceil(((1 - tokens) / per_second) * 1000) };
  return { bucket: { tokens: tokens - 1, at: now }, wait_ms: 0 };
}

/** Whether forgetting the bucket changes nothing: it has filled up again. */
export function isFull(bucket: Bucket, { per_second, burst }: Rate, now: number): boolean {
  return bucket.tokens + (Math.max(0, now - bucket.at) / 1000) * per_second >= burst;
}
