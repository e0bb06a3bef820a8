/**
 * The HTTP control plane: one method per route, one request per call, no retry (but where the hub
 * says that this machine's clock is wrong, and within a long `listen`). Each resolves to the hub's
 * answer or rejects with a `HubError`. Needs no connection.
 *
 * Any call may reject with `network` (no answer within 30 s), `bad_answer` (something else answered),
 * `unauthorized`, `forbidden_scope`, `identity_mismatch`, `signature_required`, `bad_signature`,
 * `clock_skew`, `rate_limited`, `storage_unavailable`, `overloaded` or `internal`; one that names a
 * channel with `channel_not_found` or `channel_deleted`. What is listed below comes beside these.
 */
import type { LeftOut } from "../protocol/activity.ts";
import type { ChannelDetails, ListenAnswer, ListenedChannel } from "../protocol/message.ts";
import type {
  Agent,
  AuditedAct,
  ChannelList,
  Done,
  FsckReport,
  Health,
  HistoryOptions,
  HistoryPage,
  ListenOptions,
  Pass,
  PassWishes,
  SendOptions,
  Sent,
  Signable,
  Ticket,
} from "./api-shapes.ts";
import { HubError } from "./hub-error.ts";
import type { HttpAnswer, Signal } from "./host.ts";
import { noAnswer, query } from "./http.ts";
import { endsWait, endsWaits, Patience } from "./patience.ts";
import { isMessages, isMeta } from "./read-frame.ts";
import type { Requests } from "./requests.ts";

export class ApiClient {
  readonly #requests: Requests;
  readonly #agent: Agent;
  readonly #patience: Patience;

  constructor(agent: Agent, requests: Requests) {
    this.#agent = agent;
    this.#requests = requests;
    this.#patience = new Patience(requests.uptime);
  }

  /** Where the hub is: `http:` or `https:`, without a slash at the end. */
  get url(): string {
    return this.#requests.url;
  }

