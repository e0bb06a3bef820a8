/**
 * The channel's sockets by key: a cache over `ctx.getWebSockets()`, filled once a wake, because
 * reading every attachment at every broadcast costs a fifth of it. Closing sockets are not in it.
 */
import type { Presence, Reached } from "../../../channel/index.ts";
import { passExpired, refusal, type Refusal, SOCKET_LIFE_MS } from "../../../protocol/index.ts";
import { Connection } from "./connection.ts";
import type { Meter } from "../../between/meter.ts";
import { SocketLog } from "./socket-log.ts";
import type { Report } from "../../between/usage.ts";

/** Keys without a socket whose time is remembered; beyond it the oldest are forgotten. */
const HEARD_KEYS = 4096;

export class Connections {
  readonly log: SocketLog;
  readonly #ctx: DurableObjectState;
  readonly #meter: Meter;
  #bySocket: Map<WebSocket, Connection> | undefined;
  readonly #byKey: Map<string, Set<Connection>> = new Map();
  /** Unix milliseconds at which keys were last heard of without a socket, since the object woke. */
  readonly #heard: Map<string, number> = new Map();

  /** Hears of each socket that the hub ended. */
  #onDrop: (connection: Connection, now: number) => void = () => undefined;
  /** Unix milliseconds: no socket must go before. */
  #next_end = Infinity;

  constructor(ctx: DurableObjectState, meter: Meter) {
    this.#ctx = ctx;
    this.#meter = meter;
    this.log = new SocketLog(ctx.id.name ?? "", meter);
  }

  all(): Iterable<Connection> {
    return this.#sockets().values();
  }

  get size(): number {
    return this.#sockets().size;
  }

  /** What the channel used, for the index, which is told something anyway (USE1). */
  get used(): Report {
    return this.#meter.report(this.size);
  }

  get(socket: WebSocket): Connection | undefined {
    return this.#sockets().get(socket);
  }

  ofKey(key: string): readonly Connection[] {
    this.#sockets();
    return [...(this.#byKey.get(key) ?? [])];
  }

  add(connection: Connection): void {
    this.#sockets().set(connection.socket, connection);
    this.#index(connection);
  }

  /** Takes a socket out that closed or is being closed. Touches no other socket of its key. */
  remove(connection: Connection, now: number): void {
    this.#sockets().delete(connection.socket);
    const peers = this.#byKey.get(connection.key);
    peers?.delete(connection);
    if (peers?.size === 0) this.#byKey.delete(connection.key);
    this.heard(connection.key, now);
  }

  /** Notes that a key was heard of without a socket: over HTTP, or as its socket closed. */
  heard(key: string, now: number): void {
    this.#heard.delete(key);
    this.#heard.set(key, now);
    if (this.#heard.size <= HEARD_KEYS) return;
    const [oldest] = this.#heard.keys();
    if (oldest !== undefined) this.#heard.delete(oldest);
  }

  /** Ends those whose pass is over (ACC1), before a turn is told to anybody. */
  dropEnded(now: number): void {
    const sockets = this.#sockets();
    if (now < this.#next_end) return;
    for (const connection of [...sockets.values()])
      if (connection.isOver(now)) this.drop(connection, passExpired((connection.until ?? 0) / 1000), now);
  }

  /**
   * Ends the sockets that are a day old (KEY3). Called after each turn; looks at them only when one
   * can be due, so that it costs a comparison.
   */
  dropOld(now: number): void {
    const sockets = this.#sockets();
    if (now < this.#next_end) return;
    this.#next_end = Infinity;
    for (const connection of [...sockets.values()]) {
      if (now >= connection.opened_at + SOCKET_LIFE_MS) this.drop(connection, expired(), now);
      else this.#next_end = Math.min(this.#next_end, connection.ends_at);
    }
  }

  /** Ends a connection for a reason of the table. */
  drop(connection: Connection, why: Refusal, now: number): void {
    if (!connection.isClosing) this.log.dropped(connection, why.code, now);
    connection.refuse(why);
    this.remove(connection, now);
    this.#onDrop(connection, now);
  }

  onDrop(hear: (connection: Connection, now: number) => void): void {
    this.#onDrop = hear;
  }

  /** The other side ended it. */
  closed(connection: Connection, close: number, now: number): void {
    if (!connection.isClosing) this.log.closed(connection, close, now);
    connection.markClosing();
    this.remove(connection, now);
  }

  isConnected(key: string, now: number): boolean {
    this.#sockets();
    for (const connection of this.#byKey.get(key) ?? []) if (connection.isLive(now)) return true;
    return false;
  }

  /** Unix milliseconds; 0 when nothing was heard of the key since the object woke. */
  lastHeard(key: string): number {
    const heard = this.ofKey(key).map((connection) => Math.max(connection.pinged_at, connection.heard_at));
    return Math.max(this.#heard.get(key) ?? 0, ...heard);
  }

  presence(now: number): Presence {
    return { now, isConnected: (key) => this.isConnected(key, now), lastHeard: (key) => this.lastHeard(key) };
  }

  /** Whether messages are pushed to a socket of the key. */
  #isPushedTo(key: string): boolean {
    for (const connection of this.#byKey.get(key) ?? []) {
      if (connection.mode === "live" && !connection.isClosing) return true;
    }
    return false;
  }

  /** Those of `members` that are pushed to, now: counted, never gathered. */
  pushedTo(members: ReadonlySet<string>): Reached {
    this.#sockets();
    const has = (key: string): boolean => members.has(key) && this.#isPushedTo(key);
    let size = 0;
    for (const key of this.#byKey.keys()) if (has(key)) size++;
    return { size, has, [Symbol.iterator]: () => [...this.#byKey.keys()].filter(has).values() };
  }

  #sockets(): Map<WebSocket, Connection> {
    if (this.#bySocket !== undefined) return this.#bySocket;
    const sockets = new Map<WebSocket, Connection>();
    this.#bySocket = sockets;
    for (const socket of this.#ctx.getWebSockets()) {
      const connection = Connection.revive(this.#ctx, socket);
      if (connection === undefined) continue;
      sockets.set(socket, connection);
      this.#index(connection);
    }
    return sockets;
  }

  #index(connection: Connection): void {
    this.#next_end = Math.min(this.#next_end, connection.ends_at);
    const peers = this.#byKey.get(connection.key) ?? new Set();
    this.#byKey.set(connection.key, peers.add(connection));
  }
}

function expired(): Refusal {
  return refusal("socket_expired", "no socket lives longer than 24 hours; connect again with after= your position");
}
