/**
 * Signed sends that were taken, for as long as their signatures live (IDN2): a captured one must not be
 * stored again, even where its message left what is kept for retries (DUR3). Where no more can be
 * remembered, further ones are refused: none is forgotten before its time.
 */
import { refusal, type Refusal } from "../protocol/index.ts";
import type { SendRecord } from "./recent-sends.ts";
import { NONCE_MS } from "./retention.ts";

/** Signed sends remembered of one such time, some 130 bytes each, and those of one hub key among them. */
const MOST = 32_768;
const MOST_OF_HUB_KEY = MOST / 2;

export class SignedSends {
  /** Two generations: what the older holds was used before the newer began. Undefined: not read back yet. */
  #newer: Set<string> | undefined;
  #older: ReadonlySet<string> = new Set();
  /** Unix milliseconds at which the newer one began. */
  #since = 0;
  /** Of the newer one, by hub key. */
  readonly #shares: Map<string, number> = new Map();

  /** Why a signed send may not be taken. `newestFirst` is read only after a wake. */
  refuse(
    { from, id, kid, admin }: SignedUse,
    now: number,
    newestFirst: () => Iterable<SendRecord>,
  ): Refusal | undefined {
    this.#newer ??= this.#readBack(newestFirst(), now);
    this.#turnOver(now);
    const scope = scopeOf(from, id);
    if (this.#newer.has(scope) || this.#older.has(scope)) return storedBefore();
    if (this.#newer.size >= MOST) return tooMany("a channel", MOST, this.#since + NONCE_MS - now);
    if (admin === true || (this.#shares.get(kid ?? "") ?? 0) < MOST_OF_HUB_KEY) return undefined;
    return tooMany("a hub key", MOST_OF_HUB_KEY, this.#since + NONCE_MS - now);
  }

  /** It was taken. */
  add({ from, id, kid = "" }: SignedUse): void {
    this.#newer?.add(scopeOf(from, id));
    this.#shares.set(kid, (this.#shares.get(kid) ?? 0) + 1);
  }

  #turnOver(now: number): void {
    if (now - this.#since <= NONCE_MS || this.#newer === undefined) return;
    this.#older = this.#newer;
    this.#newer = new Set();
    this.#since = now;
    this.#shares.clear();
  }

  #readBack(newestFirst: Iterable<SendRecord>, now: number): Set<string> {
    this.#since = now;
    const taken = new Set<string>();
    for (const { from, id, signed } of newestFirst)
      if (signed === true && id !== undefined) taken.add(scopeOf(from, id));
    return taken;
  }
}

interface SignedUse {
  /** As a caller's. */
  readonly kid?: string | undefined;
  readonly admin?: boolean | undefined;
  readonly from: string;
  readonly id: string;
}

/** None of them can hold a line break. */
function scopeOf(from: string, id: string): string {
  return `${from}\n${id}`;
}

function storedBefore(): Refusal {
  return refusal(
    "replay",
    "this signed send was stored before, and is too far back to be shown again; read the history, or sign a new one",
  );
}

function tooMany(whose: string, most: number, wait_ms: number): Refusal {
  const text = `${whose} may take ${most} signed sends in ${NONCE_MS / 1000} s; send on a socket, whose frames need no signature`;
  return refusal("rate_limited", text, { retry_after_ms: Math.max(1, wait_ms) });
}