  /**
   * Makes a channel; the agent is its first participant. With `id`, a repeat makes no second one: of
   * an agent that signs, it is the nonce, 16 to 64 of A-Z a-z 0-9 _ -.
   *
   * Rejects with `bad_name`, `bad_key`, `quota_exceeded`, or `idempotency_conflict` for a used `id`.
   *
   * @example const { channel_id } = await hub.api.create("ops");
   */
  create(name: string, id?: string): Promise<{ channel_id: string; name: string; created_by: string }> {
    const { key, name: name_display, kind } = this.#agent;
    return this.#requests.ask({
      path: "/api/channel/create",
      body: { name, key, name_display, kind },
      once: id,
      has: ["channel_id"],
    });
  }

  /**
   * Joins; repeated, does nothing. Resolves to the `seq` of the join, or the channel's last one.
   * Rejects with `channel_full`, `bad_name`, or `forbidden` for who was kicked.
   */
  join(channel_id: string): Promise<Done & { epoch: string }> {
    return this.#post("join", { channel_id, ...this.#agent });
  }

  /** Leaves: nothing that comes later is for this agent. Rejects with `not_participant`. */
  leave(channel_id: string): Promise<Done> {
    return this.#post("leave", { channel_id, key: this.#key });
  }

  /**
   * Sends without a connection; resolves when it is stored. Give a `client_msg_id` where it may be
   * repeated: within five minutes it is then stored once. Rejects with `not_participant`, `bad_text`,
   * `text_too_large` (over 64 KiB), `paused`, `loop_guard`, `idempotency_conflict`, or
   * `outcome_unknown`, which carries the id to repeat it with.
   *
   * @example await hub.api.send("ch-1", "done", { reply_to: 7, client_msg_id: "build-42" });
   */
  send(channel_id: string, text: string, options: SendOptions = {}): Promise<Sent> {
    return this.#post("send", { channel_id, ...this.#agent, text, ...options });
  }

  /**
   * Channels in the order of their ids: `limit` (100) to a page, `cursor` the `next_cursor` of the
   * page before; with `key`, those that it is a participant of.
   */
  list(options: { limit?: number; cursor?: number; key?: string } = {}): Promise<ChannelList> {
    return this.#requests.ask({ path: `/api/channel/list${query({ ...options })}`, has: ["channels"] });
  }

  /**
   * Stored messages, oldest first: the newest `limit` (50), or what follows `after` or precedes
   * `before`, bounds exclusive. `meta.gap` says what was asked for and is not there any more.
   * Rejects with `bad_limit`.
   */
  async history(channel_id: string, options: HistoryOptions = {}): Promise<HistoryPage> {
    const page = await this.#requests.ask<HistoryPage>({
      path: `${channelPath(channel_id)}/history${query({ ...options })}`,
    });
    if (!isMessages(page.messages) || !isMeta(page.meta)) throw new HubError(noAnswer(asText(page)));
    return page;
  }

  /** A channel in full: who is there, since when, with how much unread. */
  channel(channel_id: string): Promise<ChannelDetails> {
    return this.#requests.ask({ path: channelPath(channel_id), has: ["participants"] });
  }

  /**
   * What is new in a channel; with `wait` (seconds, at most 55), as soon as there is something. With
   * `after`, everything up to it is marked as read. Rejects with `not_participant` or `bad_limit`.
   */
  listen(channel_id: string, { wait, ...options }: ListenOptions = {}, signal?: Signal): Promise<ListenAnswer> {
    const ask = (part: number): Promise<ListenAnswer> => {
      const asked = query({ key: this.#key, ...options, wait: wait && part });
      return this.#requests.ask({
        path: `${channelPath(channel_id)}/listen${asked}`,
        wait: part,
        signal,
        has: ["messages"],
      });
    };
    return this.#patience.wait(wait ?? 0, { ask, isOver: endsWait, signal });
  }

  /** What is new in several channels: those in `after`, or all the agent has joined. Part of the answer may be a refusal. */
  listenAll(
    { after, wait, ...options }: Omit<ListenOptions, "after"> & { after?: Readonly<Record<string, number>> } = {},
    signal?: Signal,
  ): Promise<{ channels: readonly ListenedChannel[]; left_out?: LeftOut }> {
    const places = after && Object.entries(after).map(([id, seq]) => `${id}:${seq}`);
    const ask = (part: number): Promise<{ channels: readonly ListenedChannel[]; left_out?: LeftOut }> => {
      const asked = query({ key: this.#key, after: places?.join(","), ...options, wait: wait && part });
      return this.#requests.ask({ path: `/api/listen${asked}`, wait: part, signal, has: ["channels"] });
    };
    return this.#patience.wait(wait ?? 0, { ask, isOver: endsWaits, signal });
  }

  /** Everything up to `seq` is done with. Resolves to where the read position stands. Rejects with `not_participant`. */
  read(channel_id: string, seq: number): Promise<Done> {
    return this.#post("read", { channel_id, key: this.#key, seq });
  }

  /** Ends the channel for good; its id is never used again. Rejects with `forbidden` unless admin, or creator once proven. */
  delete(channel_id: string): Promise<{ channel_id: string }> {
    return this.#requests.ask({
      method: "DELETE",
      path: channelPath(channel_id) + query({ key: this.#key }),
      has: DONE,
    });
  }

  /** A ticket to connect with (30 s, once), or to watch with (`seconds`, a day at most). */
  async ticket(channel_id: string, options: { watch?: boolean; seconds?: number } = {}): Promise<Ticket> {
    const body = { channel_id, ...this.#agent, ...options };
    const given = await this.#requests.ask<Ticket>({ path: "/api/ticket", body });
    if (typeof given.ticket !== "string") throw new HubError(noAnswer(asText(given)));
    return given;
  }

  /** Removes a participant and keeps it out for some minutes (60). Rejects with `forbidden`, as do the next three. */
  kick(channel_id: string, target: string, minutes?: number): Promise<Done> {
    return this.#post("kick", { channel_id, key: this.#key, target, minutes });
  }

  /** Nobody may send until `resume`. */
  pause(channel_id: string): Promise<Done> {
    return this.#post("pause", { channel_id, key: this.#key });
  }

  /** Ends a `pause`. */
  resume(channel_id: string): Promise<Done> {
    return this.#post("resume", { channel_id, key: this.#key });
  }

  /** Lets agents speak on after the loop guard stopped them. */
  guardReset(channel_id: string): Promise<Done> {
    return this.#post("guard-reset", { channel_id, key: this.#key });
  }

  /** Whether a hub is there; needs no key. */
  health(): Promise<Health> {
    return this.#requests.ask({ path: "/health", has: ["version"] });
  }

  /**
   * Of admins: compares a page of channels with the hub's index, and mends what differs with `mend`.
   * Go on with `next_cursor` as `cursor` while it is given.
   */
  fsck(options: { mend?: boolean; cursor?: number } = {}): Promise<FsckReport> {
    return this.#requests.ask({ path: "/api/hub/fsck", body: options, has: ["findings"] });
  }

  /** Of admins: the hub's files were put back from a copy. Each channel takes a new epoch when it is next opened. */
  restored(): Promise<object> {
    return this.#requests.ask({ path: "/api/hub/restored", body: {} });
  }

  /** Of admins: who moderated, deleted and mended what, newest first. */
  audit(limit?: number): Promise<{ acts: readonly AuditedAct[] }> {
    return this.#requests.ask({ path: `/api/hub/audit${query({ limit })}`, has: ["acts"] });
  }

  /**
   * Of admins: makes a pass. Its `text`, used wherever a hub key is, is told this once. Rejects with
   * `bad_request`, or `quota_exceeded` where the hub keeps all the passes it may.
   *
   * @example const { text } = await hub.api.makePass({ agent_key, channels: ["ch-1"], expires_in: 86_400 });
   */
  makePass(wishes: PassWishes = {}): Promise<{ text: string; pass: Pass }> {
    return this.#requests.ask({ path: "/api/pass", body: wishes });
  }

  /** Of admins: the passes, `limit` (100) to a page, oldest first; with `channel_id`, those that name it. Never their texts. */
  passes(
    options: { limit?: number; cursor?: number; channel_id?: string } = {},
  ): Promise<{ passes: readonly Pass[]; next_cursor?: number }> {
    return this.#requests.ask({ path: `/api/pass${query({ ...options })}` });
  }

  /**
   * Of admins: revokes a pass; without `id`, all. Nothing succeeds with it from then on. `left` counts
   * the channels that did not answer and are told again: 0 as a rule. Rejects with `pass_not_found`.
   */
  revokePass(id?: string): Promise<{ left: number }> {
    return this.#requests.ask({
      method: "DELETE",
      path: `/api/pass${id === undefined ? "" : `/${encodeURIComponent(id)}`}`,
    });
  }

  /** Headers that admit a request of your own. */
  headers(request: Signable): Promise<Record<string, string>> {
    return this.#requests.headers(request);
  }

  get #key(): string {
    return this.#agent.key;
  }

  #post<T>(route: string, body: object): Promise<T> {
    return this.#requests.ask({ path: `/api/channel/${route}`, body, has: route === "send" ? ["message"] : DONE });
  }
}

/** What the answer to a change of a channel has. */
const DONE = ["channel_id"];

/** An answer whose form is not the hub's, as it came. */
function asText(answer: object): HttpAnswer {
  return { status: 200, text: JSON.stringify(answer) };
}

function channelPath(channel_id: string): string {
  return `/api/channel/${encodeURIComponent(channel_id)}`;
}
