/**
 * One agent in one channel: what an application holds. Sends go out through `Sender`, what comes in
 * goes to the inbox, to listeners and to iterators; `Link` keeps the connection.
 */
import type { Gap, Message } from "../protocol/message.ts";
import { CLIENT_MSG_ID_PATTERN } from "../protocol/text.ts";
import type { ApiClient, HistoryOptions, HistoryPage, SendOptions, Sent } from "./api-client.ts";
import { isDue, type Phase, type Place, type Settings, type StateChange } from "./connection-state.ts";
import { Follower, reread, type Rereading } from "./follower.ts";
import { type Failure, failure, HubError } from "./hub-error.ts";
import type { Host, Signal } from "./host.ts";
import { type ChannelEvent, type Dropped, Inbox } from "./inbox.ts";
import { Link } from "./link.ts";
import { type Listener, Listeners } from "./listeners.ts";
import { type Answer, Sender } from "./sender.ts";
import type { Upgrading } from "./upgrade.ts";

const BAD_ID = "client_msg_id must be 1 to 64 printable ASCII characters without space";

export interface ConnectOptions {
  /** Go on after this message instead of starting with the newest 50. */
  readonly after?: number;
  /** Of the channel in which `after` was: with it, a channel made anew is noticed. */
  readonly epoch?: string;
  /** Own messages are told too, each at its place among the others. */
  readonly echo?: boolean;
  /** Aborts the connect; later it has no effect. */
  readonly signal?: Signal;
}

export interface ChannelPorts extends Upgrading {
  readonly settings: Settings;
}

/** What `on` can listen to. */
export interface ChannelEvents {
  message: Message;
  /** Messages that the hub no longer has, or never will. */
  gap: Gap;
  /** The inbox is full: from now on the next `drain` will say what gave way. */
  dropped: Dropped;
  state: StateChange;
  /** Something is wrong that the connection copes with by itself. */
  error: HubError;
}

/** What an inbox held. */
export interface Drain {
  readonly messages: readonly Message[];
  readonly gaps: readonly Gap[];
  /** What the inbox had no room for, all of it before `messages`; `refetch` reads it again. */
  readonly dropped: Dropped | undefined;
}

export class ChannelClient implements AsyncIterable<ChannelEvent> {
  readonly id: string;
  /** Settles with the first frame, or with the reason why there will be none. */
  readonly ready: Promise<void>;
  readonly #host: Host;
  readonly #api: ApiClient;
  readonly #link: Link;
  readonly #sender: Sender;
  readonly #inbox: Inbox = new Inbox();
  readonly #followers: Set<Follower> = new Set();
  readonly #listeners: Listeners<ChannelEvents>;
  readonly #rereading: Rereading;
  /** What listeners will hear as soon as the application could attach them. */
  #held: (() => void)[] | undefined = [];
  #settleReady: (why?: Failure) => void = () => undefined;
  readonly #idPrefix: string;
  #sends = 0;

