/**
 * Slow readers are bounded and others never wait (SOC6). Everything that is pushed to a socket goes
 * through here and is counted. A socket over its budget gets no more messages: one that says `seen`
 * is told `lagging` and reads on by `history`, any other is caught up by the hub as it shows signs of
 * reading. Answers that it asked for wait for their room. What gives no sign is closed, and a backlog
 * that outlives its close costs the object its memory.
 */
import type { Entry, HistoryAnswer } from "../../../channel/index.ts";
import {
  errorFrame,
  type HistoryCommand,
  laggingFrame,
  refusal,
  type Refusal,
  utf8Length,
} from "../../../protocol/index.ts";
import { added, Backlog, backlogOf, type Holder } from "./backlog.ts";
import type { Connection } from "./connection.ts";
import type { Connections } from "./connections.ts";
import { Laggards, type LaggardsPort } from "./laggards.ts";
import { Leftovers } from "./leftovers.ts";
import { givePage, pageOf } from "./page.ts";
import { CHANNEL_UNREAD_BYTES, REPLIES_BYTES, Volumes } from "./reader.ts";

export interface Size {
  /** Of messages. */
  readonly bytes: number;
  readonly messages: number;
  readonly first_seq: number;
  readonly last_seq: number;
  /** Bytes of the socket's own acks among them, and the seq of the newest. */
  readonly replied?: number;
  readonly replied_seq?: number;
}

/** The parts of a channel object that pacing needs. */
export interface PacingPort extends Omit<LaggardsPort, "hasRoom"> {
  readonly ctx: DurableObjectState;
}

/** History answers of one socket that may wait. */
const HELD_MAX = 8;
/** Other replies of one socket that may wait while it is caught up. */
const HELD_REPLIES_MAX = 64;

export class Pacing {
  readonly #volumes: Volumes = new Volumes();
  readonly #connections: Connections;
  readonly #read: PacingPort["read"];
  readonly #laggards: Laggards;
  readonly #leftovers: Leftovers;
  /** The account of a turn: what it pushes to one reader leaves less for the next. */
  #turn: Backlog = new Backlog();

