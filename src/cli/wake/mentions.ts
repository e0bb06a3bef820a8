/**
 * Waiting for what is addressed to an agent, in all its channels or in one: by listens over HTTP, so
 * that every channel sleeps meanwhile. Survives whatever may pass (LIS2 and `isTemporary`); throws
 * what does not. What it found is unread until `done`.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { HubError, type HubClient, type ListenAnswer, type Message } from "../../client/index.ts";
import { LISTEN_CHANNELS } from "../../protocol/index.ts";
import { insist } from "../follow.ts";
import { allChannels } from "../channels.ts";
import type { Terminal } from "../terminal.ts";
import { type Desk, shownUpTo } from "./desk.ts";

/** What was said in one channel since the agent read there, up to the last that is for it. */
export interface Addressed {
  readonly channel_id: string;
  readonly name: string;
  readonly epoch: string;
  /** Of others, oldest first; those for the agent have its key among their mentions. */
  readonly messages: readonly Message[];
  /** Everything later than this was unread. */
  readonly after: number;
  /** There were more between `after` and the first of the messages. */
  readonly isCut: boolean;
}

export interface MentionsOptions {
  readonly hub: HubClient;
  /** The agent's key. */
  readonly key: string;
  readonly desk: Desk;
  readonly terminal: Terminal;
  /** Without it, all that the agent has joined. */
  readonly channel?: string | undefined;
}

/** Seconds one request waits, below what the hub allows (55); where a proxy allows less, the client sees to it. */
const ASK_S = 50;
/** Milliseconds between two looks whether the agent is in a channel by now. */
const JOIN_MS = 5000;
/** Messages shown with a mention, at most. */
const SHOWN = 50;
/** Milliseconds for the read position: where it cannot be moved in time, the desk remembers. */
const LAST_MS = 10_000;
/** Milliseconds between two looks whether the model's own call is over. */
const BUSY_MS = 50;
/** Milliseconds in which a tool that wakes the model by itself must have done so. */
const PUSH_MS = 10_000;
const NOT_THERE: ReadonlySet<string> = new Set(["not_participant", "channel_not_found", "channel_deleted"]);

export class Mentions {
  readonly #options: MentionsOptions;
  /** Where each channel was read up to. */
  readonly #read: Map<string, number> = new Map();
  #saidAlone = false;
  #round: AbortController = new AbortController();

  constructor(options: MentionsOptions) {
    this.#options = options;
  }

  /** Looks anew in which channels the agent is. */
  look(): void {
    this.#round.abort();
  }

  /** The next that is for the agent; undefined when the time (`performance.now()`) is over first. */
  async next(until: number): Promise<Addressed | undefined> {
    for (;;) {
      this.#round = new AbortController();
      await this.#refresh(until);
      const heard = await this.#hear(until);
      for (const answer of heard) {
        const addressed = await this.#gather(answer, until);
        if (addressed !== undefined) return addressed;
      }
      if (performance.now() >= until) return undefined;
    }
  }

  /** Everything up to `seq` was shown: on this machine at once, at the hub as soon as it answers. */
  async done({ channel_id, epoch }: Addressed, seq: number): Promise<void> {
    const { desk, hub, terminal } = this.#options;
    desk.tell(channel_id, { epoch, seq });
    this.#read.set(channel_id, seq);
    // A listen from a position moves the read position as `read` does (LIS3), and takes no nonce.
    await insist(() => hub.api.listen(channel_id, { after: seq, limit: 1 }), LAST_MS, terminal);
  }

  /** Which channels there are, and where they were read up to. */
  async #refresh(until: number): Promise<void> {
    const joined = await this.#insist(() => this.#joined(), until);
    if (joined === undefined) return;
    for (const id of this.#read.keys()) if (!joined.includes(id)) this.#read.delete(id);
    for (const id of joined) if (!this.#read.has(id)) await this.#insist(() => this.#enter(id), until);
  }

  async #joined(): Promise<readonly string[]> {
    const { hub, key, channel } = this.#options;
    return channel === undefined ? (await allChannels(hub, key)).map(({ id }) => id) : [channel];
  }

  async #enter(id: string): Promise<void> {
    try {
      const place = await this.#place(id);
      if (place !== undefined) this.#read.set(id, place.read);
    } catch (error) {
      // One of many that has just gone is no matter; the one that was named is.
      const isGone = error instanceof HubError && NOT_THERE.has(error.code);
      if (!isGone || this.#options.channel !== undefined) throw error;
    }
  }

