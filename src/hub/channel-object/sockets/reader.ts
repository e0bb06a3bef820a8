/**
 * How much of what was pushed to a socket its reader may not have read (SOC6). The runtime queues
 * without limit and has no back-pressure signal, so the hub counts all that it pushes, replies and
 * pages like messages, and takes off only what has a sign of having been read.
 */

const MIB = 1024 * 1024;
/** Budget of sockets that say `seen`: they are told `lagging`, and read on by themselves. */
const PACED: Amount = { bytes: MIB, messages: 1000 };
/** Budget of the others: with pings every 25 s it is known late what they have read, and without never. */
const UNPACED: Amount = { bytes: 16 * MIB, messages: Infinity };
/** What a socket may have beyond its budget in replies, which cannot wait as messages and pages do. */
export const REPLIES_BYTES: number = MIB;
/** What the runtime holds for a frame in its queue, beside the text. */
const FRAME_BYTES = 64;
/**
 * What a healthy reader may not have said `seen` of yet: no backlog, since a channel of a thousand
 * readers has that much unread from each at any time. A thousand of it are 24 MiB.
 */
export const UNSAID_BYTES: number = 24 * 1024;
/** Backlog of all sockets of a channel beyond that; the worst reader goes first. Both together leave an object its 64 MiB. */
export const CHANNEL_UNREAD_BYTES: number = 32 * MIB;
/** A reader over its budget has this long to give a sign before it is closed. */
export const LAGGING_MS = 30_000;
/** The same for one that pings: what its first ping shows is known by its second. */
export const LAGGING_PINGING_MS = 90_000;
/** A closed socket's backlog has this long to leave before the object is reset, which alone frees it. */
export const BACKLOG_MS = 60_000;
/** Less than this may stay for ever: it is counted, and no reason to end everybody's connection. */
export const LEFT_BYTES: number = 8 * MIB;
/** What sockets whose peers said the close may have had unread in so long: they may have read it, and nothing shows it. */
export const UNSURE_BYTES: number = 32 * MIB;
export const UNSURE_MS: number = 10 * 60_000;
/** Frames show that their sender's loop runs; those that come closer together than this show it once. */
const SIGN_MS = 1000;
/** Places in the stream that are remembered for `seen` to settle. */
const REPLIES_REMEMBERED = 64;

export interface Amount {
  readonly bytes: number;
  readonly messages: number;
}

const NOTHING: Amount = { bytes: 0, messages: 0 };

/** A reply in the stream: read by whoever has seen `seq`. */
interface Reply {
  readonly seq: number;
  /** All replies' bytes up to its end. */
  readonly total: number;
}

/** A place in the stream. */
interface Place {
  readonly messages: Amount;
  readonly replies: number;
}

const START: Place = { messages: NOTHING, replies: 0 };

/**
 * What was pushed when, and how much of it must have been read. Two accounts, because their signs
 * differ: what everybody gets, and what only this socket got, because it asked. An ask never shows
 * that an earlier answer was read.
 */
export class Reader {
  #pushed: Amount = NOTHING;
  #read: Amount = NOTHING;
  #replied = 0;
  #repliesRead = 0;
  #replies: Reply[] = [];
  /** Pushed before the newest ping that is known. */
  #atPing: Place = START;
  /** Pushed when pings were last looked for. */
  #atLook: Place = START;
  #pinged_at = 0;
  /** Pushed before the newest frame that counts as a sign, and when that came. */
  #atFrame: Amount = NOTHING;
  #framed_at = 0;
  /** The newest message that was pushed. */
  last_seq = 0;
  /** Unix milliseconds since when it is over its budget without a sign; 0: it is not. */
  lagging_since = 0;
  /** Counts the signs that showed something new. */
  signs = 0;

  get unread_bytes(): number {
    return this.#pushed.bytes - this.#read.bytes + this.#replied - this.#repliesRead;
  }

  /** Whether it is known to have pinged. */
  get hasPinged(): boolean {
    return this.#pinged_at > 0;
  }

