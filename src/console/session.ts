/**
 * A person signed in at a hub: who they are, the channels there are, and the conversations that are
 * held open. Joined channels hold a socket each, the newest 16; of the others the list shows its
 * summary, which is asked for when the person does something or a socket tells of a change: a page
 * that lies open costs no request.
 */
import { computed, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import type { ChannelDetails, ChannelSummary } from "../protocol/message.ts";
import { Conversation } from "./conversation.ts";
import { failureOf, HubClient, type Problem } from "./hub.ts";
import { type Person, thisPerson } from "./identity.ts";
import { Pace } from "./pace.ts";
import { HUB_URL } from "./place.ts";
import type { HubUse } from "./use.ts";
import { watchHost } from "./watch-host.ts";

export interface Credentials {
  /** The hub key. */
  readonly key: string;
  /** What others see. */
  readonly name: string;
}

/** The hub's limits, as its admins see them; null: unlimited. */
export type HubLimits = Readonly<Record<string, number | null>>;

/** Sockets held for joined channels. */
const HELD = 16;
const RECENT = "channel-hub.recent";
/** Seconds a link to watch is good for: a day. */
const WATCH_SECONDS = 86_400;

export class Session {
  readonly credentials: Credentials;
  readonly person: Person;
  readonly hub: HubClient;
  readonly channels: Signal<readonly ChannelSummary[]> = signal([]);
  readonly joined: Signal<ReadonlySet<string>> = signal(new Set());
  readonly conversations: Signal<ReadonlyMap<string, Conversation>> = signal(new Map());
  /** Why the list could not be had, while it cannot. */
  readonly problem: Signal<Problem | undefined> = signal(undefined);
  readonly isLoaded: Signal<boolean> = signal(false);
  /** Undefined: this key is no admin's. */
  readonly limits: Signal<HubLimits | undefined> = signal(undefined);
  /** Unread messages of all joined channels, and those that mention the person. */
  readonly unread: ReadonlySignal<{ readonly count: number; readonly mentions: number }>;
  #open: Conversation | undefined;
  readonly #pace: Pace;
  readonly #onVisible: () => void;

  private constructor(credentials: Credentials, person: Person) {
    this.credentials = credentials;
    this.person = person;
    this.hub = new HubClient({ url: HUB_URL, key: credentials.key, ...person });
    this.unread = computed(() => sumUnread(this.conversations.value.values()));
    this.#pace = new Pace(() => this.#refresh());
    this.#onVisible = () => {
      if (document.hidden) this.#open?.markUnread();
    };
    document.addEventListener("visibilitychange", this.#onVisible);
  }

  /** Rejects with a `HubError` where the hub does not take the key or cannot be reached. */
  static async start(credentials: Credentials): Promise<Session> {
    const person = await thisPerson(credentials.name);
    const probe = new HubClient({ url: HUB_URL, key: credentials.key, ...person });
    await probe.api.list({ limit: 1 });
    const session = new Session(credentials, person);
    await session.refresh();
    void session.#loadLimits();
    return session;
  }

  get me(): string {
    return this.person.agent.key;
  }

  async end(): Promise<void> {
    this.#pace.end();
    document.removeEventListener("visibilitychange", this.#onVisible);
    await Promise.all([...this.conversations.value.values()].map((one) => one.end()));
  }

  /** Asks now, whatever was asked a moment ago. */
  async refresh(): Promise<void> {
    await this.#pace.askNow();
  }

  /** Asks for all channels and for the person's own. True: something changed. */
  async #refresh(): Promise<boolean> {
    const before = JSON.stringify(this.channels.value);
    try {
      const [channels, own] = await Promise.all([this.#list(), this.#list(this.me)]);
      this.channels.value = channels;
      this.joined.value = new Set(own.map(({ id }) => id));
      this.problem.value = undefined;
      this.isLoaded.value = true;
      this.#hold();
      await this.#open?.refreshDetail();
    } catch (error) {
      this.problem.value = failureOf(error);
    }
    return JSON.stringify(this.channels.value) !== before;
  }

  /** The conversation of a channel, now looked at; one that was not joined is watched. */
  open(channel_id: string): Conversation {
    const mode = this.joined.value.has(channel_id) ? "member" : "watch";
    const known = this.conversations.value.get(channel_id);
    const isUsable = known !== undefined && known.mode === mode && known.link.value.state !== "closed";
    const conversation = isUsable ? known : this.#converse(channel_id, mode);
    if (this.#open !== conversation) this.#leaveOpen();
    this.#open = conversation;
    noteRecent(channel_id);
    conversation.open();
    return conversation;
  }

  /** Nothing is looked at. */
  leaveOpen(): void {
    this.#leaveOpen();
    this.#open = undefined;
  }

  async join(channel_id: string): Promise<void> {
    await this.hub.api.join(channel_id);
    await this.refresh();
  }

  async leave(channel_id: string): Promise<void> {
    await this.hub.api.leave(channel_id);
    await this.conversations.value.get(channel_id)?.end();
    this.#forget(channel_id);
    await this.refresh();
  }

  async create(name: string): Promise<string> {
    const { channel_id } = await this.hub.api.create(name);
    await this.refresh();
    return channel_id;
  }

  /** A ticket with which anybody may watch a channel for a day. */
  async watchTicket(channel_id: string): Promise<string> {
    return (await this.hub.api.ticket(channel_id, { watch: true, seconds: WATCH_SECONDS })).ticket;
  }

  async #list(key?: string): Promise<ChannelSummary[]> {
    const channels: ChannelSummary[] = [];
    for (let cursor: number | undefined = 0; cursor !== undefined;) {
      const page = await this.hub.api.list({ limit: 1000, cursor, ...(key !== undefined && { key }) });
      channels.push(...page.channels);
      cursor = page.next_cursor;
    }
    return channels;
  }

  /** Holds the newest joined channels open; those that were left or removed end. */
  #hold(): void {
    const held = recentFirst([...this.joined.value]).slice(0, HELD);
    for (const id of held) if (!this.conversations.value.has(id)) this.#converse(id, "member");
    for (const [id, conversation] of this.conversations.value) {
      const isWanted = held.includes(id) || conversation === this.#open;
      if (isWanted) continue;
      this.#forget(id);
      void conversation.end();
    }
  }

  #converse(id: string, mode: "member" | "watch"): Conversation {
    void this.conversations.value.get(id)?.end();
    const hub = mode === "member" ? this.hub : this.#watcher(id);
    const onNews = (): void => this.#pace.hint();
    const conversation = new Conversation({ id, mode, me: this.me, hub, hasDetail: true, onNews });
    this.conversations.value = new Map([...this.conversations.value, [id, conversation]]);
    return conversation;
  }

  #watcher(channel_id: string): HubClient {
    const host = watchHost(() => this.watchTicket(channel_id));
    return new HubClient({ url: HUB_URL, key: this.credentials.key, ...this.person, host });
  }

  #leaveOpen(): void {
    const open = this.#open;
    if (open === undefined) return;
    open.close();
    if (open.mode === "member") return;
    // It may have been joined meanwhile, and be another one.
    if (this.conversations.value.get(open.id) === open) this.#forget(open.id);
    void open.end();
  }

  #forget(id: string): void {
    const conversations = new Map(this.conversations.value);
    conversations.delete(id);
    this.conversations.value = conversations;
  }

  /** Admins may moderate every channel, a proven creator its own (GRD2). */
  mayModerate(channel: ChannelDetails | undefined): boolean {
    const isCreator = this.person.authorize !== undefined && channel?.created_by === this.person.agent.key;
    return isCreator || this.limits.value !== undefined;
  }

  /** Only admins may see the limits. */
  async #loadLimits(): Promise<void> {
    const answer = await this.#askHub();
    if (answer.ok) this.limits.value = ((await answer.json()) as { limits: HubLimits }).limits;
  }

  /** What was used today, for admins. */
  async use(): Promise<HubUse> {
    const answer = await this.#askHub();
    const told = (await answer.json()) as { usage: HubUse; error: string };
    if (!answer.ok) throw new Error(told.error);
    return told.usage;
  }

  async #askHub(): Promise<Response> {
    const url = `${HUB_URL}/api/hub`;
    return await fetch(url, { headers: await this.hub.api.headers({ method: "GET", url }) });
  }
}

function sumUnread(conversations: Iterable<Conversation>): { count: number; mentions: number } {
  const sum = { count: 0, mentions: 0 };
  for (const { unread } of conversations) {
    sum.count += unread.value.count;
    sum.mentions += unread.value.mentions.length;
  }
  return sum;
}

function recent(): readonly string[] {
  return (localStorage.getItem(RECENT) ?? "").split(",");
}

function noteRecent(id: string): void {
  const others = recent().filter((one) => one !== id);
  localStorage.setItem(RECENT, [id, ...others].slice(0, 4 * HELD).join(","));
}

/** Those looked at last come first, then the newest. */
function recentFirst(ids: readonly string[]): readonly string[] {
  const order = recent();
  const rank = (id: string): number => (order.includes(id) ? order.indexOf(id) : Infinity);
  return ids.toSorted((a, b) => (rank(a) === rank(b) ? Number(b.slice(3)) - Number(a.slice(3)) : rank(a) - rank(b)));
}
