/**
 * A hub in memory for the tool's tests: the real rules of `src/channel`, each channel on its own
 * log, behind the tool's port. It plays the part of the host: who is connected, what time it is and
 * when a wait is over are the test's to say.
 */
import { describe, type Outcome, summarize } from "../../src/channel/index.ts";
import {
  channelDeleted,
  channelNotFound,
  type ChannelSummary,
  HISTORY_DEFAULT,
  LIST_DEFAULT,
  map,
  type Message,
  notParticipant,
  ok,
  type Refusal,
  type Result,
} from "../../src/protocol/index.ts";
import {
  type Agent,
  type ChannelDetails,
  type ChannelUnread,
  type HistoryAnswer,
  type HistoryRequest,
  type HubPort,
  type Link,
  type ListAnswer,
  type ListenAnswer,
  type ListenQuery,
  type NamedListenAnswer,
  Memory,
  type Membership,
  type SendAnswer,
  type SendBody,
  type Status,
  type Waiting,
} from "../../src/tool/index.ts";
import { ChannelFixture, messageIn, messagesOf, RECORD, START } from "./channel-fixture.ts";

export class MemoryHub {
  readonly channels: Map<string, ChannelFixture> = new Map();
  readonly deleted: Set<string> = new Set();
  /** Keys somebody is connected for. */
  readonly connected: Set<string> = new Set();
  /** Keys that speak as proven. */
  readonly proven: Set<string> = new Set();
  /** Messages of a declared agent that are left before the loop guard stops it. */
  guard: number | undefined;
  /** Refusals that a verb of the port gives instead of its answer. */
  readonly failing: Map<keyof HubPort, Refusal> = new Map();
  now: number = START;
  /** What the ports of calls that stand alone remember, by key. */
  readonly memories: Map<string, Memory> = new Map();
  readonly #waiting: Set<() => void> = new Set();

  /** A port of an agent, or of somebody whose calls say who they are. */
  port(own?: Agent, isLive = false): HubPort {
    return failable(new MemoryPort(this, own, isLive), this.failing);
  }

  /** What somebody whose calls stand alone was shown. */
  memory({ key }: Agent): Memory {
    const memory = this.memories.get(key) ?? new Memory(true);
    this.memories.set(key, memory);
    return memory;
  }

  /** Makes a channel that these agents are in; their keys are their names in lower case. */
  make(name: string, creator: string, ...others: readonly string[]): string {
    const id = this.open(name, { key: creator.toLowerCase(), name: creator });
    for (const other of others) this.channels.get(id)?.join(this.caller(other.toLowerCase()), other);
    return id;
  }

  open(name: string, { key, name: creator_name = key }: Agent): string {
    const number = this.channels.size + this.deleted.size + 1;
    const record = { ...RECORD, number, name, created_by: key, creator_name, created_at: this.now };
    this.channels.set(`ch-${number}`, new ChannelFixture(record));
    return `ch-${number}`;
  }

  /** Another agent says something. */
  say(channel_id: string, key: string, text: string, more: Pick<SendBody, "to" | "reply_to"> = {}): Message {
    return messageIn(this.send({ channel_id, key, text, ...more }));
  }

  send({ channel_id, key, text, to, reply_to }: SendBody): Outcome {
    const fixture = this.channels.get(channel_id);
    if (fixture === undefined) throw new Error(`no ${channel_id}`);
    fixture.now = this.now;
    const outcome = fixture.send(this.caller(key), text, { ...(to && { to: [...to] }), ...(reply_to && { reply_to }) });
    this.wake();
    return outcome;
  }

  caller(key: string): { readonly key: string; readonly verified: boolean } {
    return { key, verified: this.proven.has(key) };
  }

  /** The waits there are end with what there is now. */
  wake(): void {
    for (const wake of this.#waiting) wake();
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  /** Until the next message, the end of the time, or the caller's going. */
  async pause({ signal }: Waiting): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#waiting.add(resolve);
      signal?.addEventListener("abort", resolve);
    });
    this.#waiting.clear();
  }

  find(id: string): Result<ChannelFixture> {
    const fixture = this.channels.get(id);
    if (fixture !== undefined) return ok(fixture);
    return { ok: false, refusal: this.deleted.has(id) ? channelDeleted(id) : channelNotFound(id) };
  }

  summary(fixture: ChannelFixture): ChannelSummary {
    return summarize(fixture.state, (key) => this.connected.has(key));
  }
}

class MemoryPort implements HubPort {
  readonly #hub: MemoryHub;
  readonly #own: Agent | undefined;
  readonly #isLive: boolean;

  constructor(hub: MemoryHub, own: Agent | undefined, isLive: boolean) {
    this.#hub = hub;
    this.#own = own;
    this.#isLive = isLive;
  }

