/**
 * Keeps a channel's state equal to its storage (DUR4): loads it when first needed, makes it from
 * the index's record where there is none, stores what a turn decided, and throws the state away
 * when that fails.
 */
import { type ChannelRecord, type ChannelState, type MessageLog } from "../channel/index.ts";
import { channelDeleted, channelNotFound, ok, refuse, type Result } from "../protocol/index.ts";
import type { Announcer } from "./announcer.ts";
import type { ChannelStore } from "./channel-store.ts";
import { logFault } from "./log.ts";
import { unreadable } from "./unreadable.ts";

/** After a failed write, changes are refused this long without trying. */
const PAUSE_MS = 5000;

export class Keeper {
  readonly #ctx: DurableObjectState;
  readonly #store: ChannelStore;
  readonly #announcer: Announcer;
  readonly #recordOf: () => Promise<Result<ChannelRecord>>;
  #state: ChannelState | undefined;
  #isErased = false;
  #paused_until = 0;

  constructor(
    ctx: DurableObjectState,
    store: ChannelStore,
    announcer: Announcer,
    recordOf: () => Promise<Result<ChannelRecord>>,
  ) {
    this.#ctx = ctx;
    this.#store = store;
    this.#announcer = announcer;
    this.#recordOf = recordOf;
  }

  get log(): MessageLog {
    return this.#store.log;
  }

  get isErased(): boolean {
    return this.#isErased;
  }

  get #id(): string {
    return this.#ctx.id.name ?? "";
  }

  /** Makes sure that the channel is there to be used; for one that never was, nothing is written. */
  async open(): Promise<Result<true>> {
    const loaded = this.read(() => true as const);
    if (loaded.ok || loaded.refusal.code !== "channel_not_found") return loaded;
    return await this.#ctx.blockConcurrencyWhile(() => this.#make());
  }

  /** Storage says whether the index was told of a change already (IDX3): known before the next is announced. */
  wake(): void {
    this.read(() => undefined);
  }

  /** Looks at the settled channel. */
  read<T>(look: (state: ChannelState) => T): Result<T> {
    if (this.#isErased) return { ok: false, refusal: channelDeleted(this.#id) };
    try {
      this.#state ??= this.#load();
      if (this.#state === undefined) return { ok: false, refusal: channelNotFound(this.#id) };
      return ok(look(this.#state));
    } catch (error) {
      return this.#fail(error);
    }
  }

  /** Decides and stores, all or nothing: what `decide` did to the state is gone if the write fails. */
  commit<T>(now: number, decide: (state: ChannelState) => T): Result<T> {
    if (now < this.#paused_until) return storageRefuses(this.#paused_until - now);
    const result = this.read((state) => {
      const decided = decide(state);
      this.#store.save(state, this.#announcer.unsaved, now);
      this.#announcer.saved();
      return decided;
    });
    if (!result.ok && result.refusal.code === "storage_unavailable") this.#paused_until = now + PAUSE_MS;
    return result;
  }

  /** Takes everything away. What still arrives is told that the channel is deleted. */
  async erase(): Promise<void> {
    this.#isErased = true;
    this.#state = undefined;
    await this.#ctx.storage.deleteAll();
  }

  #load(): ChannelState | undefined {
    const stored = this.#store.load();
    if (stored === undefined) return undefined;
    this.#announcer.restore(stored.mark);
    return stored.state;
  }

  /** Inside `blockConcurrencyWhile`, where a throw would reset the object: it never throws. */
  async #make(): Promise<Result<true>> {
    try {
      const loaded = this.read(() => true as const);
      if (loaded.ok || loaded.refusal.code !== "channel_not_found") return loaded;
      const record = await this.#recordOf();
      if (!record.ok) return record;
      this.#state = this.#store.create(record.value);
      return ok(true);
    } catch (error) {
      return this.#fail(error);
    }
  }

  #fail<T>(error: unknown): Result<T> {
    this.#state = undefined;
    logFault("channel_storage", { channel: this.#id }, error);
    return unreadable(error) ?? storageRefuses(PAUSE_MS);
  }
}

function storageRefuses<T>(wait_ms: number): Result<T> {
  return refuse("storage_unavailable", "nothing was stored; send it again", { retry_after_ms: Math.ceil(wait_ms) });
}
