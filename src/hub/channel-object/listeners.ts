/**
 * Those who wait for news (LIS2). The Worker holds the wait and, for it, a hibernatable socket into
 * the channel object, which sleeps meanwhile. A listener is no connection: it is not counted, never
 * joins, and gets one answer, after which its socket ends.
 */
import {
  type Audience,
  endsWait,
  type Entry,
  type ListenQuery,
  type Pages,
  type Reached,
  type Turn,
  wakes,
} from "../../channel/index.ts";
import {
  type ListenAnswer,
  LISTENERS_PER_KEY,
  type Message,
  type Refusal,
  refuse,
  type Result,
} from "../../protocol/index.ts";

/** Version of the attachment: code of another version must read it after a deploy. */
const VERSION = 1;

/** What is attached to a listener's socket. */
interface Attachment {
  readonly v: typeof VERSION;
  readonly mode: "listener";
  /** Its `after` is where it started to look, whatever its read position does meanwhile. */
  readonly query: ListenQuery;
  /** Names the hub key whose listens are counted together; absent for an admin's. */
  readonly kid?: string | undefined;
  /** Names the pass it came by. */
  readonly pass?: string | undefined;
  readonly closing: boolean;
  /** Unix milliseconds. */
  readonly opened_at: number;
}

/** Reads the settled channel. `pages` holds what was read in the same turn. */
export type Look = (query: ListenQuery, pages?: Pages) => Result<ListenAnswer>;

/** Listens of those who only read that may wait under one hub key: they are many readers, not one. */
const OBSERVERS_PER_HUB_KEY = 256;
/** Listens of one hub key's agents that may wait on a channel, for keys cost nothing to make. Admins' are not counted. */
const AGENTS_PER_HUB_KEY = 1024;
/** Of those due, so much is answered in one turn; the next goes on, so that nobody else is kept waiting. */
const TURN_ANSWERS = 128;
const TURN_PAGES = 4;
const TURN_BYTES = 2 * 1024 * 1024;

export class Listeners implements Audience {
  readonly #ctx: DurableObjectState;
  readonly #look: Look;
  #waiting: Map<WebSocket, Attachment> | undefined;
  /** Those who wait, by key. */
  readonly #byKey: Map<string, Set<WebSocket>> = new Map();
  /** Those for whom there is something, in the order in which it came. */
  readonly #due: Set<WebSocket> = new Set();
  #isServing = false;

  constructor(ctx: DurableObjectState, look: Look) {
    this.#ctx = ctx;
    this.#look = look;
  }

  /**
   * Answers a listen that would wait: at once with JSON of its result where there is news, else with
   * a socket whose first frame is the answer if none comes, and whose second is the answer.
   */
  open(query: ListenQuery, now: number, { kid, pass }: Pick<Attachment, "kid" | "pass"> = {}): Response {
    const result = this.#look(query);
    if (!result.ok || endsWait(result.value)) return Response.json(result);
    this.#makeRoom(query, kid);
    const { 0: client, 1: server } = new WebSocketPair();
    const attached: Attachment = { v: VERSION, mode: "listener", query, kid, pass, closing: false, opened_at: now };
    try {
      this.#ctx.acceptWebSocket(server, [TAG]);
    } catch {
      // More sockets than the platform takes.
      return Response.json(refuse("overloaded", "the channel has all the sockets it can have; listen without wait"));
    }
    server.serializeAttachment(attached);
    this.#add(server, attached);
    server.send(JSON.stringify(result));
    return new Response(null, { status: 101, webSocket: client });
  }

  isPresent(key: string): boolean {
    this.#all();
    return this.#byKey.has(key);
  }

