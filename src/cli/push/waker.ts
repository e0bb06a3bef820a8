/**
 * Wakes the model beside which the tool runs, where its host has a way for that, and tells the desk
 * what the model is doing, so that nobody else wakes it for the same. What it pushed counts as shown,
 * as if a listen had answered it: done with once the model acts, and still unread where nobody woke.
 */
import { type HubClient, HubError, type Message } from "../../client/index.ts";
import type { Memory } from "../../tool/index.ts";
import { type Desk, type Places, shownUpTo } from "../wake/desk.ts";
import { addressedIn, type Addressed, standingIn } from "../wake/mentions.ts";
import { wakeText } from "../wake/text.ts";
import type { Watcher } from "../watcher.ts";
import { Attention } from "./attention.ts";

/** A host's own way to begin a turn. */
export interface Way {
  /** What the model is woken in: one session of its host. */
  readonly session: string;
  /** @throws why nobody could be woken */
  readonly push: (addressed: Addressed, text: string, upTo: number) => Promise<void>;
  /** Whether the host says that it took it. Where not, only the model's next call does. */
  readonly isSure: boolean;
}

export interface WakerOptions {
  readonly hub: HubClient;
  /** The agent's key. */
  readonly key: string;
  readonly desk: Desk;
  readonly memory: Memory;
  readonly log: (line: string) => void;
  /** The way that is there without a call. */
  readonly way: Way | undefined;
  /** The way that a call opens, by what the host sent along. */
  readonly wayOf: (meta: Readonly<Record<string, unknown>> | undefined) => Way | undefined;
}

interface Pushed {
  readonly channel_id: string;
  readonly epoch: string;
  readonly first: number;
  readonly last: number;
  readonly session: string;
}

export class Waker implements Watcher {
  readonly #options: WakerOptions;
  readonly #attention: Attention;
  #way: Way | undefined;
  #calls = 0;
  #timer: NodeJS.Timeout | undefined;
  #isPushing = false;
  /** What was pushed, or is about to be, before the model called again. */
  readonly #pushed: Map<string, Pushed> = new Map();

  constructor(options: WakerOptions) {
    this.#options = options;
    this.#attention = new Attention(options.key);
    this.#way = options.way;
  }

  heard(message: Message): void {
    const place = this.#options.memory.find(message.channel_id);
    if (place !== undefined && (message.seq <= place.top || place.shownOf([message.seq]).length > 0)) return;
    this.#attention.hear(message);
    this.#schedule();
  }

  called(meta: Readonly<Record<string, unknown>> | undefined): void {
    this.#way = this.#options.wayOf(meta) ?? this.#way;
    this.#calls++;
    this.#attention.call();
    for (const pushed of this.#pushed.values()) this.#arrived(pushed);
    this.#pushed.clear();
    this.#takeOver();
    this.#note();
  }

  answered(action: unknown): void {
    this.#calls--;
    this.#attention.answered(action === "listen", performance.now());
    const { memory } = this.#options;
    for (const id of this.#attention.wanted) this.#attention.shown(id, memory.find(id)?.top ?? 0);
    this.#note();
    this.#schedule();
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  /** Another process told the model; it is not told again. */
  #takeOver(): void {
    const { memory, desk } = this.#options;
    for (const [id, { epoch, seq }] of Object.entries(desk.told)) {
      const known = memory.find(id)?.epoch;
      if (known === undefined || known === epoch) memory.at(id, epoch).show(seq);
    }
  }

  /** The model called: it was woken in its session; in another one it knows nothing of it. */
  #arrived({ channel_id, epoch, first, last, session }: Pushed): void {
    const { memory } = this.#options;
    if (session === this.#way?.session) memory.at(channel_id, epoch).showSpan({ first, last });
    else memory.forget(channel_id);
  }

  #schedule(): void {
    clearTimeout(this.#timer);
    const next = this.#way === undefined || this.#isPushing ? undefined : this.#attention.next(performance.now());
    if (next === undefined) return;
    this.#timer = setTimeout(() => void this.#wake(), next);
    // The host's end of stdin decides when this process ends.
    this.#timer.unref();
  }

  async #wake(): Promise<void> {
    this.#isPushing = true;
    for (const id of this.#attention.wanted) {
      if (!this.#attention.isDue(id, performance.now())) continue;
      try {
        await this.#push(id);
      } catch (error) {
        this.#options.log(`no wake for ${id}: ${error instanceof Error ? error.message : String(error)}`);
        this.#pushed.delete(id);
        this.#attention.failed(id, performance.now());
        const isGone = error instanceof HubError && error.status === 404;
        if (isGone) this.#attention.shown(id, Infinity);
      }
    }
    this.#isPushing = false;
    this.#note();
    this.#schedule();
  }

  async #push(id: string): Promise<void> {
    const addressed = await this.#gather(id);
    const way = this.#way;
    if (addressed === undefined) return this.#attention.shown(id, Infinity);
    // A call that began meanwhile shows it.
    if (way === undefined || !this.#attention.isDue(id, performance.now())) return;
    const { text, upTo } = wakeText(addressed, this.#options.key);
    const { epoch, messages, after, isCut } = addressed;
    const first = isCut ? (messages[0]?.seq ?? upTo) : after + 1;
    const pushed = { channel_id: id, epoch, first, last: upTo, session: way.session };
    this.#pushed.set(id, pushed);
    await way.push(addressed, text, upTo);
    this.#attention.shown(id, upTo);
    if (way.isSure && this.#pushed.get(id) === pushed) this.#options.memory.at(id, epoch).showSpan(pushed);
  }

  /** What of that channel the model does not know yet; undefined where that is nothing for it. */
  async #gather(id: string): Promise<Addressed | undefined> {
    const { hub, key, memory, desk } = this.#options;
    const standing = await standingIn(hub, key, id);
    if (standing === undefined) return undefined;
    this.#takeOver();
    const place = memory.at(id, standing.epoch);
    // Read by way of another process, it is nothing new here either.
    if (standing.read > place.top) place.show(standing.read);
    const here = { ...standing, read: Math.max(place.top, shownUpTo(standing, desk.told)) };
    const { messages } = await hub.api.listen(id, { for: "me", limit: LOOKED });
    const fresh = messages.filter(({ seq }) => seq > here.read);
    return fresh.length === 0 ? undefined : await addressedIn(hub, key, here, fresh);
  }

  #note(): void {
    const { memory, desk } = this.#options;
    const places = [...memory.places].flatMap(([id, { epoch, top }]) => {
      return epoch === undefined ? [] : [[id, { epoch, seq: top }] as const];
    });
    const shown: Places = Object.fromEntries(places);
    desk.note({ busy: this.#calls > 0, pushes: this.#way !== undefined, shown });
  }
}

/** Messages for the agent looked at in one wake. */
const LOOKED = 20;
