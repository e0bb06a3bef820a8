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

/** Newest first, until one is too old: a hub's whole history is not read. */
export function readCreates(rows: Iterable<CreateRow>, now: number): CreateMemory {
  const recent: CreateRow[] = [];
  for (const row of rows) {
    if (row.created_at < now - CREATE_MEMORY_MS) break;
    recent.push(row);
  }
  const creates = new CreateMemory();
  for (const { number, created_by, creator_verified, created_at, idempotency_key } of recent.toReversed()) {
    const use = { creator: created_by, verified: creator_verified === 1, key: idempotency_key };
    creates.add(use, { number, at: created_at });
  }
  return creates;
}

/** A create as it is stored with its channel. */
export type CreateRow = {
  number: number;
  created_by: string;
  creator_verified: number;
  created_at: number;
  idempotency_key: string;
};

/** What is left of a use when its channel is deleted: enough to know it again, and nothing to read. */
export async function traceOf(use: CreateUse): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(scopeOf(use)));
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** None of them can hold a line break. */
function scopeOf({ creator, verified, key }: CreateUse): string {
  return `${creator}\n${verified ? "verified" : "plain"}\n${key}`;
}
