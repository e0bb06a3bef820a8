/** One socket's side of a history: its pages, its frames, its replies (R9, R10, R14, R17–R19, R21, R23, R24). */
import type { HistoryMeta, Message } from "../../../src/protocol/index.ts";
import type { Blame } from "./history.ts";
import type { Floor } from "./log-view.ts";
import type { Invocation } from "./send-view.ts";

/** A send that waits for its reply. */
export interface Pending extends Invocation {
  readonly id: string;
}

/** What had been seen when something was asked. */
export interface Asked extends Floor {
  /** The newest seq that the key itself had been acked. */
  readonly own: number;
}

export class SocketView {
  readonly key: string;
  readonly #blame: Blame;
  readonly #pending: Pending[] = [];
  /** What had been seen when the page on its way was asked for. */
  asked: Asked;
  /** Where the page on its way starts; undefined: it shows the newest. */
  #after: number | undefined;
  /** Everything up to here has come; undefined while pages are missing. */
  #position: number | undefined;
  #isListening = false;

  constructor(key: string, after: number | undefined, asked: Asked, blame: Blame) {
    this.key = key;
    this.#blame = blame;
    this.#after = after;
    this.asked = asked;
  }

  ask(after: number, asked: Asked): void {
    this.#after = after;
    this.asked = asked;
  }

  page(messages: readonly Message[], meta: HistoryMeta): void {
    const last = messages.at(-1)?.seq;
    if (this.#after !== undefined) this.#checkStart(messages, this.#after, meta);
    else if (meta.gap !== null || !meta.complete)
      this.#blame("R23", `${this.key} asked for the newest and got ${JSON.stringify(meta)}`);
    if (!meta.complete && last === undefined) this.#blame("R23", `${this.key} got an empty page that is not the last`);
    if (meta.last_seq < this.asked.own)
      this.#blame("R24", `${this.key} had been acked ${this.asked.own} and got a page of a log up to ${meta.last_seq}`);
    const reached = last ?? this.#after ?? 0;
    if (meta.complete && reached !== meta.last_seq)
      this.#blame("R23", `${this.key}'s last page ends at ${reached} of ${meta.last_seq}`);
    this.#position = meta.complete ? meta.last_seq : undefined;
  }

  #checkStart(messages: readonly Message[], after: number, { first_seq, gap }: HistoryMeta): void {
    const isEvicted = after + 1 < first_seq;
    const due = isEvicted ? { from: after + 1, to: first_seq - 1, reason: "evicted" } : null;
    const isSame = gap?.from === due?.from && gap?.to === due?.to && gap?.reason === due?.reason;
    if (!isSame) this.#blame("R9", `after ${after} of a ring from ${first_seq}: the gap is ${JSON.stringify(gap)}`);
    const start = messages[0]?.seq;
    const due_start = isEvicted ? first_seq : after + 1;
    if (start !== undefined && start !== due_start)
      this.#blame("R23", `${this.key} asked after ${after} and got a page from ${start}`);
  }

  receive({ seq, from }: Message): void {
    if (from === this.key) this.#blame("R17", `${this.key} heard its own ${seq}`);
    if (this.#position === undefined) this.#blame("R23", `${this.key} got ${seq} live before its last page`);
    this.#step(seq);
  }

  /** Takes the reply to a send off; undefined when none was due. */
  reply(id: string): Pending | undefined {
    const at = this.#pending.findIndex((pending) => pending.id === id);
    if (at < 0) this.#blame("R10", `${this.key} got a reply to ${id}, which nothing on this socket waits for`);
    if (at > 0) this.#blame("R14", `${this.key} got the reply to ${id} before that to ${this.#pending[0]?.id}`);
    return at < 0 ? undefined : this.#pending.splice(at, 1)[0];
  }

  /** An ack of a new message stands at its place among the messages. */
  step(seq: number): void {
    if (this.#position !== undefined) this.#step(seq);
  }

  invoke(pending: Pending): void {
    this.#pending.push(pending);
  }

  /** It waits for an answer over HTTP and gets nothing else. */
  listen(): void {
    this.#isListening = true;
  }

  /** It got a page: to the hub it is connected. */
  get isConnected(): boolean {
    return this.#position !== undefined;
  }

  /** At rest: nothing is on its way any more. */
  finish(last_seq: number): void {
    if (this.#isListening) return;
    const [unanswered] = this.#pending;
    if (unanswered !== undefined) this.#blame("R21", `${this.key} never got a reply to ${unanswered.id}`);
    if (this.#position !== last_seq)
      this.#blame("R21", `${this.key} has everything up to ${this.#position}, not ${last_seq}`);
  }

  #step(seq: number): void {
    const position = this.#position ?? seq - 1;
    if (seq <= position) this.#blame("R18", `${this.key} got ${seq} after ${position}`);
    else if (seq > position + 1) this.#blame("R19", `${this.key} got ${seq} after ${position}`);
    if (this.#position !== undefined) this.#position = Math.max(position, seq);
  }
}
