/**
 * The channels that are held live for one agent: opened when first needed, each once, and left alone
 * for a while where that fails. Everything works without them, over the hub's HTTP.
 */
import { type HubClient, HubError } from "../client/index.ts";
import { LISTEN_CHANNELS } from "../protocol/index.ts";
import { type Holder, LiveChannel } from "./live-channel.ts";

/** Milliseconds until a channel that could not be opened is tried again. */
const RETRY_MS = 30_000;

export class LiveChannels {
  #hub: HubClient;
  readonly #holder: Holder;
  readonly #held: Map<string, Promise<LiveChannel | undefined>> = new Map();
  /** Channels the agent does not want held. */
  readonly #off: Set<string> = new Set();
  readonly #failedAt: Map<string, number> = new Map();
  readonly #log: (line: string) => void;

  constructor(hub: HubClient, holder: Holder, log: (line: string) => void) {
    this.#hub = hub;
    this.#holder = holder;
    this.#log = log;
  }

  /** Opens over another client from now on. */
  use(hub: HubClient): void {
    this.#hub = hub;
  }

  /** The live channel, opened if need be; undefined where there is none to be had now. */
  async hold(id: string): Promise<LiveChannel | undefined> {
    const held = await this.#held.get(id);
    if (held !== undefined && !held.isOver) return held;
    if (held !== undefined) this.#held.delete(id);
    if (this.#off.has(id) || Date.now() - (this.#failedAt.get(id) ?? 0) < RETRY_MS) return undefined;
    if (!this.#held.has(id) && this.#held.size >= LISTEN_CHANNELS) return undefined;
    const opening = this.#held.get(id) ?? this.#open(id);
    this.#held.set(id, opening);
    const live = await opening;
    if (live === undefined) this.#held.delete(id);
    return live;
  }

  holdAll(ids: readonly string[]): Promise<readonly (LiveChannel | undefined)[]> {
    return Promise.all(ids.map((id) => this.hold(id)));
  }

  /** May be held again, at once. */
  allow(id: string): void {
    this.#off.delete(id);
    this.#failedAt.delete(id);
  }

  /** Ends the connection, and with `forGood` none is opened until `allow`. */
  async release(id: string, forGood: boolean): Promise<void> {
    if (forGood) this.#off.add(id);
    this.#held.delete(id);
    await this.#hub.disconnect(id);
  }

  async releaseAll(): Promise<void> {
    await Promise.all([...this.#held.keys()].map((id) => this.release(id, false)));
  }

  async #open(id: string): Promise<LiveChannel | undefined> {
    try {
      return await LiveChannel.open(this.#hub, id, this.#holder);
    } catch (error) {
      if (!(error instanceof HubError)) throw error;
      this.#failedAt.set(id, Date.now());
      this.#log(`no live connection to ${id}: ${error.message}`);
      return undefined;
    }
  }
}
