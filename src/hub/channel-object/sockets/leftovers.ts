/**
 * What sockets had not read when they ended (SOC6). The runtime keeps it in memory until the peer has
 * read it or its connection is gone, and does not tell: so it stays counted for a while, whoever said
 * the close, and the object is reset where it comes to too much, which alone frees it.
 */
import { BACKLOG_MS, LEFT_BYTES, UNSURE_BYTES, UNSURE_MS } from "./reader.ts";

/** Its connection is gone, and what it had not read with it. */
const ABNORMAL = 1006;

export interface Left {
  /** Of the hub key that admitted it. */
  readonly kid: string;
  readonly bytes: number;
  /** Unix milliseconds of its end. */
  readonly at: number;
}

/** A connection that ends. */
export interface Ending {
  readonly socket: object;
  readonly kid: string;
  readonly isClosing: boolean;
  readonly reader: { readonly unread_bytes: number };
}

/** The object: which sockets the runtime still holds, and its reset. */
interface Holding {
  getWebSockets(): readonly object[];
  abort(why: string): void;
}

export class Leftovers {
  readonly #ctx: Holding;
  readonly #left: Map<object, Left> = new Map();
  /** Of sockets whose peers said the close: nothing tells whether they had read it. */
  #unsure: readonly Left[] = [];
  #isWatching = false;

  constructor(ctx: Holding) {
    this.#ctx = ctx;
  }

  /** What still counts. */
  *all(now: number): Iterable<Left> {
    for (const left of this.#left.values()) if (now - left.at < BACKLOG_MS) yield left;
  }

  /** The hub ended it: it stays in the runtime's list until its peer has answered. */
  ended({ socket, kid, reader }: Ending, now: number): void {
    if (reader.unread_bytes === 0) return;
    this.#left.set(socket, { kid, bytes: reader.unread_bytes, at: now });
    this.#watch();
  }

  /** Its connection is broken, and took what it had not read along. */
  gone(socket: object): void {
    this.#left.delete(socket);
  }

  /** Its peer closed it, or answered the hub's close. */
  closed(socket: object, connection: Ending | undefined, code: number, now: number): void {
    if (code === ABNORMAL) return this.gone(socket);
    if (connection !== undefined && !connection.isClosing && connection.reader.unread_bytes > 0)
      this.#left.set(socket, { kid: connection.kid, bytes: connection.reader.unread_bytes, at: now });
    const left = this.#left.get(socket);
    if (left === undefined) return;
    this.#unsure = [...this.#unsure.filter(({ at }) => now - at < UNSURE_MS), left];
    if (sum(this.#unsure) > UNSURE_BYTES)
      this.#ctx.abort("more was left unread by closed sockets than an object may hold");
    for (const [other, { at }] of this.#left) if (now - at >= BACKLOG_MS) this.#left.delete(other);
  }

  get #bytes(): number {
    return sum(this.#left.values());
  }

  /** Only what would be too much is worth keeping an object awake for. */
  #watch(): void {
    if (this.#isWatching || this.#bytes <= LEFT_BYTES) return;
    this.#isWatching = true;
    setTimeout(() => this.#resetIfStuck(), BACKLOG_MS);
  }

  /** A backlog that stays after its close: small ones are borne. */
  #resetIfStuck(): void {
    this.#isWatching = false;
    const open = new Set(this.#ctx.getWebSockets());
    for (const socket of this.#left.keys()) if (!open.has(socket)) this.#left.delete(socket);
    const stuck = [...this.#left.values()].filter(({ at }) => Date.now() - at >= BACKLOG_MS);
    if (sum(stuck) > LEFT_BYTES) this.#ctx.abort("the backlog of closed sockets would not leave");
    else this.#watch();
  }
}

function sum(all: Iterable<Left>): number {
  let bytes = 0;
  for (const left of all) bytes += left.bytes;
  return bytes;
}
