/**
 * Slow readers are bounded and others never wait (SOC6): a socket over its budget gets one
 * `lagging` frame and no more messages until it has read on by `history`; one that gives no sign of
 * life is closed; a backlog that outlives its close costs the object its memory, so it is reset.
 * Timers stand only while somebody lags, and a stalled socket prevents hibernation anyway.
 */
import type { Entry, HistoryAnswer } from "../channel/index.ts";
import {
  type HistoryCommand,
  historyFrame,
  laggingFrame,
  refusal,
  type Refusal,
  utf8Length,
} from "../protocol/index.ts";
import type { Connection } from "./connection.ts";
import type { Connections } from "./connections.ts";
import { BACKLOG_MS, CHANNEL_UNREAD_BYTES, LAGGING_MS, UNSAID_BYTES, Volumes } from "./reader.ts";

export interface Size {
  readonly bytes: number;
  readonly messages: number;
  readonly last_seq: number;
}

export class Pacing {
  readonly #volumes: Volumes = new Volumes();
  readonly #ctx: DurableObjectState;
  readonly #connections: Connections;

  constructor(ctx: DurableObjectState, connections: Connections) {
    this.#ctx = ctx;
    this.#connections = connections;
  }

  /** Notes a message that is about to be delivered. */
  note({ message, bytes }: Entry): void {
    this.#volumes.add(message.seq, bytes);
  }

  /** The client has everything up to `seq`. */
  seen(connection: Connection, seq: number): void {
    connection.setPaced();
    const since = this.#volumes.since(seq);
    if (since !== undefined) connection.reader.seen(since);
  }

  /** Pushes the frames of a turn; false where the reader was found too far behind for them. */
  push(connection: Connection, frames: readonly string[], size: Size, now: number): boolean {
    if (connection.isClosing) return true;
    connection.look(now);
    if (connection.mode === "live" && isOver(connection, size)) {
      this.#lag(connection, size.last_seq, now);
      return false;
    }
    connection.reader.push(size.bytes, size.messages);
    for (const frame of frames) connection.send(frame);
    return true;
  }

  /**
   * Pushes a history page. A first frame has no `asked`; of an answer, one that reaches the newest
   * message from a position ends `behind`, in the turn from which on everything is live again.
   */
  page(connection: Connection, { messages, count, meta }: HistoryAnswer, asked?: HistoryCommand): void {
    const frame = historyFrame(messages, meta, asked?.ref);
    if (asked?.after !== undefined && asked.before === undefined && meta.complete) connection.setMode("live");
    connection.reader.push(utf8Length(frame), count);
    connection.send(frame);
  }

  /** Keeps what the whole channel has pushed unread within its bound, the worst reader first. */
  boundChannel(last_seq: number, now: number): void {
    let backlog = 0;
    for (const connection of this.#connections.all()) backlog += backlogOf(connection);
    if (backlog <= CHANNEL_UNREAD_BYTES) return;
    const readers = [...this.#connections.all()].toSorted((a, b) => backlogOf(b) - backlogOf(a));
    for (const connection of readers) {
      if (backlog <= CHANNEL_UNREAD_BYTES) return;
      backlog -= backlogOf(connection);
      this.#lag(connection, last_seq, now);
    }
  }

  #lag(connection: Connection, last_seq: number, now: number): void {
    if (connection.isLine) return this.#connections.drop(connection, tooSlowForLines(), now);
    connection.setMode("behind");
    connection.reader.lagging_since = now;
    connection.send(laggingFrame(last_seq));
    setTimeout(() => this.#closeStuck(connection, now), LAGGING_MS);
  }

  #closeStuck(connection: Connection, since: number): void {
    const { reader, socket } = connection;
    if (connection.isClosing || !reader.isStuck(connection.pinged_at) || reader.lagging_since !== since) return;
    const why = refusal("slow_reader", `the socket was not read for ${LAGGING_MS / 1000} s; reconnect with after=`);
    this.#connections.drop(connection, why, Date.now());
    setTimeout(() => this.#resetIfStuck(socket), BACKLOG_MS);
  }

  #resetIfStuck(socket: WebSocket): void {
    if (this.#ctx.getWebSockets().includes(socket)) this.#ctx.abort("the backlog of a closed socket would not leave");
  }
}

/** Whether a turn is too much for a reader, also after the newest ping was looked at. */
function isOver(connection: Connection, { bytes, messages }: Size): boolean {
  if (!connection.reader.isOver(connection.isPaced, bytes, messages)) return false;
  connection.reader.look(connection.pinged_at);
  return connection.reader.isOver(connection.isPaced, bytes, messages);
}

/** What a reader adds to its channel's backlog. */
function backlogOf({ mode, reader }: Connection): number {
  return mode === "live" ? Math.max(0, reader.unread_bytes - UNSAID_BYTES) : 0;
}

/** A reader of lines cannot ask for what it missed, so it has to come back. */
function tooSlowForLines(): Refusal {
  return refusal("slow_reader", "lines were not read in time; connect again with after= the last number of a line");
}