  async identify({ key, name }: Partial<Agent>): Promise<Result<Agent | undefined>> {
    if (key === undefined) return ok(this.#own);
    return ok({ key, ...(name !== undefined && { name }) });
  }

  async create(body: { name: string; key: string; name_display?: string }): Promise<Result<{ channel_id: string }>> {
    const creator = { key: body.key, ...(body.name_display !== undefined && { name: body.name_display }) };
    return ok({ channel_id: this.#hub.open(body.name, creator) });
  }

  async join(body: Membership): Promise<Result<{ channel_id: string }>> {
    return this.#decide(body, (fixture) => {
      fixture.now = this.#hub.now;
      return fixture.join(this.#hub.caller(body.key), body.name);
    });
  }

  async leave(body: Membership): Promise<Result<{ channel_id: string }>> {
    return this.#decide(body, (fixture) => fixture.leave(body.key));
  }

  #decide({ channel_id }: Membership, change: (fixture: ChannelFixture) => Outcome): Result<{ channel_id: string }> {
    const fixture = this.#hub.find(channel_id);
    if (!fixture.ok) return fixture;
    const outcome = change(fixture.value);
    return outcome.type === "refused" ? { ok: false, refusal: outcome.refusal } : ok({ channel_id });
  }

  async send(body: SendBody): Promise<Result<SendAnswer>> {
    const fixture = this.#hub.find(body.channel_id);
    if (!fixture.ok) return fixture;
    if (body.done !== undefined) fixture.value.read(body.key, body.done);
    const outcome = this.#hub.send(body);
    if (outcome.type === "refused") return { ok: false, refusal: outcome.refusal };
    if (outcome.type !== "sent") throw new Error(outcome.type);
    const others = [...fixture.value.state.members].filter((key) => key !== body.key);
    const { guard } = this.#hub;
    return ok({
      message: messageIn(outcome),
      duplicate: outcome.duplicate,
      delivered: others.filter((key) => this.#hub.connected.has(key)).length,
      ...offlineOf(outcome.mentions, others, this.#hub.connected),
      unresolved: outcome.unresolved,
      position: fixture.value.state.participants.get(body.key)?.read_seq,
      names: new Map([...fixture.value.state.participants].map(([key, { name }]) => [key, name])),
      ...(guard !== undefined && { guard: { limit: 60, left: guard } }),
    });
  }

  async list({ key, limit = LIST_DEFAULT, cursor = 0 }: Parameters<HubPort["list"]>[0]): Promise<Result<ListAnswer>> {
    const all = [...this.#hub.channels.values()];
    const mine = all.filter(({ state }) => key === undefined || state.members.has(key));
    const later = mine.filter(({ state }) => state.record.number > cursor);
    const page = later.slice(0, limit);
    const channels = page.map((fixture) => this.#hub.summary(fixture));
    const last = page.at(-1);
    const isLast = last === undefined || page.length === later.length;
    return ok({ channels, count: mine.length, ...(!isLast && { next_cursor: last.state.record.number }) });
  }

  async channel({ channel_id }: { channel_id: string }): Promise<Result<ChannelDetails>> {
    return map(this.#hub.find(channel_id), (fixture) => {
      const presence = {
        isConnected: (key: string) => this.#hub.connected.has(key),
        lastHeard: () => 0,
        now: this.#hub.now,
      };
      return describe(fixture.state, fixture.log, presence, fixture.limits);
    });
  }

  async history({ channel_id, reader = "", ...query }: HistoryRequest): Promise<Result<HistoryAnswer>> {
    return map(this.#hub.find(channel_id), (fixture) => {
      const answer = fixture.history(query);
      const { read_seq, member } = fixture.state.participants.get(reader) ?? {};
      return { messages: messagesOf(answer), meta: answer.meta, position: member === true ? read_seq : undefined };
    });
  }

  async listen(
    query: ListenQuery & { channel_id: string; after?: number; start?: number },
    waiting: Waiting,
  ): Promise<Result<ListenAnswer>> {
    const fixture = this.#hub.find(query.channel_id);
    if (!fixture.ok) return fixture;
    if (!fixture.value.state.members.has(query.key)) return { ok: false, refusal: notParticipant(query.channel_id) };
    if (query.after !== undefined) fixture.value.read(query.key, query.after);
    const read = fixture.value.state.participants.get(query.key)?.read_seq ?? 0;
    const after = query.after ?? Math.max(query.start ?? 0, read);
    const answer = listenTo(fixture.value, query, after);
    if (hasNews(answer) || (query.wait ?? 0) === 0) return ok(answer);
    await this.#hub.pause(waiting);
    return ok(listenTo(fixture.value, query, after));
  }

  async listenAll(
    query: ListenQuery & { starts: ReadonlyMap<string, number> },
    waiting: Waiting,
  ): Promise<Result<{ channels: readonly NamedListenAnswer[] }>> {
    const first = this.#newsOf(query);
    if (first.length > 0 || (query.wait ?? 0) === 0) return ok({ channels: first });
    await this.#hub.pause(waiting);
    return ok({ channels: this.#newsOf(query) });
  }

  #newsOf(query: ListenQuery & { starts: ReadonlyMap<string, number> }): NamedListenAnswer[] {
    const mine = [...this.#hub.channels.values()].filter(({ state }) => state.members.has(query.key));
    const answers = mine.map((fixture) => {
      const read = fixture.state.participants.get(query.key)?.read_seq ?? 0;
      const after = Math.max(query.starts.get(fixture.state.id) ?? 0, read);
      return { ...listenTo(fixture, query, after), name: fixture.state.record.name };
    });
    return answers.filter(hasNews);
  }

  async read({
    channel_id,
    key,
    seq,
  }: {
    channel_id: string;
    key: string;
    seq: number;
  }): Promise<Result<{ seq: number }>> {
    const fixture = this.#hub.find(channel_id);
    if (!fixture.ok) return fixture;
    const outcome = fixture.value.read(key, seq);
    return outcome.type === "refused" ? { ok: false, refusal: outcome.refusal } : ok({ seq });
  }

  async unread({ key, after }: Parameters<HubPort["unread"]>[0]): Promise<Result<readonly ChannelUnread[]>> {
    const mine = [...this.#hub.channels.values()].filter(({ state }) => state.members.has(key));
    return ok(
      mine.map(({ state }) => {
        const position = state.participants.get(key)?.read_seq ?? 0;
        const from = Math.max(position, after.get(state.id) ?? 0);
        const fixture = this.#hub.channels.get(state.id);
        const unread = fixture
          ?.messages()
          .filter((one) => one.seq > from && one.from !== key && one.msg_type !== "system");
        return { channel_id: state.id, name: state.record.name, unread: unread?.length ?? 0, position };
      }),
    );
  }

  async connect(body: Membership): Promise<Result<Link>> {
    const joined = await this.join(body);
    if (joined.ok && this.#isLive) this.#hub.connected.add(body.key);
    return map(joined, () => ({ live: this.#isLive }));
  }

  async disconnect({ key }: Membership): Promise<Result<Link>> {
    return ok({ live: this.#isLive && this.#hub.connected.delete(key) });
  }

  async status({ key }: { key: string }): Promise<Result<Status>> {
    const mine = await this.unread({ key, after: new Map() });
    const live = this.#isLive ? mine : ok([]);
    return map(live, (channels) => ({
      hub: "https://hub.example",
      connections: channels.map(({ channel_id }) => ({
        channel_id,
        connected: this.#hub.connected.has(key),
        buffered: 0,
      })),
    }));
  }
}

/** LIS1 on one channel, at once. */
function listenTo(fixture: ChannelFixture, query: ListenQuery, after: number): ListenAnswer {
  const page = fixture.history({ limit: query.limit ?? HISTORY_DEFAULT, after });
  const looked = messagesOf(page);
  const own = looked.filter(({ from }) => from === query.key);
  const theirs = looked.filter(({ from }) => from !== query.key);
  const messages =
    query.for === "me" ? theirs.filter(({ mentions }) => mentions?.includes(query.key) === true) : theirs;
  return {
    channel_id: fixture.state.id,
    epoch: page.meta.epoch,
    messages,
    next: looked.at(-1)?.seq ?? Math.min(after, page.meta.last_seq),
    own: own.length,
    others: theirs.length - messages.length,
    more: !page.meta.complete,
    gap: page.meta.gap,
  };
}

function hasNews({ messages, gap }: ListenAnswer): boolean {
  return gap !== null || messages.some(({ msg_type }) => msg_type !== "system");
}

/** The port, with the refusals that a test has put in. */
function failable(port: HubPort, failing: ReadonlyMap<keyof HubPort, Refusal>): HubPort {
  return new Proxy(port, {
    get: (target, verb) => {
      const refusal = failing.get(verb as keyof HubPort);
      if (refusal !== undefined) return async () => ({ ok: false, refusal });
      return target[verb as keyof HubPort].bind(target);
    },
  });
}

/** As the hub tells it: everyone is written as one word, and a long list is cut. */
function offlineOf(
  mentions: readonly string[],
  others: readonly string[],
  connected: ReadonlySet<string>,
): { offline: readonly string[]; offline_more?: number } {
  const away = (mentions.includes("all") ? others : mentions).filter((key) => !connected.has(key));
  return away.length > 128 ? { offline: away.slice(0, 128), offline_more: away.length - 128 } : { offline: away };
}
