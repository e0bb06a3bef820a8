/**
 * Keeps a channel's state equal to its storage (DUR4): loads it when first needed, makes it from
 * the index's record where there is none, stores what a turn decided, and throws the state away
 * when that fails.
 */
import type { ChannelState, MessageLog } from "../../channel/index.ts";
import {
  channelDeleted,
  channelNotFound,
  ok,
  refusal,
  type Refusal,
  refuse,
  type Result,
} from "../../protocol/index.ts";
import type { Announcer } from "./announcer.ts";
import type { ChannelStore } from "./channel-store.ts";
import type { Held } from "../between/channel-calls.ts";
import { logFault } from "../between/log.ts";
import { kinship, newEpoch, type Registration } from "../between/registration.ts";
import type { Registry } from "./registry.ts";
import { raiseHighest } from "./highest-number.ts";
import { unreadable } from "../between/unreadable.ts";

/** After a failed write, changes are refused this long without trying. */
const PAUSE_MS = 5000;

/**
 * Channels of this process that were compared with the index (IDX5). Files are exchanged only while
 * no process runs, so once is enough, and a channel that wakes asks nobody.
 */
const compared = new Set<string>();

export class Keeper {
  readonly #ctx: DurableObjectState;
  readonly #store: ChannelStore;
  readonly #announcer: Announcer;
  readonly #registry: Registry;
  #state: ChannelState | undefined;
  #isErased = false;
  #paused_until = 0;

  constructor(ctx: DurableObjectState, store: ChannelStore, announcer: Announcer, registry: Registry) {
    this.#ctx = ctx;
    this.#store = store;
    this.#announcer = announcer;
    this.#registry = registry;
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
    this.#store.meter.add("requests");
    const loaded = this.read(() => true as const);
    if (loaded.ok && !compared.has(this.#id)) return await this.#ctx.blockConcurrencyWhile(() => this.#compare());
    if (loaded.ok || loaded.refusal.code !== "channel_not_found") return loaded;
    return await this.#ctx.blockConcurrencyWhile(() => this.#make());
  }

  highest(at_least: number): number {
    return raiseHighest(this.#ctx.storage.sql, at_least);
  }

  /** What is stored, whether or not the index agrees (IDX6). */
  inspect(): Result<Held> {
    const held = this.read((state): Held => ({ record: state.record, last_seq: state.last_seq }));
    return !held.ok && held.refusal.code === "channel_not_found" ? ok(null) : held;
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
      const registered = await this.#registry.record();
      if (!registered.ok) return registered;
      const { change, generation, renewed_from: _old, ...record } = registered.value;
      // It was used before, or may have been before a restore, and nothing is left of it: positions of that time are of no use.
      const epoch = change > 0 || generation !== "" ? await this.#renewed(record.epoch) : record.epoch;
      this.#state = this.#store.create({ ...record, epoch }, { generation, change });
      this.#announcer.restore({ dirty: false, change });
      compared.add(this.#id);
      return ok(true);
    } catch (error) {
      return this.#fail(error);
    }
  }

  /** Inside `blockConcurrencyWhile` as well. Where the index cannot be asked, the channel goes on, and asks again. */
  async #compare(): Promise<Result<true>> {
    try {
      const registered = await this.#registry.record();
      if (!registered.ok) return this.#unregistered(registered);
      const stored = this.#store.registration();
      const is = kinship(stored, registered.value);
      if (is === "stranger") return this.#refuseStranger();
      if (is === "older") this.#adopt({ ...registered.value, epoch: await this.#renewed(registered.value.epoch) });
      if (is === "renewed") this.#adopt(registered.value);
      compared.add(this.#id);
      return this.read(() => true as const);
    } catch (error) {
      logFault("channel_registry", { channel: this.#id }, error);
      return ok(true);
    }
  }

  /** The index takes the new epoch first: whatever ends this process, the channel finds it there. */
  async #renewed(from: string): Promise<string> {
    const epoch = newEpoch();
    if (await this.#registry.renew(from, epoch)) return epoch;
    throw new Error("the index holds another epoch than it just said");
  }

  #adopt(registered: Registration): void {
    this.#store.adopt(registered);
    this.#state = undefined;
    logFault("epoch_renewed", { channel: this.#id }, "what is stored is older than what was acknowledged");
  }

  #unregistered({ refusal: why }: { readonly refusal: Refusal }): Result<true> {
    if (why.code === "channel_deleted") return { ok: false, refusal: why };
    return why.code === "channel_not_found" ? this.#refuseStranger() : ok(true);
  }

  /** Whoever asks for this id means another conversation than the one that is stored here. */
  #refuseStranger(): Result<never> {
    logFault("channel_stranger", { channel: this.#id }, "the index knows another channel by this id, or none");
    return { ok: false, refusal: refusal("storage_unreadable", STRANGER) };
  }

  #fail<T>(error: unknown): Result<T> {
    this.#state = undefined;
    logFault("channel_storage", { channel: this.#id }, error);
    return unreadable(error) ?? storageRefuses(PAUSE_MS);
  }
}

const STRANGER =
  "what is stored under this id belongs to another channel than the hub's index knows: one of the two was lost or restored; the owner mends it with channel-hub fsck";

function storageRefuses<T>(wait_ms: number): Result<T> {
  return refuse("storage_unavailable", "nothing was stored; send it again", { retry_after_ms: Math.ceil(wait_ms) });
}