  /** Keys whose wait a message ends. */
  reached({ message, members }: Entry): Reached {
    if (this.#all().size === 0) return NOBODY;
    const keys = new Set<string>();
    for (const [key, sockets] of this.#byKey) if (members.has(key) && this.#isReached(message, sockets)) keys.add(key);
    return keys;
  }

  #isReached(message: Message, sockets: ReadonlySet<WebSocket>): boolean {
    for (const socket of sockets) {
      const waiting = this.#all().get(socket);
      if (waiting !== undefined && wakes(message, waiting.query)) return true;
    }
    return false;
  }

  /** Answers everybody for whom there is something among the turn's messages, or who is no member any more. */
  hear({ parts }: Turn): void {
    const messages = parts.flatMap(({ entry }) => (entry === undefined ? [] : [entry.message]));
    if (messages.length === 0) return;
    for (const [socket, { query }] of this.#all()) {
      const isDue = messages.some((message) => wakes(message, query) || endsMembership(message, query.key));
      if (isDue) this.#due.add(socket);
    }
    if (!this.#isServing) this.#serve();
  }

  /** Answers as many of those due as a turn may. A page that several look through is read once. */
  #serve(): void {
    const pages: Pages = new Map();
    let [answers, bytes] = [0, 0];
    for (const socket of this.#due) {
      if (answers >= TURN_ANSWERS || pages.size >= TURN_PAGES || bytes >= TURN_BYTES) break;
      this.#due.delete(socket);
      const waiting = this.#all().get(socket);
      if (waiting === undefined) continue;
      bytes += this.#answer(socket, this.#look(waiting.query, pages));
      answers++;
    }
    this.#isServing = this.#due.size > 0;
    if (this.#isServing) setTimeout(() => this.#serve(), 0);
  }

  /** Those wait no longer for whose pass, if they came by one, `why` gives a reason. */
  end(why: (pass: string | undefined) => Refusal | undefined): void {
    for (const [socket, { pass }] of [...this.#all()]) {
      const refused = why(pass);
      if (refused !== undefined) this.#answer(socket, { ok: false, refusal: refused });
    }
  }

  /** Forgets a socket that closed; false for one that is no listener's. */
  remove(socket: WebSocket): boolean {
    const attached = socket.deserializeAttachment() as Partial<Attachment> | null;
    if (attached?.mode !== "listener") return false;
    this.#delete(socket);
    return true;
  }

  /** At most so many of a key: the oldest gets what there is, which is nothing new. */
  #makeRoom({ key, observes }: ListenQuery, kid: string | undefined): void {
    this.#all();
    const own = [...(this.#byKey.get(key) ?? [])];
    if (own.length >= (observes === true ? OBSERVERS_PER_HUB_KEY : LISTENERS_PER_KEY)) this.#answerOldest(own);
    if (kid === undefined || this.#all().size < AGENTS_PER_HUB_KEY) return;
    const kin = [...this.#all()].flatMap(([socket, waiting]) => (waiting.kid === kid ? [socket] : []));
    if (kin.length >= AGENTS_PER_HUB_KEY) this.#answerOldest(kin);
  }

  #answerOldest(own: readonly WebSocket[]): void {
    const openedAt = (socket: WebSocket): number => this.#all().get(socket)?.opened_at ?? 0;
    const [oldest] = own.toSorted((a, b) => openedAt(a) - openedAt(b));
    const waiting = oldest && this.#all().get(oldest);
    if (oldest !== undefined && waiting !== undefined) this.#answer(oldest, this.#look(waiting.query));
  }

  /** Gives the length of the answer. */
  #answer(socket: WebSocket, result: Result<ListenAnswer>): number {
    const attached = this.#all().get(socket);
    this.#delete(socket);
    const text = JSON.stringify(result);
    // Marked before it is closed: a closed socket comes back as open after the second wake.
    socket.serializeAttachment({ ...attached, closing: true });
    try {
      socket.send(text);
      socket.close(1000);
    } catch {
      // The Worker has gone already; the position did not move, so the answer comes again.
    }
    return text.length;
  }

  #add(socket: WebSocket, attached: Attachment): void {
    const { key } = attached.query;
    this.#all().set(socket, attached);
    this.#byKey.set(key, (this.#byKey.get(key) ?? new Set()).add(socket));
  }

  #delete(socket: WebSocket): void {
    const key = this.#all().get(socket)?.query.key ?? "";
    const own = this.#byKey.get(key);
    own?.delete(socket);
    if (own?.size === 0) this.#byKey.delete(key);
    this.#all().delete(socket);
  }

  #all(): Map<WebSocket, Attachment> {
    if (this.#waiting !== undefined) return this.#waiting;
    this.#waiting = new Map();
    for (const socket of this.#ctx.getWebSockets(TAG)) {
      const attached = socket.deserializeAttachment() as Attachment | null;
      if (attached?.closing === false && socket.readyState === WebSocket.OPEN) this.#add(socket, attached);
    }
    return this.#waiting;
  }
}

const TAG = "listener";
const NOBODY: ReadonlySet<string> = new Set();

function endsMembership({ event }: Message, key: string): boolean {
  return (event?.kind === "leave" || event?.kind === "kick") && event.key === key;
}
