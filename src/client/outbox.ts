/**
 * Commands on their way, in order, each until it was answered (DUR3). At most `WINDOW` are on the
 * wire; when the link is new, everything unanswered goes again, in order, before anything else
 * (go-back-N), and the hub answers what it knows already without doing it twice. What is older than
 * the hub's memory goes no more: what becomes of it is read from the channel. Told the time, touches
 * nothing.
 */

/** Commands on the wire at once: enough for a long way, little to repeat. */
export const WINDOW = 16;
/** Commands that wait at most, and characters of all of them; further ones are refused. */
export const OUTBOX = 1000;
export const OUTBOX_LENGTH: number = 16 * 1024 * 1024;
/** The hub remembers ids for 5 minutes: after 4 a repeat could be stored twice, so there is none. */
export const GIVE_UP_MS: number = 4 * 60_000;
/** After this long nobody waits any more for a hub that could tell what became of a send. */
export const UNTOLD_MS: number = 15 * 60_000;
/** After the machine woke, a hub that could tell has at least this long to do so. */
export const WOKEN_MS: number = 2 * 60_000;
/** After a "later" of the hub, this long with one command on the wire: a second one could overtake it. */
export const CAREFUL_MS = 10_000;

export interface Pending {
  readonly id: string;
  /** The frame. */
  readonly text: string;
  /** By the connection's clock. */
  readonly added_at: number;
  /** Of a send, whose message the channel shows. */
  readonly isSend: boolean;
  readonly isOnWire: boolean;
  /** Whether an earlier try got no answer, and so may have done it. */
  readonly isDoubted: boolean;
  /** Whether the channel, read on from its time, would show it: nothing was left out since. */
  readonly isTraced: boolean;
}

export type Adding = Pick<Pending, "id" | "text" | "isSend">;

/** What is known of a command that is given up. */
export interface Expired {
  readonly pending: Pending;
  /** `not_sent`: it did not happen. `outcome_unknown`: nobody can tell. */
  readonly outcome: "not_sent" | "outcome_unknown";
}

export class Outbox {
  /** In order of their making, which is the order on the wire. */
  readonly #pending: Map<string, Pending> = new Map();
  #onWire = 0;
  #length = 0;
  /** Nothing goes out before this. */
  #held_until = 0;
  #careful_until = 0;

  get size(): number {
    return this.#pending.size;
  }

  isFullFor(text: string): boolean {
    return this.size >= OUTBOX || (this.size > 0 && this.#length + text.length > OUTBOX_LENGTH);
  }

  has(id: string): boolean {
    return this.#pending.has(id);
  }

  add(adding: Adding, now: number): void {
    this.#pending.set(adding.id, { ...adding, added_at: now, isOnWire: false, isDoubted: false, isTraced: true });
    this.#length += adding.text.length;
  }

  /** Frames that go out now. */
  next(now: number): readonly string[] {
    const room = (now < this.#careful_until ? 1 : WINDOW) - this.#onWire;
    if (room <= 0 || now < this.#held_until) return [];
    const due = [...this.#waiting(room, now)];
    for (const pending of due) this.#pending.set(pending.id, { ...pending, isOnWire: true });
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

  /** The hub wants it later. `isUndone`: it says that this try did nothing. */
  hold(id: string, retry_after_ms: number, { now, isUndone }: { now: number; isUndone: boolean }): void {
    const pending = this.#pending.get(id);
    if (pending === undefined) return;
    if (pending.isOnWire) this.#onWire--;
    this.#pending.set(id, { ...pending, isOnWire: false, isDoubted: pending.isDoubted || !isUndone });
    this.#held_until = now + retry_after_ms;
    this.#careful_until = now + retry_after_ms + CAREFUL_MS;
  }

  /** What was on the wire may not have arrived, or its answer may not. */
  rewind(): void {
    if (this.#onWire === 0) return;
    for (const pending of this.#pending.values())
      if (pending.isOnWire) this.#pending.set(pending.id, { ...pending, isOnWire: false, isDoubted: true });
    this.#onWire = 0;
  }

  /** Something was left out of what the channel showed: of what may have happened it cannot tell any more. */
  loseTrace(): void {
    for (const pending of this.#pending.values())
      if (mayHaveHappened(pending)) this.#pending.set(pending.id, { ...pending, isTraced: false });
  }

  /** Whether what waits for an answer on the wire is too old to be waited for there. */
  isStuck(now: number): boolean {
    return this.#some((pending) => pending.isOnWire && isOld(pending, now));
  }

  /** Takes out what has waited too long, but for sends of which the channel may still tell. */
  expire(now: number, woke_at: number): readonly Expired[] {
    return this.#takeOut(now, (pending) => {
      if (!mayHaveHappened(pending)) return "not_sent";
      const mayTell = pending.isSend && pending.isTraced && now < untoldAt(pending, woke_at);
      return mayTell ? undefined : "outcome_unknown";
    });
  }

  /** The channel was read to its end: an old send that it did not show is not in it. */
  concludeOld(now: number): readonly Expired[] {
    return this.#takeOut(now, ({ isSend, isOnWire, isTraced }) =>
      isSend && !isOnWire && isTraced ? "not_sent" : undefined,
    );
  }

  /** Takes out everything. */
  clear(): readonly Pending[] {
    const all = [...this.#pending.values()];
    this.#pending.clear();
    this.#onWire = 0;
    this.#length = 0;
    return all;
  }

  /** When `next` or `expire` may have something again without anything happening; undefined: never. */
  deadline(now: number, woke_at: number): number | undefined {
    if (this.size === 0) return undefined;
    let first = this.#held_until > now ? this.#held_until : Infinity;
    for (const pending of this.#pending.values()) {
      first = Math.min(first, isOld(pending, now) ? untoldAt(pending, woke_at) : pending.added_at + GIVE_UP_MS);
      if (!isOld(pending, now)) break;
    }
    return first;
  }

  #takeOut(now: number, outcomeOf: (pending: Pending) => Expired["outcome"] | undefined): readonly Expired[] {
    const expired: Expired[] = [];
    for (const pending of this.#pending.values()) {
      if (!isOld(pending, now)) break;
      const outcome = outcomeOf(pending);
      if (outcome !== undefined) expired.push({ pending, outcome });
    }
    for (const { pending } of expired) this.#remove(pending);
    return expired;
  }

  *#waiting(room: number, now: number): Generator<Pending> {
    let left = room;
    for (const pending of this.#pending.values()) {
      if (left === 0) return;
      if (pending.isOnWire || isOld(pending, now)) continue;
      left--;
      yield pending;
    }
  }

  #some(is: (pending: Pending) => boolean): boolean {
    for (const pending of this.#pending.values()) if (is(pending)) return true;
    return false;
  }

  #remove(pending: Pending): void {
    if (pending.isOnWire) this.#onWire--;
    this.#length -= pending.text.length;
    this.#pending.delete(pending.id);
  }
}

export function mayHaveHappened({ isOnWire, isDoubted }: Pending): boolean {
  return isOnWire || isDoubted;
}

function isOld({ added_at }: Pending, now: number): boolean {
  return now >= added_at + GIVE_UP_MS;
}

function untoldAt({ added_at }: Pending, woke_at: number): number {
  return Math.max(added_at + UNTOLD_MS, woke_at + WOKEN_MS);
}
