/**
 * The index's side of proof that holds for the whole hub (IDN5): it remembers which keys were
 * proven, says whether one may be claimed, and tells the channels in which it is claimed already
 * before the proof takes effect anywhere. What it remembers is bounded, and a key that some channel
 * still knows as proven is never forgotten.
 */
import { mustProve } from "../../channel/index.ts";
import { ok, type Refusal, refusal, type Result } from "../../protocol/index.ts";
import { logFault } from "../between/log.ts";
import { type Claimed, ProofStore } from "./proof-store.ts";
import { Rates } from "../between/rates.ts";
import type { Sight } from "../between/index-calls.ts";

/** Keys remembered as proven: some 120 bytes each. */
const PROVEN_MAX = 50_000;
/** Looks at the oldest of them, when the memory is full, for one that no channel knows any more. */
const LOOKS_MAX = 8;
/** Channels told at once; the free plan allows 50 calls an event. The rest follow by alarm. */
const TOLD_MAX = 40;
/** Before those that could not be told are told again. */
export const TELL_RETRY_MS = 10_000;
/** Keys that a hub key may prove for the first time: sustained, and at once. */
const FRESH = { per_second: 2, burst: 600 };

/** Of a proof in a channel that is being made: none knows it yet. */
const NO_CHANNEL = 0;

/** A channel, as its proofs are told to it. */
interface Told {
  proven(key: string): Promise<Result<true>>;
  knows(key: string): Promise<boolean>;
}

/** What of the channels the proofs need. */
export interface ProofPorts {
  channel(number: number): Told;
  /** Channels whose creator's key was only claimed. */
  madeByClaim(key: string): readonly number[];
  /** Makes sure that `tellDue` is called in time; written with what was written before it. */
  schedule(at: number): void;
}

export class Proofs {
  readonly #store: ProofStore;
  readonly #ports: ProofPorts;
  readonly #rates: Rates;

  constructor(sql: SqlStorage, ports: ProofPorts) {
    this.#store = new ProofStore(sql);
    this.#ports = ports;
    this.#rates = new Rates(
      FRESH,
      "quota_exceeded",
      `a hub key may prove ${FRESH.per_second} new agent keys a second, ${FRESH.burst} at once`,
    );
  }

  /** Why a key may not merely be claimed, if it was proven. */
  mayClaim(key: string): Result<true> {
    return this.#store.isProven(key) ? { ok: false, refusal: mustProve() } : ok(true);
  }

  /** Nobody claims the key there any more. */
  unclaim(number: number, key: string): void {
    this.#store.unclaim(key, number);
  }

  /** A channel that is gone needs to be told of nothing. */
  forgetChannel(number: number): void {
    this.#store.unclaimAll(number);
  }

  /** A channel met a key: its proof is remembered and told, its claim noted or refused. */
  async sight(number: number, { key, verified, kid, joins }: Sight, now: number): Promise<Result<true>> {
    if (verified) return await this.#prove(number, key, kid, now);
    const may = this.mayClaim(key);
    if (may.ok && joins) this.#store.claim(key, number);
    return may;
  }

  /** The key is proven by whoever makes a channel. */
  async ofCreator(key: string, kid: string, now: number): Promise<Result<true>> {
    return await this.#prove(NO_CHANNEL, key, kid, now);
  }

  /** Tells what was not told yet. True: all is told. */
  async tellDue(): Promise<boolean> {
    await this.#tell(this.#store.untold(TOLD_MAX));
    return !this.isDue;
  }

  get isDue(): boolean {
    return this.#store.untold(1).length > 0;
  }

  /** Answers when the channels that took the key plainly do so no more. */
  async #prove(number: number, key: string, kid: string, now: number): Promise<Result<true>> {
    if (!this.#store.isProven(key)) {
      const why = this.#rates.take({ own: kid, shared: undefined }, now) ?? (await this.#makeRoom());
      if (why !== undefined) return { ok: false, refusal: why };
    }
    // Asked again: others were served while room was made. From here to the alarm there is no await.
    if (!this.#store.isProven(key)) {
      this.#store.prove(key, number);
      // Channels that a mere claim made know it as well.
      for (const made of this.#ports.madeByClaim(key)) this.#store.claim(key, made);
    } else this.#store.foundIn(key, number);
    this.#store.unclaim(key, number);
    const untold = this.#store.untoldOf(key, TOLD_MAX);
    if (untold.length === 0) return ok(true);
    this.#ports.schedule(now + TELL_RETRY_MS);
    await this.#tell(untold);
    if (this.#store.untoldOf(key, 1).length > 0)
      this.#ports.schedule(now + (untold.length < TOLD_MAX ? TELL_RETRY_MS : 0));
    return ok(true);
  }

  async #tell(untold: readonly Claimed[]): Promise<void> {
    const told = await Promise.all(untold.map((one) => this.#tellOne(one)));
    for (const [at, { key, number }] of untold.entries()) if (told[at] === true) this.#store.unclaim(key, number);
  }

  /** True: the channel takes the key plainly no more, or is gone. */
  async #tellOne({ key, number }: Claimed): Promise<boolean> {
    try {
      const told = await this.#ports.channel(number).proven(key);
      return told.ok || told.refusal.code === "channel_deleted";
    } catch (error) {
      logFault("proven", { channel: `ch-${number}` }, error);
      return false;
    }
  }

  /** Where it cannot be asked, it may know the key. */
  async #isKnown({ key, number }: Claimed): Promise<boolean> {
    if (number === NO_CHANNEL) return false;
    try {
      return await this.#ports.channel(number).knows(key);
    } catch (error) {
      logFault("knows", { channel: `ch-${number}` }, error);
      return true;
    }
  }

  /** Forgets the oldest key that nobody knows any more; those that are known go to the end. */
  async #makeRoom(): Promise<Refusal | undefined> {
    for (let looks = 0; looks < LOOKS_MAX; looks++) {
      const oldest = this.#store.size < PROVEN_MAX ? undefined : this.#store.oldest();
      if (oldest === undefined) return undefined;
      const isKnown = await this.#isKnown(oldest);
      this.#store.forget(oldest.key);
      if (isKnown) this.#store.prove(oldest.key, oldest.number);
    }
    return this.#store.size < PROVEN_MAX ? undefined : tooMany();
  }
}

function tooMany(): Refusal {
  logFault("proofs", {}, new Error(`${PROVEN_MAX} keys are remembered as proven`));
  return refusal(
    "quota_exceeded",
    `the hub remembers ${PROVEN_MAX} proven keys, the most it may; leave channels with some`,
  );
}
