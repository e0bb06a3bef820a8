/**
 * The log as all observers together have seen it. A hub's seq is its claim about the order of
 * events, so nothing has to be searched: every sighting must agree with that claim (R1–R9, R22, R26).
 */
import { type ChannelEvent, type HistoryMeta, type Message, RING_MESSAGES } from "../../../src/protocol/index.ts";
import type { Blame } from "./history.ts";
import { MemberView } from "./member-view.ts";

/** Where a message was seen. Only pages are the log itself. */
export type Source = "page" | "ack" | "receive";

/** What was ever shown at a seq. */
interface Place {
  readonly id: string;
  readonly from: string;
  readonly client_msg_id: string | undefined;
  readonly event: ChannelEvent | undefined;
  readonly json: string;
  isAcked: boolean;
  /** A page showed it. */
  isStored: boolean;
}

/** The newest seqs seen: a page asked for from now on must reach them. */
export interface Floor {
  readonly acked: number;
  readonly seen: number;
}

export class LogView {
  readonly #blame: Blame;
  readonly #places: Map<number, Place> = new Map();
  readonly #seqOfId: Map<string, number> = new Map();
  readonly #seqOfSend: Map<string, number> = new Map();
  #epoch: string | undefined;
  /** Of the page that reached farthest. */
  #ring = { first: 1, last: 0 };
  floor: Floor = { acked: 0, seen: 0 };

  constructor(blame: Blame) {
    this.#blame = blame;
  }

  /** Seq at which a send was seen. */
  seqOf(from: string, id: string): number | undefined {
    return this.#seqOfSend.get(sendName(from, id));
  }

  /** Takes a sighting; true for the first of its seq. */
  see(message: Message, source: Source): boolean {
    const { seq } = message;
    const { acked, seen } = this.floor;
    this.floor = { acked: source === "ack" ? Math.max(acked, seq) : acked, seen: Math.max(seen, seq) };
    const known = this.#places.get(seq);
    if (known === undefined) this.#place(message, source);
    else this.#compare(known, message, source);
    return known === undefined;
  }

  /** Judges a page that was asked for when `floor` was all that had been seen. */
  page(messages: readonly Message[], meta: HistoryMeta, floor: Floor): void {
    this.#epoch ??= meta.epoch;
    if (meta.epoch !== this.#epoch) this.#blame("R26", `epoch was ${this.#epoch}, is ${meta.epoch}`);
    const first = Math.max(1, meta.last_seq - RING_MESSAGES + 1);
    if (meta.first_seq !== first)
      this.#blame("R9", `ring of ${meta.first_seq} to ${meta.last_seq} does not start at ${first}`);
    if (meta.last_seq < floor.acked)
      this.#blame("R7", `the log ends at ${meta.last_seq}, ${floor.acked} was acked before`);
    if (meta.last_seq < floor.seen)
      this.#blame("R8", `the log ends at ${meta.last_seq}, ${floor.seen} was seen before`);
    for (const [at, { seq }] of messages.entries()) {
      const before = messages[at - 1]?.seq ?? seq - 1;
      if (seq !== before + 1) this.#blame("R1", `the log goes from ${before} to ${seq}`);
    }
    if (meta.last_seq >= this.#ring.last) this.#ring = { first: meta.first_seq, last: meta.last_seq };
  }

  /** Seqs that left the ring before any page showed them: nothing can be said about them. */
  get unread(): number {
    let count = 0;
    for (let seq = 1; seq < this.#ring.first; seq++) if (!this.#isStored(seq)) count++;
    return count;
  }

  /** After the last page: what was seen must have been in the log. */
  finish(): void {
    const last = Math.max(this.#ring.last, this.floor.seen);
    for (let seq = this.#ring.first; seq <= last; seq++) {
      if (this.#isStored(seq)) continue;
      const place = this.#places.get(seq);
      if (place === undefined) this.#blame("R1", `the log has no ${seq}`);
      else if (place.isAcked) this.#blame("R7", `${seq} was acked and is not in the log`);
      else this.#blame("R8", `${seq} was received and is not in the log`);
    }
    const members = new MemberView(this.#blame);
    for (let seq = 1; seq <= last; seq++) {
      const place = this.#places.get(seq);
      if (place === undefined) members.skip();
      else members.take(seq, place);
    }
  }

  /** The sends seen, in the log's order. */
  *sends(): Iterable<{ readonly seq: number; readonly from: string; readonly id: string }> {
    for (const seq of [...this.#places.keys()].toSorted((a, b) => a - b)) {
      const place = this.#places.get(seq);
      if (place?.client_msg_id !== undefined) yield { seq, from: place.from, id: place.client_msg_id };
    }
  }

  get last_seq(): number {
    return this.#ring.last;
  }

  #isStored(seq: number): boolean {
    return this.#places.get(seq)?.isStored === true;
  }

  #place(message: Message, source: Source): void {
    const { seq, id, from, client_msg_id, event } = message;
    const twin = this.#seqOfId.get(id);
    if (twin !== undefined) this.#blame("R3", `${id} is the id of ${twin} and of ${seq}`);
    this.#seqOfId.set(id, seq);
    this.#places.set(seq, {
      id,
      from,
      client_msg_id,
      event,
      json: JSON.stringify(message),
      isAcked: source === "ack",
      isStored: source === "page",
    });
    this.#checkTime(message);
    if (client_msg_id !== undefined) this.#placeSend(message, client_msg_id, source);
  }

  #placeSend({ seq, from }: Message, id: string, source: Source): void {
    const name = sendName(from, id);
    const other = this.#seqOfSend.get(name);
    if (other === undefined) this.#seqOfSend.set(name, seq);
    else this.#blame(source === "page" ? "R2" : "R6", `${from}'s ${id} stands at ${other} and at ${seq}`);
  }

  #compare(known: Place, message: Message, source: Source): void {
    known.isAcked ||= source === "ack";
    known.isStored ||= source === "page";
    const { seq, id } = message;
    if (id !== known.id) this.#blame("R5", `${seq} was ${known.id}, is ${id}`);
    else if (JSON.stringify(message) !== known.json)
      this.#blame("R16", `${seq} was ${known.json}, is ${JSON.stringify(message)}`);
  }

  #checkTime({ seq, id, timestamp }: Message): void {
    const ts = timeOf(id);
    if (new Date(ts).toISOString() !== timestamp) this.#blame("R4", `${seq}: ${id} is not of ${timestamp}`);
    const before = this.#places.get(seq - 1);
    const after = this.#places.get(seq + 1);
    if (before !== undefined && timeOf(before.id) > ts) this.#blame("R4", `${seq} is older than ${seq - 1}`);
    if (after !== undefined && timeOf(after.id) < ts) this.#blame("R4", `${seq + 1} is older than ${seq}`);
  }
}

/** Unix milliseconds, from `msg-{ts}-…`. */
function timeOf(id: string): number {
  return Number(/^msg-(\d+)-/.exec(id)?.[1] ?? 0);
}

/** A send by its author and id: neither can hold a line break. */
export function sendName(from: string, id: string): string {
  return `${from}\n${id}`;
}
