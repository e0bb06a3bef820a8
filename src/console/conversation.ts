/**
 * One channel as the page holds it: its timeline, the connection, what is unread, what is on its way
 * out. Made by `Session`; the components read its signals and call its methods. What comes in is
 * applied once a frame, however much it is.
 */
import { computed, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import {
  type ChannelClient,
  type ChannelDetails,
  failureOf,
  mayPass,
  type HubClient,
  type StateChange,
} from "./hub.ts";
import type { Message } from "../protocol/message.ts";
import { changed, type Outgoing, type Receipt, withoutArrived } from "./outgoing.ts";
import { Older } from "./older.ts";
import { append, EMPTY, find, KEPT, prepend, type Timeline, trim, withGap } from "./timeline.ts";
import { countNews, markRead, NOTHING_UNREAD, type Unread } from "./unread.ts";

/** `watch`: read-only, without having joined. */
export type Mode = "member" | "watch";

export interface ConversationOptions {
  readonly id: string;
  readonly mode: Mode;
  /** The reader's agent key; empty of one who only has a link. */
  readonly me: string;
  readonly hub: HubClient;
  /** For whom HTTP routes are open. */
  readonly hasDetail: boolean;
  /** Who is there or the link changed: what the hub lists may be otherwise. */
  readonly onNews?: () => void;
}

/** Messages kept of a channel that nobody looks at. */
const KEPT_ASIDE = 200;
/** Milliseconds between looking and telling the hub what was read: many messages, one row. */
const READ_DELAY_MS = 800;
/** Milliseconds until a first connect is tried again. */
const AGAIN_MS = 5000;
/** Milliseconds between a change of members and asking who they are. */
const DETAIL_DELAY_MS = 300;
const HIDDEN_TICK_MS = 250;

export class Conversation {
  readonly id: string;
  readonly mode: Mode;
  readonly me: string;
  readonly timeline: Signal<Timeline> = signal(EMPTY);
  readonly outgoing: Signal<readonly Outgoing[]> = signal([]);
  readonly receipts: Signal<ReadonlyMap<number, Receipt>> = signal(new Map());
  readonly unread: Signal<Unread> = signal(NOTHING_UNREAD);
  /** Where the mark of unread messages stands; undefined: nowhere. */
  readonly divider: Signal<number | undefined> = signal(undefined);
  readonly detail: Signal<ChannelDetails | undefined> = signal(undefined);
  readonly link: Signal<StateChange> = signal({ state: "connecting", code: "connecting", reason: "", attempt: 0 });
  readonly #older: Older = new Older({
    loadPage: (limit) => this.#loadPage(limit),
    reaches: (seq) => this.timeline.value.isWhole || this.#oldest() <= seq,
  });
  readonly isLoading: Signal<boolean> = this.#older.isLoading;
  readonly isLive: ReadonlySignal<boolean> = computed(() => this.link.value.state === "connected");
  readonly #options: ConversationOptions;
  readonly #news: Message[] = [];
  #isOpen = false;
  #channel: ChannelClient | undefined;
  /** What is sent before the first connect waits for it. */
  readonly #connected: PromiseWithResolvers<ChannelClient> = Promise.withResolvers();
  #isEnded = false;
  #isTicking = false;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #reading: ReturnType<typeof setTimeout> | undefined;
  #asking: ReturnType<typeof setTimeout> | undefined;

  constructor(options: ConversationOptions) {
    this.#options = options;
    this.id = options.id;
    this.mode = options.mode;
    this.me = options.me;
    // Who waits for it hears why; often nobody does.
    this.#connected.promise.catch(() => undefined);
    void this.#connect();
  }

  /** Somebody looks at it: the mark stands where they had read to. */
  open(): void {
    this.#isOpen = true;
    this.markUnread();
    void this.refreshDetail();
  }

  /** Nobody looks at it any more. */
  close(): void {
    this.#isOpen = false;
    this.timeline.value = trim(this.timeline.value, KEPT_ASIDE);
  }

  markUnread(): void {
    const { count, read_seq } = this.unread.value;
    this.divider.value = count > 0 ? read_seq : undefined;
  }

  /** Everything up to the newest was looked at. */
  readAll(): void {
    const { messages } = this.timeline.value;
    const last = messages.at(-1)?.seq ?? 0;
    if (last <= this.unread.value.read_seq || this.mode === "watch") return;
    const hadUnread = this.unread.value.count > 0;
    this.unread.value = markRead(this.unread.value, last, messages, this.me);
    if (!hadUnread) return;
    clearTimeout(this.#reading);
    this.#reading = setTimeout(() => void this.#tellRead(), READ_DELAY_MS);
  }

  /** Sends, or sends again under the same id; what becomes of it shows in `outgoing`. */
  async send(text: string, reply_to?: number, id: string = crypto.randomUUID()): Promise<void> {
    const rest = this.outgoing.value.filter((one) => one.id !== id);
    this.outgoing.value = [...rest, { id, text, reply_to, state: "pending" }];
    try {
      const channel = await this.#connected.promise;
      const options = { client_msg_id: id, ...(reply_to !== undefined && { reply_to }) };
      const { message, delivered, offline, unresolved, duplicate } = await channel.send(text, options);
      this.outgoing.value = changed(this.outgoing.value, id, { state: "stored" });
      if (!duplicate) this.#keepReceipt(message.seq, { delivered, offline, unresolved });
      // A duplicate's message may have come long ago.
      if (message.seq <= (this.timeline.value.messages.at(-1)?.seq ?? 0)) this.discard(id);
    } catch (error) {
      const { message, code, hint } = failureOf(error);
      const why = hint === undefined ? message : `${message}; ${hint}`;
      this.outgoing.value = changed(this.outgoing.value, id, {
        state: "failed",
        why,
        isUnknown: code === "outcome_unknown",
      });
    }
  }

  discard(id: string): void {
    this.outgoing.value = this.outgoing.value.filter((one) => one.id !== id);
  }

  /** Loads a page of older messages, or all down to a number. */
  async loadOlder(down_to?: number): Promise<void> {
    await this.#connected.promise;
    await this.#older.load(down_to);
  }

  /** Loads what is needed to show a message; false: it is not there any more. */
  async reach(seq: number): Promise<boolean> {
    if (find(this.timeline.value, seq) === undefined && seq < this.#oldest()) await this.loadOlder(seq);
    return find(this.timeline.value, seq) !== undefined;
  }

  /** Asks who is there and how the channel stands. */
  async refreshDetail(): Promise<void> {
    if (!this.#options.hasDetail || this.#isEnded) return;
    try {
      this.detail.value = await this.#options.hub.api.channel(this.id);
    } catch (error) {
      // The link's own state tells of a hub that is away; what is known stays.
      console.debug("no detail of", this.id, failureOf(error).message);
    }
  }

  retryNow(): void {
    if (this.#channel !== undefined) return this.#channel.reconnectNow();
    clearTimeout(this.#retry);
    void this.#connect();
  }

  /** False of one who only has a link: who is there is not known then. */
  get hasDetail(): boolean {
    return this.#options.hasDetail;
  }

  /** Lets the connection go. */
  async end(): Promise<void> {
    this.#isEnded = true;
    for (const timer of [this.#retry, this.#reading, this.#asking]) clearTimeout(timer);
    await this.#options.hub.disconnect(this.id);
  }

  async #connect(): Promise<void> {
    try {
      const channel = await this.#options.hub.connect(this.id, { echo: true, wait_ms: 0 });
      if (this.#isEnded) return void channel.disconnect();
      this.#channel = channel;
      this.#listen(channel);
      this.#connected.resolve(channel);
      this.link.value = { state: "connected", code: "connected", reason: "", attempt: 0 };
      if (this.mode === "member") await this.#countUnread();
      else await this.refreshDetail();
    } catch (error) {
      this.#refused(error);
    }
  }

  #refused(error: unknown): void {
    if (this.#isEnded) return;
    const { code, message: reason } = failureOf(error);
    if (!mayPass(error)) {
      this.link.value = { state: "closed", code, reason, attempt: 0 };
      this.#connected.reject(error);
      return;
    }
    const attempt = this.link.value.attempt + 1;
    this.link.value = { state: "disconnected", code, reason, attempt, retry_at: Date.now() + AGAIN_MS };
    this.#retry = setTimeout(() => void this.#connect(), AGAIN_MS);
  }

  #listen(channel: ChannelClient): void {
    channel.on("message", (message) => {
      this.#news.push(message);
      this.#tick();
    });
    channel.on("gap", (gap) => {
      this.#flush();
      this.timeline.value = withGap(this.timeline.value, gap);
    });
    channel.on("state", (change) => {
      if (this.#isEnded) return;
      this.link.value = change;
      if (change.state === "connected") this.#askDetail();
      this.#options.onNews?.();
    });
  }

  /** Frames do not come while the page is hidden; messages then wait a little longer. */
  #tick(): void {
    if (this.#isTicking) return;
    this.#isTicking = true;
    if (document.hidden) setTimeout(() => this.#flush(), HIDDEN_TICK_MS);
    else requestAnimationFrame(() => this.#flush());
  }

  #flush(): void {
    this.#isTicking = false;
    const news = this.#news.splice(0);
    if (news.length === 0) return;
    const timeline = append(this.timeline.value, news);
    this.timeline.value = this.#isOpen ? timeline : trim(timeline, KEPT_ASIDE);
    this.outgoing.value = withoutArrived(this.outgoing.value, news);
    if (this.mode === "member") this.unread.value = countNews(this.unread.value, news, this.me);
    if (news.every(({ msg_type }) => msg_type !== "system")) return;
    this.#askDetail();
    this.#options.onNews?.();
  }

  /** While its reader follows the newest, what is far above need not be kept. */
  letGo(): void {
    if (this.timeline.value.messages.length > KEPT * 1.25) this.timeline.value = trim(this.timeline.value, KEPT);
  }

  #askDetail(): void {
    clearTimeout(this.#asking);
    this.#asking = setTimeout(() => void this.refreshDetail(), DETAIL_DELAY_MS);
  }

  async #countUnread(): Promise<void> {
    await this.refreshDetail();
    const { api } = this.#options.hub;
    const detail = this.detail.value;
    const self = detail?.participants.find(({ key }) => key === this.me);
    if (detail === undefined || self === undefined) return;
    // Without `after` this moves nothing (LIS1).
    const mentioning = self.unread > 0 ? (await api.listen(this.id, { for: "me", limit: 1000 })).messages : [];
    const mentions = mentioning.filter(({ seq }) => seq <= detail.last_seq).map(({ seq }) => seq);
    const counted = { read_seq: self.read_seq, count: self.unread, counted_to: detail.last_seq, mentions };
    this.#flush();
    this.unread.value = countNews(counted, this.timeline.value.messages, this.me);
    if (this.#isOpen) this.markUnread();
  }

  async #tellRead(): Promise<void> {
    try {
      await this.#channel?.read(this.unread.value.read_seq);
    } catch (error) {
      // It is told again with the next message that is read.
      console.debug("read position not told", failureOf(error).message);
    }
  }

  async #loadPage(limit: number): Promise<void> {
    const before = this.#oldest();
    if (before <= 1 || this.#channel === undefined) return;
    const { messages, meta } = await this.#channel.history(before === Infinity ? { limit } : { before, limit });
    this.timeline.value = prepend(this.timeline.value, messages, meta);
  }

  #oldest(): number {
    return this.timeline.value.messages[0]?.seq ?? Infinity;
  }

  #keepReceipt(seq: number, receipt: Receipt): void {
    this.receipts.value = new Map([...this.receipts.value, [seq, receipt]]);
  }
}
