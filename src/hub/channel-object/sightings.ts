/**
 * A channel's side of proof that holds for the whole hub (IDN5). What the index is told or asked
 * rides on what makes a key known here: a join, a proof that is news, a moderation. A message asks
 * nothing. Never takes a claim that the index could not be asked about.
 */
import { type Act, type Caller, isFirstSight, joinRefusal, mustProve } from "../../channel/index.ts";
import { type Limits, type Refusal, refusal, type Result } from "../../protocol/index.ts";
import { logFault } from "../between/log.ts";
import { type ClaimPorts, endClaimOf } from "./no-downgrade.ts";
import type { Registry } from "./registry.ts";
import type { Sight } from "../between/index-calls.ts";
import type { Turns } from "./turns.ts";

/** What of the index a channel's sightings need. */
export type IndexPort = Pick<Registry, "tell" | "forget">;

/** The parts of a channel object that its sightings need. */
export interface SightPorts extends ClaimPorts {
  readonly limits: Limits;
  readonly turns: Turns;
  /** Runs what follows a write. */
  readonly committer: { sending<T>(deliver: () => T): T };
}

/** Keys told of lately that are remembered beyond their rows: a claim may be on its way when its key is proven. */
const BARRED_MAX = 1024;

export class Sightings {
  readonly #ports: () => SightPorts;
  readonly #index: IndexPort;
  readonly #barred: Set<string> = new Set();
  /** Keys of which the index is being told that they are claimed here no more: a new claim waits for that. */
  readonly #going: Map<string, Promise<void>> = new Map();

  constructor(ports: () => SightPorts, index: IndexPort) {
    this.#ports = ports;
    this.#index = index;
  }

  /** Why the caller may not do this; between this answer and the turn it is queued for, there is no await. */
  async refuse(caller: Caller, act: Act): Promise<Refusal | undefined> {
    const { key, verified, kid = "" } = caller;
    const isFirst = this.#ports().keeper.read((state) => isFirstSight(state, caller, act));
    if (isFirst.ok && isFirst.value) {
      const barred = act === "join" ? this.#refusedEntry(caller) : undefined;
      if (barred !== undefined) return barred;
      await this.#going.get(key);
      const told = await this.#told({ key, verified, kid, joins: act === "join" });
      if (!told.ok) return told.refusal;
    }
    return !verified && this.#barred.has(key) ? mustProve() : undefined;
  }

  /** A join that the channel refuses anyhow makes no key known here. One that is known, such as a kicked one, may be proven. */
  #refusedEntry(caller: Caller): Refusal | undefined {
    const { keeper, limits } = this.#ports();
    const why = keeper.read((state) =>
      state.participants.has(caller.key) ? undefined : joinRefusal(state, caller, limits, Date.now()),
    );
    return why.ok ? why.value : why.refusal;
  }

  /**
   * A claim ended. Where nothing of its key is left here, neither a row nor a socket that could join
   * again, the index need not tell of its proof.
   */
  gone({ key, verified }: Pick<Caller, "key" | "verified">): void {
    const { keeper, connections } = this.#ports();
    if (verified || connections.ofKey(key).length > 0 || this.#going.has(key)) return;
    const isKnown = keeper.read((state) => state.participants.has(key));
    if (!isKnown.ok || isKnown.value) return;
    // A lost call costs the index a row, and this channel a word about a key it does not know.
    const going = this.#index
      .forget(key)
      .catch((error: unknown) => logFault("unclaim", {}, error))
      .finally(() => this.#going.delete(key));
    this.#going.set(key, going);
  }

  /** The index says that the key was proven elsewhere: claims of it that are on their way come too late. */
  async proven(key: string): Promise<Result<true>> {
    const { keeper, turns } = this.#ports();
    if (this.#barred.size >= BARRED_MAX) this.#barred.clear();
    this.#barred.add(key);
    const opened = await keeper.open();
    return opened.ok
      ? await turns.inOrder(
          () => this.end(key),
          () => true,
        )
      : opened;
  }

  /** Ends what was claimed under a key that is proven, in its turn. */
  end(key: string): Result<true> {
    const ports = this.#ports();
    return ports.committer.sending(() => endClaimOf(ports, key, Date.now()));
  }

  /** Whether the key is still known here as proven. */
  async knows(key: string): Promise<boolean> {
    const { keeper } = this.#ports();
    const opened = await keeper.open();
    const known = opened.ok ? keeper.read((state) => state.participants.get(key)?.verified === true) : opened;
    return known.ok && known.value;
  }

  async #told(sight: Sight): Promise<Result<true>> {
    try {
      return await this.#index.tell(sight);
    } catch (error) {
      logFault("sight", {}, error);
      return { ok: false, refusal: indexSilent() };
    }
  }
}

function indexSilent(): Refusal {
  const text = "the hub could not look up whether this key is proven; nothing was done, try again";
  return refusal("storage_unavailable", text, { retry_after_ms: 1000 });
}