  /** Where the agent is in a channel: what it was shown by whatever process. Undefined where it is in none. */
  async #place(id: string): Promise<Standing | undefined> {
    const { hub, key, desk } = this.#options;
    const standing = await standingIn(hub, key, id);
    if (standing === undefined) return undefined;
    const shown = shownUpTo({ channel_id: id, epoch: standing.epoch }, desk.told, desk.tool?.shown ?? {});
    return { ...standing, read: Math.max(standing.read, shown) };
  }

  /** One round of listening to all of them; empty when nothing came. */
  async #hear(until: number): Promise<readonly ListenAnswer[]> {
    if (this.#read.size === 0) return await this.#alone(until);
    this.#saidAlone = false;
    const { signal } = this.#round;
    const ids = [...this.#read.keys()];
    const groups = ids.flatMap((_id, at) => (at % LISTEN_CHANNELS === 0 ? [ids.slice(at, at + LISTEN_CHANNELS)] : []));
    const heard = groups.map(async (group) => {
      const answers = (await this.#insist(() => this.#listen(group, until), until)) ?? [];
      // One group's news end the wait of the others.
      if (answers.length > 0) this.#round.abort();
      return answers;
    });
    const all = (await Promise.all(heard)).flat();
    if (all.length === 0 && !signal.aborted && this.#read.size === 0) await this.#pause(until);
    return all;
  }

  async #alone(until: number): Promise<readonly ListenAnswer[]> {
    const { channel, terminal } = this.#options;
    if (!this.#saidAlone) terminal.note(`not in ${channel ?? "any channel"} yet; waiting until you join`);
    this.#saidAlone = true;
    await this.#pause(until);
    return [];
  }

  async #pause(until: number): Promise<void> {
    const { signal } = this.#round;
    const left = Math.max(0, Math.min(JOIN_MS, until - performance.now()));
    await sleep(left, undefined, { signal }).catch(() => undefined);
  }

  async #listen(group: readonly string[], until: number): Promise<readonly ListenAnswer[]> {
    const { signal } = this.#round;
    const after = Object.fromEntries(group.map((id) => [id, this.#read.get(id) ?? 0]));
    const wait = Math.min(ASK_S, Math.max(0, Math.ceil((until - performance.now()) / 1000)));
    try {
      const { channels } = await this.#options.hub.api.listenAll({ after, for: "me", wait }, signal);
      return channels.flatMap((one) => ("messages" in one ? [one] : this.#lost(one.channel_id)));
    } catch (error) {
      if (signal.aborted) return [];
      if (error instanceof HubError && NOT_THERE.has(error.code)) return group.flatMap((id) => this.#lost(id));
      throw error;
    }
  }

  #lost(id: string): [] {
    this.#read.delete(id);
    return [];
  }

  /** What to show of an answer; undefined where nothing in it is for the agent and new to it. */
  async #gather(answer: ListenAnswer, until: number): Promise<Addressed | undefined> {
    const { channel_id, messages, next, gap, more } = answer;
    // The hub ends a wait for what is missing too; the agent's own listen tells of it.
    if (messages.length === 0 && (gap !== null || more)) this.#read.set(channel_id, gap?.to ?? next);
    if (messages.length === 0) return undefined;
    await this.#untilUnheard(channel_id, messages.at(-1)?.seq ?? 0);
    const place = await this.#insist(() => this.#place(channel_id), until);
    if (place === undefined) return undefined;
    this.#read.set(channel_id, place.read);
    const fresh = messages.filter(({ seq }) => seq > place.read);
    if (fresh.length === 0) return undefined;
    const { hub, key } = this.#options;
    return await this.#insist(() => addressedIn(hub, key, place, fresh), until);
  }

  /**
   * While the model is in a call of its own, that one shows what comes; where the tool wakes it by
   * itself, it has the first try.
   */
  async #untilUnheard(channel_id: string, seq: number): Promise<void> {
    const { desk } = this.#options;
    const isShown = (): boolean => (desk.tool?.shown[channel_id]?.seq ?? 0) >= seq;
    while (desk.tool?.busy === true) await sleep(BUSY_MS);
    for (const end = performance.now() + PUSH_MS; desk.tool?.pushes === true && !isShown(); await sleep(BUSY_MS))
      if (performance.now() >= end) return;
  }

  #insist<T>(run: () => Promise<T>, until: number): Promise<T | undefined> {
    return insist(run, until - performance.now(), this.#options.terminal);
  }
}

/** Where an agent is in a channel. */
export interface Standing {
  readonly channel_id: string;
  readonly name: string;
  readonly epoch: string;
  /** Everything up to here is done with. */
  readonly read: number;
}

/** As the hub knows it; undefined of who is in it no longer. */
export async function standingIn(hub: HubClient, key: string, channel_id: string): Promise<Standing | undefined> {
  const { participants, name, epoch } = await hub.api.channel(channel_id);
  const own = participants.find((participant) => participant.key === key);
  return own && { channel_id, name, epoch, read: own.read_seq };
}

/** Messages for the agent with what was said around them, from where it stands up to the last of them. */
export async function addressedIn(
  hub: HubClient,
  key: string,
  { channel_id, name, epoch, read }: Standing,
  messages: readonly Message[],
): Promise<Addressed> {
  const last = messages.at(-1)?.seq ?? read;
  const page = await hub.api.history(channel_id, { before: last + 1, limit: SHOWN });
  const first = page.messages[0]?.seq ?? last;
  const around = page.messages.filter(({ seq, from, msg_type }) => seq > read && from !== key && msg_type !== "system");
  const earlier = messages.filter(({ seq }) => seq < first);
  return { channel_id, name, epoch, messages: [...earlier, ...around], after: read, isCut: first > read + 1 };
}
