/**
 * What came and was not taken yet: the newest 500 events with at most 1 MiB of text, and an account
 * of everything older that had to give way. Nothing leaves it unsaid.
 */
import type { Gap, Message } from "../protocol/message.ts";

/** Entries of an inbox, and characters of their texts; the newest entry has room however long it is. */
export const INBOX = 500;
export const INBOX_LENGTH: number = 1024 * 1024;

/** What a reader of a channel is told, in order. */
export type ChannelEvent =
  | { readonly type: "message"; readonly message: Message }
  /** Messages that the hub no longer has, or never will. */
  | { readonly type: "gap"; readonly gap: Gap };

/** Messages that gave way, bounds inclusive; `ChannelClient.refetch` gets them from the hub. */
export interface Dropped {
  /** How many, as far as they were messages for the application. */
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
  #length = 0;
  #dropped: Dropped | undefined;
  readonly #room: number;

  constructor(room: number = INBOX) {
    this.#room = room;
  }

  get size(): number {
    return this.#events.length - this.#start;
  }

  /** What had no room, all of it before what is there. */
  get dropped(): Dropped | undefined {
    return this.#dropped;
  }

  /** Says whether this was the first to push another out since nothing was dropped. */
  add(event: ChannelEvent): boolean {
    const before = this.#dropped;
    this.#events.push(event);
    this.#length += lengthOf(event);
    while (this.size > this.#room || (this.size > 1 && this.#length > INBOX_LENGTH)) this.#evict();
    return before === undefined && this.#dropped !== undefined;
  }

  /** Takes the oldest. */
  take(): ChannelEvent | undefined {
    const oldest = this.#events[this.#start];
    if (oldest === undefined) return undefined;
    this.#start++;
    this.#length -= lengthOf(oldest);
    if (this.#start < this.#room) return oldest;
    this.#events = this.#events.slice(this.#start);
    this.#start = 0;
    return oldest;
  }

  /** Takes everything. */
  drain(): Drained {
    const drained = { events: this.#events.slice(this.#start), dropped: this.#dropped };
    this.#events = [];
    this.#start = 0;
    this.#length = 0;
    this.#dropped = undefined;
    return drained;
  }

  /** Counts an event, which came before all that is there, as dropped. */
  drop(event: ChannelEvent): void {
    this.#dropped = widen(this.#dropped, event);
  }

  /** What was dropped up to `last` was found again: `events`. */
  found(last: number, events: readonly ChannelEvent[]): void {
    if (this.#dropped === undefined) return;
    const { dropped, to } = this.#dropped;
    const left = Math.max(0, dropped - events.filter(({ type }) => type === "message").length);
    this.#dropped = last >= to ? undefined : { dropped: left, from: last + 1, to };
  }

  #evict(): void {
    const oldest = this.take();
    if (oldest !== undefined) this.drop(oldest);
  }
}

function lengthOf(event: ChannelEvent): number {
  return event.type === "message" ? event.message.text.length : 0;
}

/** A gap that gave way joins the range: reading the range again tells of it again. */
function widen(dropped: Dropped | undefined, event: ChannelEvent): Dropped {
  const isMessage = event.type === "message";
  const { from, to } = isMessage ? { from: event.message.seq, to: event.message.seq } : event.gap;
  const count = (dropped?.dropped ?? 0) + (isMessage ? 1 : 0);
  return { dropped: count, from: Math.min(dropped?.from ?? from, from), to: Math.max(dropped?.to ?? to, to) };
}
