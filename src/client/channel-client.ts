/**
 * One agent in one channel: what an application holds. Sends go out through `Sender`, what comes in
 * goes to the inbox, to listeners and to iterators; `Link` keeps the connection.
 */
import type { Gap, Message } from "../protocol/message.ts";
import { CLIENT_MSG_ID_PATTERN } from "../protocol/text.ts";
import type { ApiClient } from "./api-client.ts";
import type { HistoryOptions, HistoryPage, SendOptions, Sent } from "./api-shapes.ts";
import { Clock } from "./clock.ts";
import { isDue, type Phase, type Place, type Settings, type StateChange } from "./connection-state.ts";
import { FirstConnect, type Waiting } from "./first-connect.ts";
import { failure, HubError } from "./hub-error.ts";
import type { Host } from "./host.ts";
import { type ChannelEvent, type Dropped, Inbox } from "./inbox.ts";
import { Link } from "./link.ts";
import { type Listener, Listeners } from "./listeners.ts";
import { Reader, reread, type Rereading } from "./reader.ts";
import { type Answer, Sender } from "./sender.ts";
import type { Upgrading } from "./upgrade.ts";

const BAD_ID = "client_msg_id must be 1 to 64 printable ASCII characters without space";

export interface ConnectOptions extends Waiting {
  /** Go on after this message instead of starting with the newest 50. */
  readonly after?: number;
  /** Of the channel in which `after` was: with it, a channel made anew is noticed. */
  readonly epoch?: string;
  /** Own messages are told too, each at its place among the others. */
  readonly echo?: boolean;
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
  readonly #host: Host;
  readonly #api: ApiClient;
  readonly #link: Link;
  readonly #sender: Sender;
  readonly #reader: Reader;
  readonly #first: FirstConnect;
  readonly #listeners: Listeners<ChannelEvents>;
  readonly #rereading: Rereading;
  /** What listeners will hear as soon as the application could attach them. */
  #held: (() => void)[] | undefined = [];
  readonly #idPrefix: string;
  readonly #key: string;
  readonly #clock: Clock;
  #sends = 0;

