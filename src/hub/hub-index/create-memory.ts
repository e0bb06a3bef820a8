/**
 * Creates of the last day by who made them with which Idempotency-Key (IDX2). Bounded by refusing
 * further creates: forgetting one early would let its repetition make a second channel.
 */

/** How long an Idempotency-Key of a create is remembered. */
export const CREATE_MEMORY_MS = 24 * 3_600_000;
/** Creates in that time at most, some 300 bytes each. */
export const CREATES_A_DAY = 50_000;

/** Who used which Idempotency-Key: a mere claim gets no answer of the key's owner. */
export interface CreateUse {
  readonly creator: string;
  readonly verified: boolean;
  readonly key: string;
}

interface Made {
  readonly number: number;
  /** Unix milliseconds. */
  readonly at: number;
}

export class CreateMemory {
  readonly #most: number;
  /** Oldest first. */
  readonly #made: Map<string, Made> = new Map();

  constructor(most: number = CREATES_A_DAY) {
    this.#most = most;
  }

  find(use: CreateUse, now: number): number | undefined {
    const made = this.#made.get(scopeOf(use));
    return made !== undefined && made.at >= now - CREATE_MEMORY_MS ? made.number : undefined;
  }

  add(use: CreateUse, made: Made): void {
    const scope = scopeOf(use);
    this.#made.delete(scope);
    this.#made.set(scope, made);
  }

  /** Milliseconds until there is room for one more; 0: there is. */
  waitForRoom(now: number): number {
    for (const [scope, { at }] of this.#made) {
      if (this.#made.size < this.#most) return 0;
      if (at >= now - CREATE_MEMORY_MS) return at + CREATE_MEMORY_MS + 1 - now;
      this.#made.delete(scope);
    }
    return 0;
  }
}

/** None of them can hold a line break. */
function scopeOf({ creator, verified, key }: CreateUse): string {
  return `${creator}\n${verified ? "verified" : "plain"}\n${key}`;
}
