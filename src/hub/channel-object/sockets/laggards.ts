/**
 * Those over their budget, and what becomes of them (SOC6): each sign of reading gets them more, in
 * the order of the channel, until they are live again; without one they are closed. The timer stands
 * only while there are any: pings wake nobody, so they are looked for.
 */
import type { HistoryAnswer } from "../../../channel/index.ts";
import {
  HISTORY_MAX,
  type HistoryCommand,
  type Message,
  messageFrame,
  refusal,
  type Refusal,
  type Result,
  systemFrame,
  utf8Length,
} from "../../../protocol/index.ts";
import type { Connection, Held } from "./connection.ts";
import type { Connections } from "./connections.ts";
import { givePage, pageOf } from "./page.ts";
import { LAGGING_MS, LAGGING_PINGING_MS } from "./reader.ts";

const LOOK_MS = 1000;

export interface LaggardsPort {
  readonly connections: Connections;
  /** Reads the settled channel. */
  read(query: HistoryCommand): Result<HistoryAnswer>;
  /** Runs a step after what arrived before. */
  inOrder(step: () => void): void;
  /** As in Pacing. */
  hasRoom(connection: Connection, bytes: number): boolean;
}

export class Laggards {
  readonly #port: LaggardsPort;
  /** With the number of signs each had given when it was last given more. */
  readonly #lagging: Map<Connection, number> = new Map();
  #timer: ReturnType<typeof setTimeout> | null = null;

  constructor(port: LaggardsPort) {
    this.#port = port;
  }

