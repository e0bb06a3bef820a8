/**
 * A channel that is held live for an agent: its connection, what came over it, and the agent's read
 * position. Answers a listen from what it holds, or says that it cannot.
 */
import type { ApiClient, ChannelClient, HubClient } from "../client/index.ts";
import type { ListenAnswer } from "../tool/index.ts";
import { Stretch, type Wanted } from "./stretch.ts";
import type { Watcher } from "./watcher.ts";

/** Whose channels are held, and who follows what comes. */
export interface Holder {
  readonly key: string;
  readonly watcher?: Watcher | undefined;
}

/** What the hub said of the agent and the others when the channel was opened. */
interface Found {
  readonly read: number;
  readonly names: Map<string, string>;
}

/** Where to look from: a new read position, or a place that moves none. */
export interface Begin {
  readonly after?: number | undefined;
  readonly start?: number | undefined;
}

/** Keys whose names are remembered. */
const NAMES_MAX = 4096;

export class LiveChannel {
  readonly client: ChannelClient;
  /** The durable read position, as far as this process moved or saw it. */
  #read: number;
  readonly #stretch: Stretch;
  readonly #key: string;
  readonly #waking: Set<() => void> = new Set();
  /** By key; whoever speaks or joins says its name. */
  readonly #names: Map<string, string>;

  private constructor(client: ChannelClient, key: string, { read, names }: Found) {
    this.client = client;
    this.#names = names;
    this.#key = key;
    this.#read = read;
    this.#stretch = new Stretch(read);
    for (const type of ["message", "gap"] as const) client.on(type, () => this.#wake());
    client.on("state", () => this.#wake());
  }

  /** Undefined where the agent is no participant: connecting would make it one. */
  static async open(hub: HubClient, id: string, { key, watcher }: Holder): Promise<LiveChannel | undefined> {
    const { participants, epoch } = await hub.api.channel(id);
    const own = participants.find((participant) => participant.key === key);
    if (own === undefined) return undefined;
    const client = await hub.connect(id, { after: own.read_seq, epoch, wait_ms: 0 });
    // Before the first event can be taken: what waits since the read position is told as well.
    if (watcher !== undefined) client.on("message", (message) => watcher.heard(message));
    return new LiveChannel(client, key, {
      read: own.read_seq,
      names: new Map(participants.map((one) => [one.key, one.name])),
    });
  }

  get isUp(): boolean {
    return this.client.state === "connected";
  }

  get isOver(): boolean {
    return this.client.state === "closed";
  }

  get read(): number {
    return this.#read;
  }

  /** The names of these keys, where they are known. */
  names(keys: readonly string[]): ReadonlyMap<string, string> {
    return new Map(keys.flatMap((key) => (this.#names.has(key) ? [[key, this.#names.get(key) ?? ""]] : [])));
  }

  /** Unread messages beyond `after`, unless more wait than are held. */
  unread(after = 0): number | undefined {
    this.#take();
    const from = Math.max(this.#read, after);
    return this.#stretch.covers(from) ? this.#stretch.unread(from, this.#key) : undefined;
  }

  /** Everything up to `seq` is done with; durable when it resolves. */
  async markRead(seq: number, api: ApiClient): Promise<number> {
    if (seq > this.#read) {
      const at = this.isUp ? await this.client.read(seq) : (await api.read(this.client.id, seq)).seq;
      this.#read = Math.max(this.#read, at);
    }
    return this.#read;
  }

  /** LIS1 from `after`, else from `start` or the read position; undefined where only the hub can tell. */
  look({ after, start = 0 }: Begin, wanted: Wanted): ListenAnswer | undefined {
    this.#take();
    const { position } = this.client;
    const from = after ?? Math.max(this.#read, start);
    if (position?.epoch === undefined || from > position.seq || !this.#stretch.covers(from)) return undefined;
    const looked = this.#stretch.look(from, position.seq, wanted);
    return { channel_id: this.client.id, epoch: position.epoch, ...looked, gap: null };
  }

  /** Calls `wake` at whatever changes; the answer ends it. */
  onChange(wake: () => void): () => void {
    this.#waking.add(wake);
    return () => this.#waking.delete(wake);
  }

  /** Brings the stretch up to the client's position, which is ahead of what listeners were told. */
  #take(): void {
    const { messages, gaps, dropped } = this.client.drain();
    for (const message of messages) {
      this.#stretch.add(message);
      const { key, name } = message.event ?? { key: message.from, name: message.from_name };
      if (this.#names.size >= NAMES_MAX) this.#names.clear();
      this.#names.set(key, name);
    }
    for (const { to } of gaps) this.#stretch.forget(to);
    if (dropped !== undefined) this.#stretch.forget(dropped.to);
  }

  #wake(): void {
    this.#take();
    for (const wake of this.#waking) wake();
  }
}
