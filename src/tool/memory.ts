/**
 * What an agent was shown and acted after (HST2). An answer that showed messages may get lost on its
 * way, so showing moves nothing; the next call that acts says that it arrived. In memory only: what
 * is forgotten here is shown again.
 */

/** Spans beyond a gap that are remembered of a channel; the lowest goes first. */
const APART_MAX = 8;
/** Channels that are remembered of an agent; the one that was longest not asked about goes first. */
const PLACES_MAX = 32;
/** Channels whose names are remembered. */
const NAMES_MAX = 64;
/** Channels in one `after`. */
export const NAMED_MAX = 16;

/** Seqs, both ends included. */
export interface Span {
  readonly first: number;
  readonly last: number;
}

interface Apart extends Span {
  readonly acted: boolean;
}

/** How a listen says where it starts: with `after`; without; or with `after` of other channels only. */
export type Start = "named" | "bare" | "beside";

/** One channel of an agent. Seqs; 0 is before the first message. */
export class Place {
  /** Whose seqs these are: a channel that was made anew has another. */
  readonly epoch: string | undefined;
  readonly #repeats: boolean;
  /** The read position at the hub, as far as it is known. */
  #position: number | undefined;
  /** Nothing up to here is known to have been shown. */
  #since: number | undefined;
  /** Everything up to here was shown. */
  #shown = 0;
  /** The answer that showed it may be lost: the agent asked again, and was not shown it again yet. */
  #isInDoubt = false;
  /** Everything up to here was shown twice. */
  #twice = 0;
  /** Everything up to here was shown and acted after. */
  #acted = 0;
  /** Shown out of order, by history or a wake. */
  #apart: readonly Apart[] = [];

  constructor(repeats: boolean, epoch: string | undefined) {
    this.#repeats = repeats;
    this.epoch = epoch;
  }

  get position(): number | undefined {
    return this.#position;
  }

  /** Everything up to here was shown, or is done with; what a next listen names. */
  get top(): number {
    const shown = this.#isInDoubt ? this.#twice : this.#shown;
    return this.#reach(Math.max(this.#position ?? 0, this.#acted, shown), () => true);
  }

  /** Whether something was shown that the hub does not count as read. */
  get isPending(): boolean {
    return this.top > (this.#position ?? 0);
  }

  /** The read position is there now. */
  moved(seq: number): void {
    this.#position = Math.max(this.#position ?? 0, seq);
    this.#since ??= seq;
    this.#apart = this.#apart.filter(({ last }) => last > seq);
  }

  /** Somebody who may have missed an answer asks again: what it showed counts once it is shown again. */
  doubt(): void {
    this.#isInDoubt = this.#repeats;
  }

  /** Everything from where the place is known up to `seq` was shown. */
  show(seq: number): void {
    this.#isInDoubt = false;
    this.#twice = Math.max(this.#twice, Math.min(this.#shown, seq));
    this.#shown = Math.max(this.#shown, seq);
  }

  /** These were shown, whatever was not before them. */
  showSpan({ first, last }: Span): void {
    if (first <= this.top + 1 && this.#position !== undefined) return this.show(last);
    const open = this.#apart.filter((one) => !one.acted && one.first <= last + 1 && one.last >= first - 1);
    const joined = {
      first: Math.min(first, ...open.map((one) => one.first)),
      last: Math.max(last, ...open.map((one) => one.last)),
      acted: false,
    };
    const rest = this.#apart.filter((one) => !open.includes(one));
    this.#apart = [...rest, joined].toSorted((a, b) => a.first - b.first).slice(-APART_MAX);
  }

  /** The agent acted: what was shown is done with. The seq to move the read position to, if it is behind. */
  settle(): number | undefined {
    this.#apart = this.#apart.map((one) => ({ ...one, acted: true }));
    this.#acted = this.top;
    return this.isPending ? this.#acted : undefined;
  }

  /** Where a listen starts that does not name this channel; undefined: at the hub's read position. */
  start(start: Start): number | undefined {
    const from = this.#reach(Math.max(this.#position ?? 0, this.#past(start)), (one) => this.#isPast(one, start));
    return from > (this.#position ?? 0) ? from : undefined;
  }

  /** Whether a listen leaves this message out: it was shown and acted after, or as often as it may be. */
  leavesOut(seq: number, start: Start): boolean {
    if (start !== "named" && seq <= this.#past(start)) return true;
    return this.#apart.some((one) => covers(one, seq) && this.#isPast(one, start));
  }

  /** Which of these messages were shown before, in the order given. */
  shownOf(seqs: readonly number[]): readonly Span[] {
    const spans: Span[] = [];
    for (const [at, seq] of seqs.entries()) {
      if (!this.#hasShown(seq)) continue;
      const last = spans.at(-1);
      if (last !== undefined && last.last === seqs[at - 1]) spans[spans.length - 1] = { first: last.first, last: seq };
      else spans.push({ first: seq, last: seq });
    }
    return spans;
  }

  #hasShown(seq: number): boolean {
    const isPassed = seq > (this.#since ?? 0) && seq <= Math.max(this.#shown, this.#acted);
    return isPassed || this.#apart.some((one) => covers(one, seq));
  }

  #past(start: Start): number {
    return Math.max(this.#acted, start === "bare" && !this.#repeats ? this.#shown : this.#twice);
  }

  #isPast({ acted }: Apart, start: Start): boolean {
    return acted || (start === "bare" && !this.#repeats);
  }

  /** `seq`, or the end of what goes on from there without a hole. */
  #reach(seq: number, isTaken: (one: Apart) => boolean): number {
    let end = seq;
    for (const one of this.#apart) if (one.first <= end + 1 && isTaken(one)) end = Math.max(end, one.last);
    return end;
  }
}

function covers({ first, last }: Span, seq: number): boolean {
  return first <= seq && seq <= last;
}

/** All channels of one agent. */
export class Memory {
  readonly #repeats: boolean;
  /** The one asked about last stands last. */
  readonly #places: Map<string, Place> = new Map();
  readonly #names: Map<string, string> = new Map();

  /** `repeats`: answers may get lost unseen, so a listen without `after` shows once more what the last one did. */
  constructor(repeats: boolean) {
    this.#repeats = repeats;
  }

  /** The place in a channel; with another `epoch` than it has, a new one. */
  at(channel_id: string, epoch?: string): Place {
    const known = this.#places.get(channel_id);
    const isSame = epoch === undefined || known?.epoch === undefined || known.epoch === epoch;
    const place = known !== undefined && isSame ? known : new Place(this.#repeats, epoch);
    this.#places.delete(channel_id);
    this.#places.set(channel_id, place);
    const [oldest] = this.#places.keys();
    if (this.#places.size > PLACES_MAX && oldest !== undefined) this.#places.delete(oldest);
    return place;
  }

  /** What is known of a channel, if anything. */
  find(channel_id: string): Place | undefined {
    return this.#places.get(channel_id);
  }

  get places(): ReadonlyMap<string, Place> {
    return this.#places;
  }

  /** Name of a channel by its id, while known. */
  nameOf(channel_id: string): string | undefined {
    return this.#names.get(channel_id);
  }

  /** That channel is called so, for good. */
  name(channel_id: string, name: string): void {
    if (this.#names.size >= NAMES_MAX) this.#names.clear();
    this.#names.set(channel_id, name);
  }

  /** The agent is in that channel no longer, or anew. */
  forget(channel_id: string): void {
    this.#places.delete(channel_id);
  }
}
