/**
 * Commands on their way, in order, each until it was answered (DUR3). At most `WINDOW` are on the
 * wire; when the link is new, everything unanswered goes again, in order, before anything else
 * (go-back-N), and the hub answers what it knows already without doing it twice. Told the time,
 * touches nothing.
 */

/** Commands on the wire at once: enough for a long way, little to repeat. */
export const WINDOW = 16;
/** Commands that wait at most; further ones are refused. */
export const OUTBOX = 1000;
/** The hub remembers ids for 5 minutes: after 4 a repeat could be stored twice, so there is none. */
export const GIVE_UP_MS: number = 4 * 60_000;
/** After a "later" of the hub, this long with one command on the wire: a second one could overtake it. */
export const CAREFUL_MS = 10_000;

export interface Pending {
  readonly id: string;
  /** The frame. */
  readonly text: string;
  /** Unix milliseconds. */
  readonly added_at: number;
  /** Whether it ever was on the wire: then it may have happened. */
  readonly wasSent: boolean;
  readonly isOnWire: boolean;
}

export class Outbox {
  /** In order of their making, which is the order on the wire. */
  readonly #pending: Map<string, Pending> = new Map();
  #onWire = 0;
  /** Nothing goes out before this. */
  #held_until = 0;
  #careful_until = 0;

  get size(): number {
    return this.#pending.size;
  }

  get isFull(): boolean {
    return this.#pending.size >= OUTBOX;
  }

  has(id: string): boolean {
    return this.#pending.has(id);
  }

  add(id: string, text: string, now: number): void {
    this.#pending.set(id, { id, text, added_at: now, wasSent: false, isOnWire: false });
  }

  /** Frames that go out now. */
  next(now: number): readonly string[] {
    const room = (now < this.#careful_until ? 1 : WINDOW) - this.#onWire;
    if (room <= 0 || now < this.#held_until) return [];
    const due = [...this.#waiting(room)];
    for (const pending of due) this.#pending.set(pending.id, { ...pending, wasSent: true, isOnWire: true });
    this.#onWire += due.length;
    return due.map(({ text }) => text);
  }

  /** It was answered. False for one that is not known (any more). */
  settle(id: string): boolean {
    const pending = this.#pending.get(id);
    if (pending === undefined) return false;
    this.#remove(pending);
    return true;
  }

  /** The hub wants it later. */
  hold(id: string, retry_after_ms: number, now: number): void {
    const pending = this.#pending.get(id);
    if (pending === undefined) return;
    if (pending.isOnWire) this.#onWire--;
    this.#pending.set(id, { ...pending, isOnWire: false });
    this.#held_until = now + retry_after_ms;
    this.#careful_until = now + retry_after_ms + CAREFUL_MS;
  }

  /** What was on the wire may not have arrived, or its answer may not. */
  rewind(): void {
    for (const pending of this.#pending.values()) {
      if (this.#onWire === 0) break;
      if (pending.isOnWire) this.#onWire--;
      this.#pending.set(pending.id, { ...pending, isOnWire: false });
    }
    this.#onWire = 0;
  }

  /** Takes out what has waited too long. */
  expire(now: number): readonly Pending[] {
    const expired: Pending[] = [];
    for (const pending of this.#pending.values()) {
      if (now < pending.added_at + GIVE_UP_MS) break;
      expired.push(pending);
    }
    for (const pending of expired) this.#remove(pending);
    return expired;
  }

  /** Takes out everything. */
  clear(): readonly Pending[] {
    const all = [...this.#pending.values()];
    this.#pending.clear();
    this.#onWire = 0;
    return all;
  }

  /** When `next` or `expire` may have something again without anything happening; undefined: never. */
  deadline(now: number): number | undefined {
    const [oldest] = this.#pending.values();
    if (oldest === undefined) return undefined;
    const expiry = oldest.added_at + GIVE_UP_MS;
    return this.#held_until > now ? Math.min(expiry, this.#held_until) : expiry;
  }

  *#waiting(room: number): Generator<Pending> {
    let left = room;
    for (const pending of this.#pending.values()) {
      if (left === 0) return;
      if (pending.isOnWire) continue;
      left--;
      yield pending;
    }
  }

  #remove(pending: Pending): void {
    if (pending.isOnWire) this.#onWire--;
    this.#pending.delete(pending.id);
  }
}
