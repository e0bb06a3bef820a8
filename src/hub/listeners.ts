/**
 * Those who wait for news (LIS2). The Worker holds the wait and, for it, a hibernatable socket into
 * the channel object, which sleeps meanwhile. A listener is no connection: it is not counted, never
 * joins, and gets one answer, after which its socket ends.
 */
import { endsWait, type ListenQuery, wakes } from "../channel/index.ts";
import {
  channelDeleted,
  type ListenAnswer,
  LISTENERS_PER_KEY,
  type Message,
  refuse,
  type Result,
} from "../protocol/index.ts";

/** Version of the attachment: code of another version must read it after a deploy. */
const VERSION = 1;

/** What is attached to a listener's socket. */
interface Attachment {
  readonly v: typeof VERSION;
  readonly mode: "listener";
  /** Its `after` is where it started to look, whatever its read position does meanwhile. */
  readonly query: ListenQuery;
  readonly closing: boolean;
  /** Unix milliseconds. */
  readonly opened_at: number;
}

/** Reads the settled channel. */
export type Look = (query: ListenQuery) => Result<ListenAnswer>;

export class Listeners {
  readonly #ctx: DurableObjectState;
  readonly #look: Look;
  #waiting: Map<WebSocket, Attachment> | undefined;

  constructor(ctx: DurableObjectState, look: Look) {
    this.#ctx = ctx;
    this.#look = look;
  }

  /**
   * Answers a listen that would wait: at once with JSON of its result where there is news, else with
   * a socket whose first frame is the answer if none comes, and whose second is the answer.
   */
  open(query: ListenQuery, now: number): Response {
    const result = this.#look(query);
    if (!result.ok || endsWait(result.value)) return Response.json(result);
    this.#makeRoom(query.key);
    const { 0: client, 1: server } = new WebSocketPair();
    const attached: Attachment = { v: VERSION, mode: "listener", query, closing: false, opened_at: now };
    try {
      this.#ctx.acceptWebSocket(server, [TAG]);
    } catch {
      // More sockets than the platform takes.
      return Response.json(refuse("overloaded", "the channel has all the sockets it can have; listen without wait"));
    }
    server.serializeAttachment(attached);
    this.#all().set(server, attached);
    server.send(JSON.stringify(result));
    return new Response(null, { status: 101, webSocket: client });
  }

  /** Whether somebody waits under this key at all. */
  isListening(key: string): boolean {
    for (const { query } of this.#all().values()) if (query.key === key) return true;
    return false;
  }

  /** Keys whose wait `message` ends. */
  reached(message: Message, members: ReadonlySet<string>): ReadonlySet<string> {
    if (this.#all().size === 0) return NOBODY;
    const keys = new Set<string>();
    for (const { query } of this.#all().values())
      if (members.has(query.key) && wakes(message, query)) keys.add(query.key);
    return keys;
  }

  /** Answers everybody for whom there is something among `messages`, or who is no member any more. */
  wake(messages: readonly Message[]): void {
    for (const [socket, { query }] of this.#all()) {
      const isDue = messages.some((message) => wakes(message, query) || endsMembership(message, query.key));
      if (isDue) this.#answer(socket, this.#look(query));
    }
  }

  /** The channel is gone. */
  end(): void {
    const gone: Result<never> = { ok: false, refusal: channelDeleted(this.#ctx.id.name ?? "") };
    for (const socket of this.#all().keys()) this.#answer(socket, gone);
  }

  /** Forgets a socket that closed; false for one that is no listener's. */
  remove(socket: WebSocket): boolean {
    const attached = socket.deserializeAttachment() as Partial<Attachment> | null;
    if (attached?.mode !== "listener") return false;
    this.#all().delete(socket);
    return true;
  }

  /** At most so many of a key: the oldest gets what there is, which is nothing new. */
  #makeRoom(key: string): void {
    const own = [...this.#all()].filter(([, { query }]) => query.key === key);
    const oldest = own.toSorted(([, a], [, b]) => a.opened_at - b.opened_at)[0];
    if (own.length >= LISTENERS_PER_KEY && oldest !== undefined) this.#answer(oldest[0], this.#look(oldest[1].query));
  }

  #answer(socket: WebSocket, result: Result<ListenAnswer>): void {
    const attached = this.#all().get(socket);
    this.#all().delete(socket);
    // Marked before it is closed: a closed socket comes back as open after the second wake.
    socket.serializeAttachment({ ...attached, closing: true });
    try {
      socket.send(JSON.stringify(result));
      socket.close(1000);
    } catch {
      // The Worker has gone already; the position did not move, so the answer comes again.
    }
  }

  #all(): Map<WebSocket, Attachment> {
    if (this.#waiting !== undefined) return this.#waiting;
    this.#waiting = new Map();
    for (const socket of this.#ctx.getWebSockets(TAG)) {
      const attached = socket.deserializeAttachment() as Attachment | null;
      if (attached?.closing === false && socket.readyState === WebSocket.OPEN) this.#waiting.set(socket, attached);
    }
    return this.#waiting;
  }
}

const TAG = "listener";
const NOBODY: ReadonlySet<string> = new Set();

function endsMembership({ event }: Message, key: string): boolean {
  return (event?.kind === "leave" || event?.kind === "kick") && event.key === key;
}
