/**
 * The newest stretch of a channel as a live connection brought it: what a listen and the unread
 * counts are answered from without asking the hub. Bounded; what it no longer covers, it says so.
 */
import { isFor } from "../protocol/mention.ts";
import type { Message } from "../protocol/message.ts";

/** Messages it holds: as many as a listen could ever show at once, twice over. */
const HELD = 1000;

export interface Wanted {
  /** The reader's key. */
  readonly key: string;
  readonly for: "all" | "me";
  readonly limit: number;
}

/** A part of a LIS1 answer. */
export interface Looked {
  readonly messages: readonly Message[];
  readonly next: number;
  readonly own: number;
  readonly others: number;
  readonly more: boolean;
}

export class Stretch {
  /** Everything later than this is here. */
  #from: number;
  #messages: Message[] = [];

  constructor(from: number) {
    this.#from = from;
  }

  /** In the order of their numbers; the reader's own may be among them or not. */
  add(message: Message): void {
    this.#messages.push(message);
    // Twice the bound before it is cut: a shift a message would cost as much as the messages.
    if (this.#messages.length > 2 * HELD) this.#cut();
  }

  /** Nothing up to `seq` can be told from here. */
  forget(seq: number): void {
    this.#from = Math.max(this.#from, seq);
    this.#messages = this.#messages.filter((message) => message.seq > seq);
  }

  covers(after: number): boolean {
    return after >= this.#from;
  }

  /** LIS1 from `after` up to `last`, of a stretch that covers `after`. */
  look(after: number, last: number, { key, for: whose, limit }: Wanted): Looked {
    const later = this.#messages.filter(({ seq }) => seq > after && seq <= last);
    const foreign = later.filter(({ from }) => from !== key);
    const wanted = whose === "me" ? foreign.filter((message) => isFor(message, key)) : foreign;
    const messages = wanted.slice(0, limit);
    const more = wanted.length > limit;
    const next = more ? (messages.at(-1)?.seq ?? after) : Math.max(last, after);
    const others = foreign.filter(({ seq }) => seq <= next).length - messages.length;
    return { messages, next, own: next - after - messages.length - others, others, more };
  }

  /** Messages of others after `after`, system messages not counted. */
  unread(after: number, key: string): number {
    return this.#messages.filter(({ seq, from, msg_type }) => seq > after && from !== key && msg_type !== "system")
      .length;
  }

  #cut(): void {
    this.forget(this.#messages.at(-HELD - 1)?.seq ?? 0);
  }
}
