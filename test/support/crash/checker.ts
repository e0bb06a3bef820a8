/**
 * Judges a history, event by event, against the rules of `history.ts`: pure, and no slower than
 * the traffic. It presumes what the rig does: a key has one socket at a time, and a reconnecting
 * sender repeats what is unanswered, in order, before anything new.
 */
import type { Message } from "../../../src/protocol/index.ts";
import type { HistoryEvent, Violation } from "./history.ts";
import { ListenView } from "./listen-view.ts";
import { LogView, type Source } from "./log-view.ts";
import { SendView } from "./send-view.ts";
import { type Asked, SocketView } from "./socket-view.ts";

type Of<T extends HistoryEvent["type"]> = Extract<HistoryEvent, { type: T }>;

/** Kept violations: a broken hub breaks the same rule thousands of times. */
const VIOLATIONS_KEPT = 1000;

/** The violations of a whole history. */
export function checkHistory(history: Iterable<HistoryEvent>): readonly Violation[] {
  const checker = new HistoryChecker();
  for (const event of history) checker.record(event);
  checker.finish();
  return checker.violations;
}

export class HistoryChecker {
  readonly violations: Violation[] = [];
  readonly #blame = (rule: Violation["rule"], detail: string): void => {
    if (this.violations.length < VIOLATIONS_KEPT) this.violations.push({ rule, detail });
  };
  readonly #log = new LogView(this.#blame);
  readonly #sends = new SendView(this.#blame);
  readonly #listens = new ListenView(this.#blame);
  readonly #sockets: Map<number, SocketView> = new Map();
  /** Newest seq that each key was acked. */
  readonly #acked: Map<string, number> = new Map();

  /** Seqs nobody can say anything about: none, if the log was read often enough. */
  get unread(): number {
    return this.#log.unread;
  }

  /** Newest seq of the log. */
  get last_seq(): number {
    return this.#log.last_seq;
  }

  record(event: HistoryEvent): void {
    if (event.type === "presence") return this.#presence(event.connected);
    if (event.type === "open") {
      const { socket, key, after } = event;
      this.#sockets.set(socket, new SocketView(key, after, this.#asked(key), this.#blame));
      return;
    }
    const socket = this.#sockets.get(event.socket);
    if (socket === undefined) throw new Error(`a history without an open of socket ${event.socket}`);
    if (event.type === "close") this.#sockets.delete(event.socket);
    else this.#happen(socket, event);
  }

  #asked(key: string): Asked {
    return { ...this.#log.floor, own: this.#acked.get(key) ?? 0 };
  }

  #happen(socket: SocketView, event: Exclude<HistoryEvent, { type: "open" | "close" | "presence" }>): void {
    switch (event.type) {
      case "ask":
        return socket.ask(event.after, this.#asked(socket.key));
      case "listen":
        socket.listen();
        return this.#listens.listen(socket.key, event.after);
      case "listened":
        for (const message of event.messages) this.#see(message, "receive");
        return this.#listens.listened(socket.key, event);
      case "page":
        return this.#page(socket, event);
      case "invoke":
        return this.#invoke(socket, event);
      case "ack":
        return this.#ack(socket, event);
      case "refuse":
        socket.reply(event.id);
        return this.#sends.refuse(socket.key, event.id, this.#log.seqOf(socket.key, event.id));
      case "receive":
        this.#see(event.message, "receive");
        return socket.receive(event.message);
    }
  }

  /** At rest, with the log read to its end: what is still open must have everything. */
  finish(): void {
    this.#log.finish();
    this.#sends.checkOrder(this.#log.sends());
    for (const socket of this.#sockets.values()) socket.finish(this.#log.last_seq);
  }

  #page(socket: SocketView, { messages, meta }: Of<"page">): void {
    this.#log.page(messages, meta, socket.asked);
    for (const message of messages) this.#see(message, "page");
    socket.page(messages, meta);
  }

  #invoke(socket: SocketView, send: Of<"invoke">): void {
    const wasSeen = this.#log.seqOf(socket.key, send.id) !== undefined;
    const isRepeated = this.#sends.invoke(socket.key, send, this.#log.floor.seen);
    socket.invoke({ id: send.id, wasSeen, isRepeated });
  }

  #ack(socket: SocketView, ack: Of<"ack">): void {
    const pending = socket.reply(ack.id);
    this.#see(ack.message, "ack");
    this.#acked.set(socket.key, Math.max(this.#acked.get(socket.key) ?? 0, ack.message.seq));
    if (pending === undefined) return;
    this.#sends.ack(socket.key, ack, pending);
    if (!ack.duplicate) socket.step(ack.message.seq);
  }

  #presence(connected: readonly string[]): void {
    const due = new Set<string>();
    for (const socket of this.#sockets.values()) if (socket.isConnected) due.add(socket.key);
    for (const key of connected)
      if (!due.has(key)) this.#blame("R25", `${key} has no socket and is said to be connected`);
    for (const key of due)
      if (!connected.includes(key)) this.#blame("R25", `${key} has a socket and is said to have none`);
  }

  #see(message: Message, source: Source): void {
    if (this.#log.see(message, source)) this.#sends.see(message);
  }
}
