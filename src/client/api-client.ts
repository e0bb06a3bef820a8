/**
 * The HTTP control plane: one method per route, one request per call, no retry. Each resolves to the
 * hub's answer or rejects with a `HubError`. Needs no connection.
 */
import type { AckExtras } from "../protocol/frame.ts";
import type {
  ChannelDetails,
  ChannelSummary,
  HistoryMeta,
  Kind,
  ListenAnswer,
  ListenedChannel,
  Message,
  MessageType,
} from "../protocol/message.ts";
import { failureFrom, HubError } from "./hub-error.ts";
import type { Host, Signal } from "./host.ts";
import { noAnswer, query, readAnswer } from "./http.ts";
import { endsWait, endsWaits, Patience } from "./patience.ts";
import { isMessages, isMeta } from "./read-frame.ts";

/** Who speaks. */
export interface Agent {
  /** Public identity, `^[A-Za-z0-9_][A-Za-z0-9_.:@-]{0,127}$`. */
  readonly key: string;
  /** What others see; without it, the key. */
  readonly name?: string;
  readonly kind?: Kind;
}

/** A request on its way, for whoever signs it. */
export interface Signable {
  readonly method: string;
  /** Absolute, `http:` or `https:`, of upgrades too. */
  readonly url: string;
  readonly body?: string;
  /** The id under which the request happens once; its signature has this nonce. */
  readonly nonce?: string;
}

export interface HubOptions {
  /** Where the hub is: `https://hub.example` (`wss:` is understood as well). */
  readonly url: string;
  /** The hub key, sent as `x-spf-key`. Without it, `authorize` admits. */
  readonly key?: string;
  readonly agent: Agent;
  /** Headers to add to each request and upgrade. */
  readonly authorize?: (request: Signable) => Promise<Readonly<Record<string, string>>>;
}

export interface SendOptions {
  /** Names or keys this is for, at most 20. */
  readonly to?: readonly string[];
  /** `seq` of the message this answers. */
  readonly reply_to?: number;
  readonly msg_type?: Exclude<MessageType, "system">;
  /** The id under which it is stored once; without it, a random one. */
  readonly client_msg_id?: string;
  /** A new name for the sender. */
  readonly name?: string;
}

/** A stored message, and whom it reached. */
export interface Sent extends AckExtras {
  readonly message: Message;
}

export interface HistoryOptions {
  /** 1–1000, default 50. */
  readonly limit?: number;
  /** Only later ones, oldest first. */
  readonly after?: number;
  /** Only earlier ones. */
  readonly before?: number;
  readonly epoch?: string;
}

export interface HistoryPage {
  readonly channel_id: string;
  readonly messages: readonly Message[];
  readonly count: number;
  readonly meta: HistoryMeta;
}

export interface ListenOptions {
  /** Everything up to here is done with; without it, the read position. */
  readonly after?: number;
  /** Seconds to wait for something, 0–55, default 0. */
  readonly wait?: number;
  /** `me`: only what mentions this agent. */
  readonly for?: "all" | "me";
  readonly limit?: number;
}

export interface ChannelList {
  readonly channels: readonly ChannelSummary[];
  /** Of all channels. */
  readonly count: number;
  /** What to pass as `cursor` for the rest. */
  readonly next_cursor?: number;
}

export interface Health {
  readonly name: string;
  readonly version: string;
  /** What `/channel-hub.tgz` holds. */
  readonly package?: { readonly build: string; readonly sha256: string };
}

export interface Ticket {
  readonly ticket: string;
  readonly url: string;
  readonly expires_at: string;
}

export interface Done {
  readonly channel_id: string;
  readonly seq: number;
}

interface Request {
  readonly method?: string;
  readonly path: string;
  readonly body?: object;
  /** The id under which it happens once. */
  readonly once?: string | undefined;
  /** Seconds the hub may take longer than usual. */
  readonly wait?: number;
  readonly signal?: Signal | undefined;
}

/** Milliseconds an answer may take. */
const TIMEOUT_MS = 30_000;

export class ApiClient {
  /** `http:` or `https:`, without a slash at the end. */
  readonly url: string;
  readonly #options: HubOptions;
  readonly #host: Host;
  readonly #patience: Patience;

  constructor(options: HubOptions, host: Host) {
    this.url = options.url.replace(/^ws/, "http").replace(/\/+$/, "");
    this.#options = options;
    this.#host = host;
    this.#patience = new Patience(() => host.now());
  }

  /**
   * Makes a channel; the agent is its first participant. With `id`, a repeat makes no second one: of
   * an agent that signs, it is the nonce, 16 to 64 of A-Z a-z 0-9 _ -.
   */
  create(name: string, id?: string): Promise<{ channel_id: string; name: string; created_by: string }> {
    const { key, name: name_display, kind } = this.#options.agent;
    return this.#ask({ path: "/api/channel/create", body: { name, key, name_display, kind }, once: id });
  }

  /** Joins; repeated, does nothing. */
  join(channel_id: string): Promise<Done & { epoch: string }> {
    return this.#post("join", { channel_id, ...this.#options.agent });
  }

  leave(channel_id: string): Promise<Done> {
    return this.#post("leave", { channel_id, key: this.#key });
  }