  constructor(port: PacingPort) {
    this.#connections = port.connections;
    this.#read = port.read;
    this.#laggards = new Laggards({ ...port, hasRoom: (connection, bytes) => this.hasRoom(connection, bytes) });
    this.#leftovers = new Leftovers(port.ctx);
    port.connections.onDrop((connection, now) => this.#leftovers.ended(connection, now));
  }

  /** After a wake: who was being caught up still is. */
  resume(): void {
    this.#laggards.resume(Date.now());
  }

  /** Its peer has closed a socket. */
  closed(socket: WebSocket, code: number, now: number): void {
    this.#leftovers.closed(socket, this.#connections.get(socket), code, now);
  }

  /** Notes a message that is about to be delivered. */
  note({ message, bytes }: Entry): void {
    this.#volumes.add(message.seq, bytes);
  }

  /** The client says that it has everything up to `seq`. */
  seen(connection: Connection, seq: number): void {
    this.#laggards.asks(connection);
    connection.setPaced();
    this.shows(connection, seq);
  }

  /** The client reads on by itself. */
  asks(connection: Connection): void {
    this.#laggards.asks(connection);
  }

  /** A frame that names a message which its sender holds, and with it all before. */
  shows(connection: Connection, named: number): void {
    const { reader } = connection;
    const seq = Math.min(named, Math.max(reader.last_seq, this.#volumes.last));
    const later = this.#volumes.between(seq, reader.last_seq);
    if (later !== undefined) reader.seen(seq, later);
    this.#laggards.tend(connection);
  }

  /** Any frame shows that its sender's loop runs. */
  heard(connection: Connection, now: number): void {
    connection.reader.heard(now);
    this.#laggards.tend(connection);
  }

  /** A turn begins to be told. Gives its readers in the order of their turn: where there is no room for all, the worst come last. */
  begin(readers: readonly Connection[], bytes: number): readonly Connection[] {
    this.#turn = this.#backlog();
    if (this.#turn.total + readers.length * bytes <= CHANNEL_UNREAD_BYTES) return readers;
    return readers.toSorted((a, b) => a.reader.unread_bytes - b.reader.unread_bytes);
  }

  /** Pushes the frames of a turn; false where the reader was found too far behind for its messages. */
  push(connection: Connection, frames: readonly string[], size: Size, now: number): boolean {
    if (connection.isClosing) return true;
    connection.look(now);
    const { bytes, messages, first_seq, last_seq, replied = 0, replied_seq = 0 } = size;
    const { reader } = connection;
    const more = added(reader.unread_bytes, bytes + replied);
    const isTooMuch = (): boolean =>
      isOver(connection, bytes + replied, messages) || !this.#turn.fits(connection, more);
    if (connection.mode === "live" && messages > 0 && isTooMuch()) {
      this.#lag(connection, first_seq - 1, last_seq, now);
      return false;
    }
    if (replied > 0 && this.#isFull(connection, replied)) return this.#laggards.tooSlow(connection, now);
    if (messages > 0) reader.push(bytes, messages, last_seq);
    if (replied > 0) reader.reply(replied, replied_seq);
    this.#turn.add(connection, more);
    for (const frame of frames) connection.send(frame);
    return true;
  }

  /** Answers a command; `seq` is that of the message it made. While its socket is caught up, at its place among the messages. */
  reply(connection: Connection, frame: string, seq?: number): void {
    if (connection.isClosing) return;
    const held = { seq: seq ?? this.#volumes.last, isOwn: seq !== undefined, say: frame };
    if (connection.mode === "trailing") return this.#hold(connection, held, HELD_REPLIES_MAX);
    const bytes = utf8Length(frame);
    if (this.#isFull(connection, bytes)) return void this.#laggards.tooSlow(connection, Date.now());
    connection.reader.reply(bytes, seq);
    connection.send(frame);
  }

  /** Answers with a history page, or keeps the ask until there is room for it. */
  history(connection: Connection, asked: HistoryCommand): void {
    this.asks(connection);
    const isWaiting = connection.mode === "trailing" || connection.held.length > 0;
    // Who waits anyhow costs no page: it is read once there is room.
    const isLater = isWaiting || !this.hasRoom(connection, 1);
    const answer = this.#read(isLater ? { ...asked, limit: 1 } : asked);
    const named = asked.ref === undefined ? {} : { ref: asked.ref };
    if (!answer.ok) return this.reply(connection, errorFrame(answer.refusal, named));
    const page = pageOf(answer.value, asked);
    if (!isLater && this.hasRoom(connection, page.bytes)) return givePage(connection, page);
    this.#hold(connection, { seq: page.meta.last_seq, isOwn: false, say: asked }, HELD_MAX);
  }

  /** The first frame of a socket. One that is not all puts it behind: it asks on, or is caught up. */
  greet(connection: Connection, answer: HistoryAnswer, now: number): void {
    givePage(connection, pageOf(answer));
    if (connection.mode !== "behind") return;
    if (connection.isLine) return this.#laggards.end(connection, moreThanAPage(), now);
    this.#laggards.add(connection, now);
  }

  /** Whether a new socket may get a first frame of so many bytes beyond its own allowance. */
  canGreet(holder: Holder, { messages }: HistoryAnswer): boolean {
    return this.#backlog().fits(holder, added(0, utf8Length(messages)));
  }

  /** Whether there is room for one more socket's first frame, which holds one message at least. */
  hasPlaceFor(holder: Holder): boolean {
    return !this.#backlog().isFull(holder);
  }

  /** Whether a page may be given: by its reader's budget, and by the channel's. */
  hasRoom(connection: Connection, bytes: number): boolean {
    if (isOver(connection, bytes, 0)) return false;
    const more = added(connection.reader.unread_bytes, bytes);
    return more === 0 || this.#backlog().fits(connection, more);
  }

  /** Whether a reply, which cannot wait, is one too many. */
  #isFull(connection: Connection, bytes: number): boolean {
    const { reader, isPaced } = connection;
    const isIt = (): boolean => {
      if (reader.isFull(isPaced, bytes)) return true;
      return reader.unread_bytes > REPLIES_BYTES && this.#backlog().total > CHANNEL_UNREAD_BYTES + REPLIES_BYTES;
    };
    if (!isIt()) return false;
    reader.look(connection.pinged_at);
    return isIt();
  }

  /** What the channel's readers have not read, beyond what each may. */
  #backlog(): Backlog {
    const backlog = new Backlog();
    for (const left of this.#leftovers.all(Date.now())) backlog.add(left, left.bytes);
    for (const connection of this.#connections.all())
      backlog.add(connection, backlogOf(connection.reader.unread_bytes));
    return backlog;
  }

  /** Keeps what the whole channel has pushed unread within its bound, the worst reader first. */
  boundChannel(last_seq: number, now: number): void {
    let backlog = this.#backlog().total;
    if (backlog <= CHANNEL_UNREAD_BYTES) return;
    const live = [...this.#connections.all()].filter((one) => one.mode === "live" && one.reader.last_seq >= last_seq);
    for (const connection of live.toSorted((a, b) => b.reader.unread_bytes - a.reader.unread_bytes)) {
      if (backlog <= CHANNEL_UNREAD_BYTES) return;
      backlog -= backlogOf(connection.reader.unread_bytes);
      this.#lag(connection, last_seq, last_seq, now);
    }
  }

  #hold(connection: Connection, held: Connection["held"][number], most: number): void {
    if (connection.held.length >= most) return void this.#laggards.tooSlow(connection, Date.now());
    connection.held = [...connection.held, held];
    this.#laggards.add(connection, Date.now());
  }

  #lag(connection: Connection, at: number, last_seq: number, now: number): void {
    if (connection.isLine) return this.#laggards.end(connection, tooSlowForLines(), now);
    if (connection.isPaced) {
      connection.setMode("behind");
      connection.send(laggingFrame(last_seq));
    } else connection.setTrail(at);
    this.#laggards.add(connection, now);
  }
}

/** Whether a turn is too much for a reader, also after the newest ping was looked at. */
function isOver(connection: Connection, bytes: number, messages: number): boolean {
  const { reader, isPaced } = connection;
  if (!reader.isOver(isPaced, bytes, messages)) return false;
  reader.look(connection.pinged_at);
  return reader.isOver(isPaced, bytes, messages);
}

/** A reader of lines cannot ask for what it missed, so it has to come back. */
function tooSlowForLines(): Refusal {
  return refusal("slow_reader", "lines were not read in time; connect again with after= the last number of a line");
}

/** Lines cannot be asked for, so their reader comes back for the rest. */
function moreThanAPage(): Refusal {
  return refusal("slow_reader", "there is more than fits a page; connect again with after= the last number of a line");
}
