/**
 * What came and was not taken yet: the newest 500, and an account of everything older that had to
 * give way. Nothing leaves it unsaid.
 */
import type { Gap, Message } from "../protocol/message.ts";

/** Entries of an inbox. */
export const INBOX = 500;

/** What a reader of a channel is told, in order. */
export type ChannelEvent =
  | { readonly type: "message"; readonly message: Message }
  /** Messages that the hub no longer has, or never will. */
  | { readonly type: "gap"; readonly gap: Gap };

/** Messages that gave way, bounds inclusive; `ChannelClient.refetch` gets them from the hub. */
export interface Dropped {
  readonly dropped: number;
  readonly from: number;
  readonly to: number;
}

export interface Drained {
  /** Oldest first. All of them are later than what was dropped. */
  readonly events: readonly ChannelEvent[];
  readonly dropped: Dropped | undefined;
}

export class Inbox {
  #events: ChannelEvent[] = [];
  /** Where the oldest entry stands: shifting an array entry by entry would move all the others. */
  #start = 0;
  #dropped: Dropped | undefined;
  readonly #room: number;

  constructor(room: number = INBOX) {
    this.#room = room;
  }

  get size(): number {
    return this.#events.length - this.#start;
  }

  /** Says whether this was the first to push another out since the last drain. */
  add(event: ChannelEvent): boolean {
    const isFirst = this.size >= this.#room && this.#dropped === undefined;
    this.#events.push(event);
    if (this.size > this.#room) this.#evict();
    return isFirst;
  }

  /** Takes everything. */
  drain(): Drained {
    const drained = this.peek();
    this.#events = [];
    this.#start = 0;
    this.#dropped = undefined;
    return drained;
  }

  peek(): Drained {
    return { events: this.#events.slice(this.#start), dropped: this.#dropped };
  }

  /** A second inbox with the same content, for another reader. */
  copy(): Inbox {
    const copy = new Inbox(this.#room);
    copy.#events = this.#events.slice(this.#start);
    copy.#dropped = this.#dropped;
    return copy;
  }

  #evict(): void {
    const oldest = this.#events[this.#start++];
    if (oldest !== undefined) this.#dropped = widen(this.#dropped, oldest);
    if (this.#start < this.#room) return;
    this.#events = this.#events.slice(this.#start);
    this.#start = 0;
  }
}

/** A gap that gave way joins the range: reading the range again tells of it again. */
function widen(dropped: Dropped | undefined, event: ChannelEvent): Dropped {
  const isMessage = event.type === "message";
  const { from, to } = isMessage ? { from: event.message.seq, to: event.message.seq } : event.gap;
  const count = (dropped?.dropped ?? 0) + (isMessage ? 1 : 0);
  return { dropped: count, from: Math.min(dropped?.from ?? from, from), to: Math.max(dropped?.to ?? to, to) };
}