  add(connection: Connection, now: number): void {
    if (this.#lagging.has(connection)) return;
    connection.reader.lagging_since = now;
    this.#lagging.set(connection, connection.reader.signs);
    this.#look();
  }

  /** After a wake: who was being caught up still is. */
  resume(now: number): void {
    for (const connection of this.#port.connections.all())
      if (connection.mode === "trailing") this.add(connection, now);
  }

  /** Knows that it has to ask, and does: it need not be caught up. */
  asks(connection: Connection): void {
    if (connection.hasNotAsked) this.#delete(connection);
    connection.asks();
  }

  /** Gives more to a laggard that has shown something new. */
  tend(connection: Connection): void {
    const signs = this.#lagging.get(connection);
    if (signs === undefined || signs === connection.reader.signs) return;
    this.#port.inOrder(() => this.#serve(connection));
  }

  /** Ends a connection for what it did not read. Always true: there is nothing more to do for it. */
  tooSlow(connection: Connection, now: number): true {
    this.end(connection, notRead(connection), now);
    return true;
  }

  end(connection: Connection, why: Refusal, now: number): void {
    this.#delete(connection);
    this.#port.connections.drop(connection, why, now);
  }

  #serve(connection: Connection): void {
    const { reader } = connection;
    if (connection.isClosing || !this.#lagging.has(connection)) return;
    this.#lagging.set(connection, reader.signs);
    if (connection.hasNotAsked) connection.setTrail(connection.trail.at);
    const isAll = connection.mode === "trailing" ? this.#catchUp(connection) : this.#giveHeld(connection, Infinity);
    if (isAll) this.#delete(connection);
    else reader.lagging_since = Date.now();
  }

  /** Pushes what the channel said since; a page a turn, so that others are not kept waiting. True: it is live again. */
  #catchUp(connection: Connection): boolean {
    const read = this.#port.read({ action: "history", after: connection.trail.at, limit: HISTORY_MAX });
    if (!read.ok) return false;
    const page = read.value;
    if (page.meta.gap !== null) this.#sayGap(connection, page);
    else if (!this.#pushPage(connection, page)) return false;
    if (!page.meta.complete) {
      setTimeout(() => this.#port.inOrder(() => this.#serve(connection)), 0);
      return false;
    }
    if (!this.#giveHeld(connection, Infinity)) return false;
    connection.setMode("live");
    return true;
  }

  /** What left the ring meanwhile is said as it always is: by a page. */
  #sayGap(connection: Connection, answer: HistoryAnswer): void {
    const { frame, bytes, last } = pageOf(answer);
    connection.reader.reply(bytes, last);
    connection.send(frame);
    connection.setTrail(last, connection.trail.hasLeft);
  }

  /** False: its reader has enough for now. */
  #pushPage(connection: Connection, page: HistoryAnswer): boolean {
    let { at, hasLeft } = connection.trail;
    const messages = JSON.parse(`[${page.messages}]`) as Message[];
    for (const message of messages) {
      const isReplied = connection.held.some(({ seq, isOwn }) => isOwn && seq === message.seq);
      if (!this.#giveHeld(connection, message.seq)) break;
      if (!isReplied && !hasLeft && isFor(connection, message) && !this.#pushOne(connection, message)) break;
      if (isOwnEvent(message, connection.key)) hasLeft = message.event?.kind !== "join";
      at = message.seq;
    }
    connection.setTrail(at, hasLeft);
    return at === (messages.at(-1)?.seq ?? at);
  }

  #pushOne(connection: Connection, message: Message): boolean {
    const json = JSON.stringify(message);
    const bytes = utf8Length(json);
    if (!this.#port.hasRoom(connection, bytes)) return false;
    connection.reader.push(bytes, 1, message.seq);
    connection.send(message.msg_type === "system" ? systemFrame(json) : messageFrame(json));
    return true;
  }

  /** Gives what was held and stands before the message `before`, or for it. False: there is no room. */
  #giveHeld(connection: Connection, before: number): boolean {
    for (let [held] = connection.held; held !== undefined; [held] = connection.held) {
      if (held.seq >= before && !(held.isOwn && held.seq === before)) return true;
      if (!this.#giveOne(connection, held)) return false;
      connection.held = connection.held.slice(1);
    }
    return true;
  }

  #giveOne(connection: Connection, { say, seq, isOwn }: Held): boolean {
    if (typeof say !== "string") return this.#giveAsked(connection, say);
    const bytes = utf8Length(say);
    if (!this.#port.hasRoom(connection, bytes)) return false;
    connection.reader.reply(bytes, isOwn ? seq : 0);
    connection.send(say);
    return true;
  }

  #giveAsked(connection: Connection, asked: HistoryCommand): boolean {
    const answer = this.#port.read(asked);
    const page = answer.ok ? pageOf(answer.value, asked) : undefined;
    if (page === undefined || !this.#port.hasRoom(connection, page.bytes)) return false;
    givePage(connection, page);
    return true;
  }

  #look(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      const now = Date.now();
      for (const connection of this.#lagging.keys()) this.#lookAt(connection, now);
      if (this.#lagging.size > 0) this.#look();
    }, LOOK_MS);
  }

  #delete(connection: Connection): void {
    this.#lagging.delete(connection);
    if (this.#lagging.size > 0) return;
    clearTimeout(this.#timer);
    this.#timer = null;
  }

  #lookAt(connection: Connection, now: number): void {
    const { reader } = connection;
    if (connection.isClosing || this.#port.connections.get(connection.socket) === undefined) {
      this.#delete(connection);
      return;
    }
    reader.look(connection.pinged_at);
    // Who has read all can show no more: it waits for the room that others take.
    if (reader.unread_bytes === 0) this.#port.inOrder(() => this.#serve(connection));
    else this.tend(connection);
    const patience = reader.hasPinged && !connection.isPaced ? LAGGING_PINGING_MS : LAGGING_MS;
    if (reader.lagging_since > 0 && now - reader.lagging_since >= patience) this.tooSlow(connection, now);
  }
}

/** No socket gets its own key's messages that did not ask for them (SOC3). */
function isFor(connection: Connection, message: Message): boolean {
  return connection.echo || message.from !== connection.key;
}

function isOwnEvent({ event }: Message, key: string): boolean {
  return event?.key === key && (event.kind === "join" || event.kind === "leave" || event.kind === "kick");
}

function notRead(connection: Connection): Refusal {
  const { hasPinged } = connection.reader;
  const seen = "Nothing shows that you read what the hub sent on this connection.";
  const ping = hasPinged ? "Read its frames as they come" : "Send the text frame ping every 25 seconds";
  return refusal("slow_reader", `${seen} ${ping}, and connect again with after= the last seq that you have.`);
}
