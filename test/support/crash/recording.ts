/** Writes down what agents see of an honest hub, without one: histories to plant faults in. */
import { type HistoryMeta, type Message, RING_MESSAGES } from "../../../src/protocol/index.ts";
import type { HistoryEvent } from "./history.ts";

const EPOCH = "epoch-1";
/** Messages that a socket without a position starts with. */
const NEWEST = 50;

/** Message `seq` as everybody sees it; its text is its id unless said otherwise. */
export function message(seq: number, from: string, client_msg_id: string, text: string = client_msg_id): Message {
  const ts = 1_000_000 + seq;
  return {
    id: `msg-${ts}-1${String(seq).padStart(12, "0")}`,
    channel_id: "ch-1",
    seq,
    from,
    from_name: from,
    text,
    timestamp: new Date(ts).toISOString(),
    msg_type: "text",
    verified: false,
    client_msg_id,
  };
}

function system(seq: number): Message {
  const { client_msg_id: _none, ...row } = message(seq, "system", "", "said by the hub");
  return { ...row, msg_type: "system" };
}

export class Recording {
  readonly events: HistoryEvent[] = [];
  readonly #log: Message[];
  readonly #keys: Map<number, string> = new Map();
  #waiting: { readonly socket: number; readonly id: string }[] = [];

  /** Without a creator it is a log whose members nobody knows. */
  constructor(creator?: string) {
    const event = creator === undefined ? {} : { event: { kind: "created", key: creator, name: creator } as const };
    this.#log = [{ ...system(1), ...event }];
  }

  /** Somebody comes or goes over HTTP, when nobody is there to hear of it. */
  note(kind: "join" | "leave" | "kick", key: string): void {
    this.#log.push({ ...system(this.#log.length + 1), event: { kind, key, name: key } });
  }

  /** A listen that is answered with everything later than `start`. */
  listen(socket: number, key: string, { after, start }: { readonly after?: number; readonly start: number }): void {
    const open: HistoryEvent = { type: "open", socket, key };
    const listen: HistoryEvent = { type: "listen", socket, ...(after !== undefined && { after }) };
    const messages = this.#log.slice(start);
    const answer: HistoryEvent = { type: "listened", socket, messages, next: this.#log.length, gap: null };
    this.events.push(open, listen, answer, { type: "close", socket });
  }

  /** A socket is opened and gets its first page. */
  connect(socket: number, key: string, after?: number): void {
    this.#keys.set(socket, key);
    this.#page(socket, key, after);
  }

  /** The log is read over HTTP. */
  audit(socket: number, after: number): void {
    this.#page(socket, "auditor", after);
    this.events.push({ type: "close", socket });
  }

  say(socket: number, id: string): void {
    this.events.push({ type: "invoke", socket, id, text: id });
    this.#waiting.push({ socket, id });
  }

  /** The hub stores all that waits, and tells everybody. */
  turn(): void {
    for (const { socket, id } of this.#waiting) {
      const known = this.#log.find((entry) => entry.client_msg_id === id);
      const entry = known ?? this.#store(socket, id);
      this.events.push({ type: "ack", socket, id, message: entry, duplicate: known !== undefined });
      for (const other of known === undefined ? this.#keys.keys() : []) {
        if (other !== socket) this.events.push({ type: "receive", socket: other, message: entry });
      }
    }
    this.#waiting = [];
  }

  /** The hub stores the first `stored` of what waits, and is gone before it can say so. */
  crash(stored: number): void {
    for (const { socket, id } of this.#waiting.slice(0, stored)) this.#store(socket, id);
    this.#waiting = [];
    for (const socket of this.#keys.keys()) this.events.push({ type: "close", socket });
    this.#keys.clear();
  }

  #store(socket: number, id: string): Message {
    const entry = message(this.#log.length + 1, this.#keys.get(socket) ?? "", id);
    this.#log.push(entry);
    return entry;
  }

  #page(socket: number, key: string, after?: number): void {
    const last_seq = this.#log.length;
    const first_seq = Math.max(1, last_seq - RING_MESSAGES + 1);
    const start = after === undefined ? Math.max(0, last_seq - NEWEST) : Math.max(after, first_seq - 1);
    const isCut = after !== undefined && after < first_seq - 1;
    const gap: HistoryMeta["gap"] = isCut ? { from: after + 1, to: first_seq - 1, reason: "evicted" } : null;
    const meta = { epoch: EPOCH, first_seq, last_seq, gap, complete: true };
    this.events.push({ type: "open", socket, key, ...(after !== undefined && { after }) });
    this.events.push({ type: "page", socket, messages: this.#log.slice(start), meta });
  }
}