  /** Sends without a connection. Give a `client_msg_id` where it may be repeated. */
  send(channel_id: string, text: string, options: SendOptions = {}): Promise<Sent> {
    return this.#post("send", { channel_id, ...this.#options.agent, text, ...options });
  }

  list(options: { limit?: number; cursor?: number; key?: string } = {}): Promise<ChannelList> {
    return this.#ask({ path: `/api/channel/list${query({ ...options })}` });
  }

  async history(channel_id: string, options: HistoryOptions = {}): Promise<HistoryPage> {
    const page = await this.#ask<HistoryPage>({ path: `${channelPath(channel_id)}/history${query({ ...options })}` });
    if (!isMessages(page.messages) || !isMeta(page.meta)) throw new HubError(noAnswer(200));
    return page;
  }

  /** A channel in full: who is there, since when, with how much unread. */
  channel(channel_id: string): Promise<ChannelDetails> {
    return this.#ask({ path: channelPath(channel_id) });
  }

  /** What is new in a channel; with `wait`, as soon as there is something. */
  listen(channel_id: string, { wait, ...options }: ListenOptions = {}, signal?: Signal): Promise<ListenAnswer> {
    const ask = (part: number): Promise<ListenAnswer> => {
      const asked = query({ key: this.#key, ...options, wait: wait && part });
      return this.#ask({ path: `${channelPath(channel_id)}/listen${asked}`, wait: part, signal });
    };
    return this.#patience.wait(wait ?? 0, ask, endsWait);
  }

  /** What is new in several channels: those in `after`, or all the agent has joined. Part of the answer may be a refusal. */
  listenAll(
    { after, wait, ...options }: Omit<ListenOptions, "after"> & { after?: Readonly<Record<string, number>> } = {},
    signal?: Signal,
  ): Promise<{ channels: readonly ListenedChannel[] }> {
    const places = after && Object.entries(after).map(([id, seq]) => `${id}:${seq}`);
    const ask = (part: number): Promise<{ channels: readonly ListenedChannel[] }> => {
      const asked = query({ key: this.#key, after: places?.join(","), ...options, wait: wait && part });
      return this.#ask({ path: `/api/listen${asked}`, wait: part, signal });
    };
    return this.#patience.wait(wait ?? 0, ask, endsWaits);
  }

  /** Everything up to `seq` is done with. */
  read(channel_id: string, seq: number): Promise<Done> {
    return this.#post("read", { channel_id, key: this.#key, seq });
  }

  /** Ends the channel for good; its id is never used again. */
  delete(channel_id: string): Promise<{ channel_id: string }> {
    return this.#ask({ method: "DELETE", path: channelPath(channel_id) + query({ key: this.#key }) });
  }

  /** A ticket to connect with (30 s, once), or to watch with (`seconds`, a day at most). */
  ticket(channel_id: string, options: { watch?: boolean; seconds?: number } = {}): Promise<Ticket> {
    return this.#ask({ path: "/api/ticket", body: { channel_id, ...this.#options.agent, ...options } });
  }

  /** Removes a participant and keeps it out for some minutes (60). */
  kick(channel_id: string, target: string, minutes?: number): Promise<Done> {
    return this.#post("kick", { channel_id, key: this.#key, target, minutes });
  }

  /** Nobody may send until `resume`. */
  pause(channel_id: string): Promise<Done> {
    return this.#post("pause", { channel_id, key: this.#key });
  }

  resume(channel_id: string): Promise<Done> {
    return this.#post("resume", { channel_id, key: this.#key });
  }

  /** Lets agents speak on after the loop guard stopped them. */
  guardReset(channel_id: string): Promise<Done> {
    return this.#post("guard-reset", { channel_id, key: this.#key });
  }

  /** Whether a hub is there; needs no key. */
  health(): Promise<Health> {
    return this.#ask({ path: "/health" });
  }

  /** Headers that admit a request or an upgrade. */
  async headers(request: Signable): Promise<Record<string, string>> {
    const { key, authorize } = this.#options;
    return { ...(key !== undefined && { "x-spf-key": key }), ...(await authorize?.(request)) };
  }

  get #key(): string {
    return this.#options.agent.key;
  }

  #post<T>(route: string, body: object): Promise<T> {
    return this.#ask({ path: `/api/channel/${route}`, body });
  }

  async #ask<T>({ path, body, once, wait = 0, signal, ...request }: Request): Promise<T> {
    const json = body && JSON.stringify(body);
    const method = request.method ?? (json === undefined ? "GET" : "POST");
    const bare = { method, url: this.url + path, ...(json !== undefined && { body: json }) };
    const admitted = await this.headers(once === undefined ? bare : { ...bare, nonce: once });
    const headers = once === undefined ? admitted : { "idempotency-key": once, ...admitted };
    const sent = { ...bare, headers, timeout_ms: TIMEOUT_MS + wait * 1000, ...(signal && { signal }) };
    const answer = await this.#host.fetch(sent).catch((error: unknown) => {
      throw new HubError(failureFrom(error));
    });
    return readAnswer(answer) as T;
  }
}

function channelPath(channel_id: string): string {
  return `/api/channel/${encodeURIComponent(channel_id)}`;
}