  /** Notes messages that are about to be pushed, up to `last_seq`. */
  push(bytes: number, messages: number, last_seq: number): void {
    this.#pushed = {
      bytes: this.#pushed.bytes + bytes + FRAME_BYTES * messages,
      messages: this.#pushed.messages + messages,
    };
    if (last_seq > this.last_seq) this.last_seq = last_seq;
  }

  /** Notes a reply. `seq`: the newest message in it, if it brings any that are new. */
  reply(bytes: number, seq = 0): void {
    this.#replied += bytes + FRAME_BYTES;
    // Whoever got it next to `last_seq` may have said so before it came.
    const shows = Math.max(seq, this.last_seq + 1);
    if (seq > this.last_seq) this.last_seq = seq;
    if (this.#replies.length === REPLIES_REMEMBERED) this.#replies.pop();
    this.#replies.push({ seq: shows, total: this.#replied });
  }

  /** An inbound frame: its sender's loop runs, so what came before the previous one was read. Says nothing of replies. */
  heard(now: number): void {
    if (now - this.#framed_at < SIGN_MS) return;
    this.#credit({ messages: this.#atFrame, replies: 0 });
    this.#framed_at = now;
    this.#atFrame = this.#pushed;
  }

  /** The client has everything up to `seq`; `later` is what of the channel's messages it was pushed since. */
  seen(seq: number, later: Amount): void {
    let replies = 0;
    for (const reply of this.#replies) if (reply.seq <= seq) replies = reply.total;
    const { bytes, messages } = this.#pushed;
    const left = bytes - later.bytes - FRAME_BYTES * later.messages;
    this.#credit({ messages: { bytes: left, messages: messages - later.messages }, replies });
  }

  /** Whether `bytes` more would be too many, as far as the signs go. */
  isOver(isPaced: boolean, bytes: number, messages: number): boolean {
    const budget = isPaced ? PACED : UNPACED;
    const unread = this.#pushed.messages - this.#read.messages;
    // A reader with nothing unread takes any frame: a page may be as large as the budget.
    if (this.unread_bytes === 0) return false;
    return this.unread_bytes + bytes > budget.bytes || unread + messages > budget.messages;
  }

  /** Whether it has so many replies unread that it must not be given one more. */
  isFull(isPaced: boolean, bytes: number): boolean {
    return this.isOver(isPaced, bytes - REPLIES_BYTES, 0);
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
    this.#atLook = { messages: this.#pushed, replies: this.#replied };
  }

  #credit({ messages, replies }: Place): void {
    const isNews =
      messages.bytes > this.#read.bytes || messages.messages > this.#read.messages || replies > this.#repliesRead;
    if (!isNews) return;
    this.lagging_since = 0;
    this.signs++;
    this.#read = {
      bytes: Math.max(this.#read.bytes, messages.bytes),
      messages: Math.max(this.#read.messages, messages.messages),
    };
    this.#repliesRead = Math.max(this.#repliesRead, replies);
    this.#replies = this.#replies.filter(({ total }) => total > this.#repliesRead);
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

  /** Seq of the newest message; 0 where none came since the wake. */
  get last(): number {
    return this.#last;
  }

  /** The messages later than `seq`, up to `last`. Undefined for one so old that its place is overwritten. */
  between(seq: number, last: number): Amount | undefined {
    if (seq >= last) return NOTHING;
    const [from, to] = [this.#upTo(seq), this.#upTo(last)];
    if (from === undefined || to === undefined) return undefined;
    return { bytes: to.bytes - from.bytes, messages: to.messages - from.messages };
  }

  /** All messages since the wake up to `seq`. */
  #upTo(seq: number): Amount | undefined {
    if (seq < this.#first) return NOTHING;
    const at = Math.min(seq, this.#last);
    if (this.#last - at >= REMEMBERED) return undefined;
    return { bytes: this.#totals[at % REMEMBERED] ?? 0, messages: at - this.#first + 1 };
  }
}
