/**
 * What `spf_channel` needs, beside an agent: the channels it is in are held live from the first call
 * on, so a listen is answered from what has come already and unread counts cost nothing. Whatever
 * the live connections do not cover is asked over HTTP, with the same meaning. Nothing is asked
 * before the first call.
 */
import { randomUUID } from "node:crypto";
import { type HubClient, HubError, type Sent } from "../client/index.ts";
import { leftOut, map, ok, type ParticipantDetail, refuse, type Result, showLine } from "../protocol/index.ts";
import {
  type Agent,
  type ChannelUnread,
  type Claim,
  type HistoryRequest,
  type HubPort,
  type Link,
  type ListenAnswer,
  type Membership,
  notLookedAt,
  type SendAnswer,
  type SendBody,
  type Status,
  type Waiting,
} from "../tool/index.ts";
import type { Begin } from "./live-channel.ts";
import { askedOf, hasNews, hear } from "./hear.ts";
import { LiveChannels } from "./live-channels.ts";
import { answered, type Asking } from "./refusals.ts";
import { JoinedChannels } from "./joined-channels.ts";
import { patiently, within } from "./waiting.ts";
import type { Watcher } from "./watcher.ts";

export interface LivePortOptions {
  readonly agent: Agent;
  readonly hubFor: (agent: Agent) => HubClient;
  /** A line for whoever looks into the server's log. */
  readonly log: (line: string) => void;
  readonly watcher?: Watcher;
  /** What to say of a hub key that the hub refuses. */
  readonly keyFault: string;
}

type Port = { [Verb in keyof HubPort]: HubPort[Verb] };

/** Milliseconds a call waits for the ack of a live send: hosts give up on a call after 60 s. */
const SEND_MS = 30_000;

export class LivePort implements Port {
  readonly #options: LivePortOptions;
  #agent: Agent;
  #hub: HubClient;
  readonly #live: LiveChannels;
  readonly #joined: JoinedChannels = new JoinedChannels(() => ({ hub: this.#hub, key: this.#agent.key }));

  constructor(options: LivePortOptions) {
    this.#options = options;
    this.#agent = options.agent;
    this.#hub = options.hubFor(this.#agent);
    const { watcher, log } = options;
    this.#live = new LiveChannels(this.#hub, { key: this.#agent.key, watcher }, log);
  }