  constructor(id: string, { after, epoch }: ConnectOptions, ports: ChannelPorts) {
    this.id = id;
    const { host, api, settings } = ports;
    this.#host = host;
    this.#api = api;
    this.#idPrefix = host.id();
    const instance = host.id();
    const clock = new Clock(host);
    this.#clock = clock;
    this.#key = settings.key;
    this.#rereading = { host, api, channel_id: id, isDue: (message) => isDue(settings, message) };
    this.#reader = new Reader(new Inbox(), this.#rereading);
    // The fault of a listener is the application's: it surfaces as such, outside of this room.
    this.#listeners = new Listeners(
      (error) =>
        void host.after(0, () => {
          throw error;
        }),
    );
    const place = after === undefined ? undefined : { seq: after, epoch };
    this.#link = new Link(ports, { channel_id: id, place, settings, clock, instance }, this.#hearer());
    this.#sender = new Sender({
      host,
      clock,
      say: (text) => this.#link.say(text),
      isConnected: () => this.state === "connected",
      renew: (why) => this.#link.renew(why),
    });
    this.#first = new FirstConnect(host, settings.open_ms, (why) => this.#link.dispatch({ type: "disconnect", why }));
    this.#link.start();
  }

  /** Resolves with the first frame; rejects with the reason why there is none, or none in time. */
  ready(waiting: Waiting = {}): Promise<void> {
    return this.#first.wait(waiting);
  }

  get state(): Phase["name"] {
    return this.#link.state.phase.name;
  }

  /** Everything due up to here was told; undefined before the first frame. To go on from with `after` and `epoch`. */
  get position(): Place | undefined {
    return this.#link.state.place;
  }

  /** Events that wait for `drain` or a `for await`. */
  get buffered(): number {
    return this.#reader.size;
  }

  /** The answer ends it. */
  on<T extends keyof ChannelEvents>(type: T, listener: Listener<ChannelEvents[T]>): () => void {
    return this.#listeners.on(type, listener);
  }

  /**
   * Sends a message; resolves when it is stored. It is stored once, however often the link breaks or
   * the machine sleeps meanwhile, and in the order of the calls; only where the hub limits the rate
   * can one that it wanted later be passed by others that were on the wire with it.
   *
   * Rejects with what the hub says against it (`not_participant`, `bad_text`, `text_too_large`,
   * `paused`, `loop_guard`, `idempotency_conflict`), with `queue_full` when 1000 or 16 MiB wait, with
   * `not_sent` when it could not be stored within four minutes, and with `outcome_unknown` only where
   * the hub cannot tell: it is away for fifteen minutes, or what it could show is gone.
   *
   * @example const { message, offline } = await channel.send("done", { to: ["BRAVO"] });
   */
  async send(text: string, options: SendOptions = {}): Promise<Sent> {
    const client_msg_id = options.client_msg_id ?? this.#nextId();
    if (!CLIENT_MSG_ID_PATTERN.test(client_msg_id)) throw new HubError(failure("bad_request", BAD_ID));
    const command = { action: "send", text, ...options, client_msg_id };
    const answer = await this.#sender.ask({ id: client_msg_id, frame: JSON.stringify(command), text });
    if (answer.type !== "ack") throw unexpected(answer);
    const { type: _type, data: message, ...extras } = answer;
    return { message, ...extras };
  }

  /** Comes back after a `leave`: messages come from here on. Rejects as a send does. */
  async join(): Promise<void> {
    await this.#ask({ action: "join" });
  }

  /** Leaves the channel, after everything that was sent before. The link stays, silent, until `join`, or until it breaks. */
  async leave(): Promise<void> {
    await this.#ask({ action: "leave" });
  }

  /** Moves the durable read position: everything up to `seq` is done with. Resolves to where it stands; rejects as a send does. */
  async read(seq: number): Promise<number> {
    const answer = await this.#ask({ action: "read", seq });
    if (answer.type !== "system" || typeof answer.data === "object") throw unexpected(answer);
    return "seq" in answer ? answer.seq : seq;
  }

  /** Stored messages, as `ApiClient.history`; own sends that it shows and that wait for their ack are settled. */
  async history(options: HistoryOptions = {}): Promise<HistoryPage> {
    const page = await this.#api.history(this.id, options);
    for (const message of page.messages) if (message.from === this.#key) this.#sender.shown(message);
    return page;
  }

  /**
   * Takes what nobody took yet: at most the newest 500 events and 1 MiB of text, and an account of
   * what had no room.
   */
  drain(): Drain {
    const { events, dropped } = this.#reader.drain();
    return { ...sort(events), dropped };
  }

  /** Reads dropped messages again from the hub; what it has no longer either is told as a gap. */
  async refetch(dropped: Dropped): Promise<Omit<Drain, "dropped">> {
    return sort(await reread(this.#rereading, dropped));
  }

  /**
   * Takes event by event what nobody took yet, and then what comes, at the reader's pace; what had no
   * room meanwhile is read again from the hub, in its place. Ends with the connection. A second loop
   * goes on where the first stopped; two at once share what comes. Throws the hub's refusal where what
   * had no room may not be read again.
   *
   * @example for await (const event of channel) if (event.type === "message") await answer(event.message);
   */
  async *[Symbol.asyncIterator](): AsyncGenerator<ChannelEvent> {
    for (let event = await this.#reader.next(); event !== undefined; event = await this.#reader.next()) yield event;
  }

  /** Does not wait for the next attempt; while connected, finds out within 5 s whether the link lives. */
  reconnectNow(): void {
    this.#link.dispatch({ type: "connect" });
  }

  /** Ends the connection for good; the agent stays joined. What was not answered yet is rejected. */
  async disconnect(): Promise<void> {
    await this.#link.disconnect(failure("disconnected", "the application disconnected"));
  }

  #ask(command: object): Promise<Answer> {
    const ref = this.#nextId();
    return this.#sender.ask({ id: ref, frame: JSON.stringify({ ...command, ref }) });
  }

  #nextId(): string {
    return `${this.#idPrefix}-${++this.#sends}`;
  }

  #hearer(): ConstructorParameters<typeof Link>[2] {
    return {
      told: (event) => this.#tell(event),
      answered: (frame) => this.#sender.answered(frame),
      rewound: () => this.#sender.rewind(),
      shown: (message) => this.#sender.shown(message),
      current: () => this.#sender.current(),
      faulted: (why) => this.#emit("error", new HubError(why)),
      changed: (change) => this.#change(change),
    };
  }

  #tell(event: ChannelEvent): void {
    const { dropped } = this.#reader.tell(event);
    if (dropped !== undefined) this.#emit("dropped", dropped);
    if (event.type === "message") return this.#emit("message", event.message);
    this.#sender.loseTrace();
    this.#emit("gap", event.gap);
  }

  #change(change: StateChange): void {
    const { phase, wasConnected, trouble } = this.#link.state;
    // Nobody hears of all the attempts before the first frame but who waits for it.
    if (phase.name === "connecting" && !wasConnected) this.#held = [];
    this.#emit("state", change);
    this.#first.changed(change);
    if (phase.name === "connected") {
      this.#sender.pump();
      this.#first.settle();
      this.#host.after(0, () => this.#release());
    }
    if (phase.name === "disconnected" && trouble !== undefined) {
      this.#first.troubled(trouble, phase.retry_at - this.#clock.now());
    }
    if (phase.name !== "closed") return;
    this.#sender.end(phase.why);
    this.#reader.end();
    this.#first.settle(phase.why);
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

function unexpected({ type }: Answer): HubError {
  return new HubError(failure("bad_frame", `a command was answered with ${type}`));
}
