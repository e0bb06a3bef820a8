/**
 * How far behind a socket's reader may be (SOC6). The runtime queues without limit and has no
 * back-pressure signal, so the hub counts what it pushed and takes off what has a sign of having
 * been read: an inbound frame, a `seen`, or a newer ping.
 */

/** Budget of sockets that ping or say `seen`. */
const PACED: Amount = { bytes: 1024 * 1024, messages: 1000 };
/** Budget of the others: the hub learns nothing of them until they speak. */
const UNPACED: Amount = { bytes: 8 * 1024 * 1024, messages: Infinity };
/**
 * What a healthy reader may not have said `seen` of yet. A channel of a thousand readers has that
 * much unread from each at any time, so it is no backlog: with it, the bound below would call a busy
 * channel's readers slow by turns.
 */
export const UNSAID_BYTES: number = 64 * 1024;
/** Backlog of all sockets of a channel; the worst reader goes first. */
export const CHANNEL_UNREAD_BYTES: number = 32 * 1024 * 1024;
/** A reader over its budget has this long to give a sign before it is closed. */
export const LAGGING_MS = 30_000;
/** A closed socket's backlog has this long to leave before the object is reset, which alone frees it. */
export const BACKLOG_MS = 60_000;

export interface Amount {
  readonly bytes: number;
  readonly messages: number;
}

const NOTHING: Amount = { bytes: 0, messages: 0 };

/** What was pushed when, and how much of it must have been read. */
export class Reader {
  #pushed: Amount = NOTHING;
  #read: Amount = NOTHING;
  /** Pushed before the newest ping that is known. */
  #atPing: Amount = NOTHING;
  /** Pushed when pings were last looked for. */
  #atLook: Amount = NOTHING;
  #pinged_at = 0;
  /** Unix milliseconds since when it is over its budget; 0: it is not. */
  lagging_since = 0;

  get unread_bytes(): number {
    return this.#pushed.bytes - this.#read.bytes;
  }

  /** Whether it is known to have pinged. */
  get hasPinged(): boolean {
    return this.#pinged_at > 0;
  }

  /** Notes a push that is about to happen. */
  push(bytes: number, messages: number): void {
    this.#pushed = { bytes: this.#pushed.bytes + bytes, messages: this.#pushed.messages + messages };
  }

  /** Any inbound frame but `seen`: the peer's loop runs. */
  heard(): void {
    this.#credit(this.#pushed);
  }

  /** `seen` up to a seq: all is read but what the channel's messages since then amount to. */
  seen(since: Amount): void {
    const { bytes, messages } = this.#pushed;
    this.#credit({ bytes: bytes - since.bytes, messages: messages - since.messages });
  }

  /** Whether it is over its budget still, after the newest ping was looked at. */
  isStuck(pinged_at: number): boolean {
    this.look(pinged_at);
    return this.lagging_since > 0;
  }

  /** Whether `bytes` more would be too many, as far as the signs go. */
  isOver(isPaced: boolean, bytes: number, messages: number): boolean {
    const budget = isPaced ? PACED : UNPACED;
    const unread = this.#pushed.messages - this.#read.messages;
    // A reader with nothing unread takes any frame: a page may be as large as the budget.
    if (this.unread_bytes === 0) return false;
    return this.unread_bytes + bytes > budget.bytes || unread + messages > budget.messages;
  }

  /**
   * Looks at the socket's auto-response time. A newer ping proves that all pushed before the previous
   * one was read: clients ping only after the previous pong, and the pong stood behind those frames.
   * Pings are looked for now and then; what was pushed by the look before a ping came before it.
   */
  look(pinged_at: number): void {
    if (pinged_at > this.#pinged_at) {
      if (this.#pinged_at > 0) this.#credit(this.#atPing);
      this.#pinged_at = pinged_at;
      this.#atPing = this.#atLook;
    }
    this.#atLook = this.#pushed;
  }

  #credit(amount: Amount): void {
    if (amount.bytes > this.#read.bytes || amount.messages > this.#read.messages) this.lagging_since = 0;
    this.#read = {
      bytes: Math.max(this.#read.bytes, amount.bytes),
      messages: Math.max(this.#read.messages, amount.messages),
    };
  }
}

/** Messages whose sizes are remembered: more than a paced reader may leave unread. */
const REMEMBERED = 2048;

/** What the channel's messages amount to, by seq, since the object woke: one account for all readers. */
export class Volumes {
  readonly #totals: Float64Array = new Float64Array(REMEMBERED);
  #total = 0;
  /** Seq of the first message since the wake; 0 before it. */
  #first = 0;
  #last = 0;

  add(seq: number, bytes: number): void {
    if (this.#first === 0) this.#first = seq;
    this.#last = seq;
    this.#total += bytes;
    this.#totals[seq % REMEMBERED] = this.#total;
  }

  /** The messages later than `seq`. Undefined for one so old that its place is overwritten. */
  since(seq: number): Amount | undefined {
    if (seq >= this.#last) return NOTHING;
    if (seq < this.#first) return { bytes: this.#total, messages: this.#last - this.#first + 1 };
    if (this.#last - seq >= REMEMBERED) return undefined;
    return { bytes: this.#total - (this.#totals[seq % REMEMBERED] ?? 0), messages: this.#last - seq };
  }
}