  /** The agent's own identity; a call may name itself anew, but not be somebody else. */
  async identify({ key, name }: Claim): Promise<Result<Agent | undefined>> {
    const own = this.#agent;
    if (key !== undefined && key !== own.key) {
      return refuse("identity_mismatch", `this server speaks for ${showLine(own.key)} alone; leave key out`);
    }
    if (name !== undefined && name !== own.name) await this.#rename(name);
    return ok(this.#agent);
  }

  async create({ name }: { name: string }): Promise<Result<{ channel_id: string }>> {
    const made = await this.#answered(this.#hub.api.create(name, randomUUID()));
    if (made.ok) await this.#entered(made.value.channel_id);
    return made;
  }

  async join({ channel_id }: Membership): Promise<Result<{ channel_id: string }>> {
    const joined = await this.#answered(this.#hub.api.join(channel_id));
    if (joined.ok) await this.#entered(channel_id);
    return joined;
  }

  async leave({ channel_id }: Membership): Promise<Result<{ channel_id: string }>> {
    const left = await this.#answered(this.#hub.api.leave(channel_id));
    this.#joined.moved();
    if (left.ok) await this.#live.release(channel_id, false);
    return left;
  }

  /** Over the live connection, which stores it once however often the link breaks; else over HTTP. */
  async send({ channel_id, text, to, reply_to, done }: SendBody): Promise<Result<SendAnswer>> {
    const options = { client_msg_id: randomUUID(), ...(to && { to }), ...(reply_to !== undefined && { reply_to }) };
    // Not moved, it is tried again with the next call.
    if (done !== undefined) await this.read({ channel_id, seq: done });
    const live = await this.#live.hold(channel_id);
    if (live?.isUp !== true) return await this.#answered(this.#post(channel_id, text, options));
    const why = "the hub did not answer in time; it is sent as soon as the link is back";
    const late = refuse<Sent>("outcome_unknown", why, { client_msg_id: options.client_msg_id });
    const sent = await within(SEND_MS, this.#answered(live.client.send(text, options)), late);
    return map(sent, (answer) => ({ ...answer, position: live.read, names: live.names(answer.offline) }));
  }

  list(query: { key?: string; limit?: number; cursor?: number }): ReturnType<HubPort["list"]> {
    return this.#reading(this.#hub.api.list(query));
  }

  channel({ channel_id }: { channel_id: string }): ReturnType<HubPort["channel"]> {
    return this.#reading(this.#hub.api.channel(channel_id));
  }

  async history({ channel_id, limit, after, before }: HistoryRequest): ReturnType<HubPort["history"]> {
    const position = (await this.#live.hold(channel_id))?.read;
    const query = {
      ...(limit !== undefined && { limit }),
      ...(after !== undefined && { after }),
      ...(before !== undefined && { before }),
    };
    return map(await this.#reading(this.#hub.api.history(channel_id, query)), (page) => ({ ...page, position }));
  }

  listen({ wait = 0, ...query }: Parameters<HubPort["listen"]>[0], waiting: Waiting): Promise<Result<ListenAnswer>> {
    return patiently(wait, waiting, (left) => this.#listen({ ...query, wait: left }, waiting));
  }

  async #listen(
    { channel_id, after, start, ...query }: Parameters<HubPort["listen"]>[0],
    waiting: Waiting,
  ): Promise<Result<ListenAnswer>> {
    const live = await this.#live.hold(channel_id);
    // A position that the channel has not reached is none of its own, and moves nothing (LIS3).
    if (live !== undefined && after !== undefined && after <= (live.client.position?.seq ?? 0)) {
      const moved = await this.#answered(live.markRead(after, this.#hub.api));
      if (!moved.ok) return moved;
    }
    const ask = async (wait: number): Promise<Result<readonly ListenAnswer[]>> => {
      // Without a connection a place to look from is a read position.
      const from = after ?? start;
      const asked = { ...askedOf(query, wait), ...(from !== undefined && { after: from }) };
      return map(await this.#reading(this.#hub.api.listen(channel_id, asked, waiting.signal)), (answer) => [answer]);
    };
    const heard = await hear({ query, waiting, held: [live], begin: () => ({ after, start }), ask });
    if (!heard.ok) return heard;
    const [answer] = heard.value;
    if (answer === undefined) throw new Error("a listen to one channel was answered with none");
    return ok(answer);
  }

  listenAll(
    { wait = 0, ...query }: Parameters<HubPort["listenAll"]>[0],
    waiting: Waiting,
  ): ReturnType<HubPort["listenAll"]> {
    return patiently(wait, waiting, (left) => this.#listenAll({ ...query, wait: left }, waiting));
  }

  async #listenAll(
    { starts, ...query }: Parameters<HubPort["listenAll"]>[0],
    waiting: Waiting,
  ): ReturnType<HubPort["listenAll"]> {
    const joined = await this.#reading(this.#joined.channels());
    if (!joined.ok) return joined;
    const { channels: active, left_out } = joined.value;
    if (active.length === 0) return refuse("not_participant", "you are in no channel");
    const names = new Map(active.map(({ id, name }) => [id, name]));
    const held = await this.#live.holdAll(active.map(({ id }) => id));
    const ask = async (wait: number): Promise<Result<readonly ListenAnswer[]>> => {
      const all = await this.#reading(this.#hub.api.listenAll(askedOf(query, wait), waiting.signal));
      return map(all, ({ channels }) => channels.filter((channel) => "messages" in channel));
    };
    const begin = (id: string): Begin => ({ start: starts.get(id) });
    const heard = await hear({ query, waiting, held, begin, ask });
    return map(heard, (answers) => ({
      channels: answers.filter(hasNews).map((one) => ({ ...one, name: names.get(one.channel_id) ?? "" })),
      ...leftOut(left_out),
    }));
  }

  async read({ channel_id, seq }: { channel_id: string; seq: number }): Promise<Result<{ seq: number }>> {
    const live = await this.#live.hold(channel_id);
    if (live === undefined) return await this.#answered(this.#hub.api.read(channel_id, seq));
    return map(await this.#answered(live.markRead(seq, this.#hub.api)), (at) => ({ seq: at }));
  }

  async unread({ key, after }: Parameters<HubPort["unread"]>[0]): ReturnType<HubPort["unread"]> {
    const joined = await this.#reading(this.#joined.channels());
    if (!joined.ok) return joined;
    const counts = await Promise.all(
      joined.value.channels.map(async ({ id, name }): Promise<ChannelUnread[]> => {
        const live = await this.#live.hold(id);
        const held = live?.unread(after.get(id));
        if (live !== undefined && held !== undefined)
          return [{ channel_id: id, name, unread: held, position: live.read }];
        const own = await this.#reading(this.#standing(id, key));
        // A channel that cannot be asked is left out: the counts only ride along.
        if (!own.ok || own.value === undefined) return [];
        return [{ channel_id: id, name, unread: own.value.unread, position: own.value.read_seq }];
      }),
    );
    return ok([...counts.flat(), ...joined.value.left_out.map(notLookedAt)]);
  }

  async connect(body: Membership): Promise<Result<Link>> {
    this.#live.allow(body.channel_id);
    const joined = await this.join(body);
    if (!joined.ok) return joined;
    return ok({ live: (await this.#live.hold(body.channel_id)) !== undefined });
  }

  async disconnect({ channel_id }: Membership): Promise<Result<Link>> {
    await this.#live.release(channel_id, true);
    return ok({ live: true });
  }

  async status(): Promise<Result<Status>> {
    const open = this.#hub.connections();
    const connections = await Promise.all(
      open.map(async ({ channel_id, connected }) => {
        return { channel_id, connected, buffered: (await this.#live.hold(channel_id))?.unread() ?? 0 };
      }),
    );
    return ok({ hub: this.#hub.api.url, connections });
  }

  /** Holds the channels the agent is in live from now on, and looks for new ones whenever it is called. */
  async attend(): Promise<Result<true>> {
    const joined = await this.#reading(this.#joined.channels());
    if (joined.ok) await this.#live.holdAll(joined.value.channels.map(({ id }) => id));
    return map(joined, () => true as const);
  }

  /** Ends all connections. */
  async close(): Promise<void> {
    await this.#live.releaseAll();
  }

  async #answered<T>(asking: Promise<T>, how: Asking = {}): Promise<Result<T>> {
    const answer = await answered(asking, how);
    if (answer.ok || answer.refusal.code !== "unauthorized") return answer;
    return refuse("unauthorized", this.#options.keyFault);
  }

  #reading<T>(asking: Promise<T>): Promise<Result<T>> {
    return this.#answered(asking, { reads: true });
  }

  async #entered(id: string): Promise<void> {
    this.#joined.moved();
    await this.#live.hold(id);
  }

  async #standing(id: string, own: string): Promise<ParticipantDetail | undefined> {
    return (await this.#hub.api.channel(id)).participants.find(({ key }) => key === own);
  }

  /** Once more after a failure of the moment: with the same id it is stored once. */
  async #post(id: string, text: string, options: { client_msg_id: string }): Promise<Sent> {
    try {
      return await this.#hub.api.send(id, text, options);
    } catch (error) {
      if (!(error instanceof HubError) || error.code !== "network") throw error;
      return await this.#hub.api.send(id, text, options);
    }
  }

  /** Connections carry a name from the start, so they are made anew. */
  async #rename(name: string): Promise<void> {
    await this.close();
    this.#agent = { ...this.#agent, name };
    this.#hub = this.#options.hubFor(this.#agent);
    this.#live.use(this.#hub);
  }
}