  constructor(id: string, { after, epoch, signal }: ConnectOptions, ports: ChannelPorts) {
    this.id = id;
    const { host, api, settings } = ports;
    this.#host = host;
    this.#api = api;
    this.#idPrefix = host.id();
    this.#rereading = { host, api, channel_id: id, isDue: (message) => isDue(settings, message) };
    // The fault of a listener is the application's: it surfaces as such, outside of this room.
    this.#listeners = new Listeners(
      (error) =>
        void host.after(0, () => {
          throw error;
        }),
    );
    const place = after === undefined ? undefined : { seq: after, epoch };
    this.#link = new Link(ports, { channel_id: id, place, settings }, this.#hearer());
    const isConnected = (): boolean => this.state === "connected";
    this.#sender = new Sender({ host, say: (text) => this.#link.say(text), isConnected });
    this.ready = this.#connect(signal);
  }

  get state(): Phase["name"] {
    return this.#link.state.phase.name;
  }

  /** Everything due up to here was told; undefined before the first frame. To go on from with `after` and `epoch`. */
  get position(): Place | undefined {
    return this.#link.state.place;
  }

  /** Events that wait for `drain`. */
  get buffered(): number {
    return this.#inbox.size;
  }

  /** The answer ends it. */
  on<T extends keyof ChannelEvents>(type: T, listener: Listener<ChannelEvents[T]>): () => void {
    return this.#listeners.on(type, listener);
  }

  /**
   * Sends a message; resolves when it is stored. It is stored once, however often the link breaks
   * meanwhile, and in the order of the calls; only where the hub limits the rate can one that it
   * wanted later be passed by others that were on the wire with it. Rejects with what the hub says
   * against it, with `queue_full` when 1000 wait, with `not_sent`, or with `outcome_unknown` after
   * four minutes.
   */
  async send(text: string, options: SendOptions = {}): Promise<Sent> {
    const client_msg_id = options.client_msg_id ?? this.#nextId();
    if (!CLIENT_MSG_ID_PATTERN.test(client_msg_id)) throw new HubError(failure("bad_request", BAD_ID));
    const command = { action: "send", text, ...options, client_msg_id };
    const answer = await this.#sender.ask(client_msg_id, JSON.stringify(command));
    if (answer.type !== "ack") throw unexpected(answer);
    const { type: _type, data: message, ...extras } = answer;
    return { message, ...extras };
  }

  /** Comes back after a `leave`: messages come from here on. */
  async join(): Promise<void> {
    await this.#ask({ action: "join" });
  }

  /** Leaves the channel, after everything that was sent before. The link stays, silent, until `join`, or until it breaks. */
  async leave(): Promise<void> {
    await this.#ask({ action: "leave" });
  }

  /** Moves the durable read position: everything up to `seq` is done with. Resolves to where it stands. */
  async read(seq: number): Promise<number> {
    const answer = await this.#ask({ action: "read", seq });
    if (answer.type !== "system" || typeof answer.data === "object") throw unexpected(answer);
    return "seq" in answer ? answer.seq : seq;
  }

  history(options: HistoryOptions = {}): Promise<HistoryPage> {
    return this.#api.history(this.id, options);
  }

  /** Takes what came since the last drain: the newest 500, and an account of what had no room. */
  drain(): Drain {
    const { events, dropped } = this.#inbox.drain();
    return { ...sort(events), dropped };
  }

  /** Reads dropped messages again from the hub; what it has no longer either is told as a gap. */
  async refetch(dropped: Dropped): Promise<Omit<Drain, "dropped">> {
    const events: ChannelEvent[] = [];
    for await (const event of reread(this.#rereading, dropped)) events.push(event);
    return sort(events);
  }

  /** Everything that waits for `drain` and all that follows, at the reader's pace; ends with the connection. */
  async *[Symbol.asyncIterator](): AsyncGenerator<ChannelEvent> {
    const follower = new Follower(this.#inbox.copy(), this.#rereading);
    this.#followers.add(follower);
    if (this.state === "closed") follower.end();
    try {
      yield* follower.events();
    } finally {
      this.#followers.delete(follower);
    }
  }

  /** Does not wait for the next attempt. */
  reconnectNow(): void {
    this.#link.dispatch({ type: "connect" });
  }

  /** Ends the connection for good; the agent stays joined. What was not answered yet is rejected. */
  async disconnect(): Promise<void> {
    await this.#link.disconnect(failure("disconnected", "the application disconnected"));
  }

  async #connect(signal: Signal | undefined): Promise<void> {
    const first = new Promise<Failure | undefined>((resolve) => (this.#settleReady = resolve));
    const abort = (): void => this.#link.dispatch({ type: "disconnect", why: aborted() });
    signal?.addEventListener("abort", abort);
    this.#link.dispatch({ type: "connect" });
    if (signal?.aborted === true) abort();
    const why = await first;
    signal?.removeEventListener("abort", abort);
    if (why !== undefined) throw new HubError(why);
  }

  #ask(command: object): Promise<Answer> {
    const ref = this.#nextId();
    return this.#sender.ask(ref, JSON.stringify({ ...command, ref }));
  }

  #nextId(): string {
    return `${this.#idPrefix}-${++this.#sends}`;
  }

  #hearer(): ConstructorParameters<typeof Link>[2] {
    return {
      told: (event) => this.#tell(event),
      answered: (frame) => this.#sender.answered(frame),
      rewound: () => this.#sender.rewind(),
      faulted: (why) => this.#emit("error", new HubError(why)),
      changed: (change) => this.#change(change),
    };
  }

  #tell(event: ChannelEvent): void {
    if (this.#inbox.add(event)) {
      const { dropped } = this.#inbox.peek();
      if (dropped !== undefined) this.#emit("dropped", dropped);
    }
    for (const follower of this.#followers) follower.tell(event);
    if (event.type === "message") this.#emit("message", event.message);
    else this.#emit("gap", event.gap);
  }

  #change(change: StateChange): void {
    this.#emit("state", change);
    const { phase } = this.#link.state;
    if (phase.name === "connected") {
      this.#sender.pump();
      this.#settleReady();
      this.#host.after(0, () => this.#release());
    }
    if (phase.name !== "closed") return;
    this.#sender.end(phase.why);
    for (const follower of this.#followers) follower.end();
    this.#settleReady(phase.why);
    this.#release();
  }

  #emit<T extends keyof ChannelEvents>(type: T, event: ChannelEvents[T]): void {
    if (this.#held === undefined) this.#listeners.emit(type, event);
    else this.#held.push(() => this.#listeners.emit(type, event));
  }

  #release(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const emit of held) emit();
  }
}

function sort(events: readonly ChannelEvent[]): Omit<Drain, "dropped"> {
  return {
    messages: events.flatMap((event) => (event.type === "message" ? [event.message] : [])),
    gaps: events.flatMap((event) => (event.type === "gap" ? [event.gap] : [])),
  };
}

function aborted(): Failure {
  return failure("disconnected", "the connect was aborted");
}

function unexpected({ type }: Answer): HubError {
  return new HubError(failure("bad_frame", `a command was answered with ${type}`));
}
