/** How many channels may be made: at all, a minute and a day, and by one hub key of these (IDX2). */
import type { Viewer } from "../../channel/index.ts";
import { type Limits, refusal, type Refusal } from "../../protocol/index.ts";
import { CREATES_A_DAY } from "./create-memory.ts";
import type { IndexStore } from "./index-store.ts";
import { Rates } from "../between/rates.ts";

/** Creates are counted for the hub as a whole. */
const EVERYBODY = { own: "", shared: undefined };
/** Of a minute's creates, those that one hub key may make: the rest is for others. Admins may make all. */
const SHARE = 3 / 4;
/** One in so many of the channels there may be is kept for admins. */
const KEPT_FOR_ADMINS = 16;

export class CreateQuotas {
  readonly #limits: Limits;
  readonly #store: IndexStore;
  readonly #all: Rates;
  readonly #byHubKey: Rates;

  constructor(limits: Limits, store: IndexStore) {
    this.#limits = limits;
    this.#store = store;
    const most = limits.HUB_CREATES_PER_MINUTE;
    const rate = { per_second: most / 60, burst: most };
    const share = { per_second: rate.per_second * SHARE, burst: Math.ceil(most * SHARE) };
    this.#all = new Rates(rate, "quota_exceeded", `a hub makes ${most} channels a minute (HUB_CREATES_PER_MINUTE)`);
    this.#byHubKey = new Rates(share, "quota_exceeded", `a hub key makes ${share.burst} channels a minute`);
  }

  /** Some of the channels, and of each minute's creates, are not for one hub key to take. */
  refuse({ kid = "", admin }: Viewer, now: number): Refusal | undefined {
    const all = this.#limits.HUB_MAX_CHANNELS;
    const most = admin === true || all === Infinity ? all : all - Math.floor(all / KEPT_FOR_ADMINS);
    if (this.#store.counts().channels >= most) {
      return refusal(
        "quota_exceeded",
        `the hub has ${most} channels, the most it may have (HUB_MAX_CHANNELS); delete one first`,
      );
    }
    const share = admin === true ? undefined : this.#byHubKey.take({ own: kid, shared: undefined }, now);
    return this.#tooManyToday(now) ?? share ?? this.#all.take(EVERYBODY, now);
  }

  /** The day's creates are remembered, for their Idempotency-Keys. */
  #tooManyToday(now: number): Refusal | undefined {
    const wait_ms = this.#store.waitForCreate(now);
    if (wait_ms === 0) return undefined;
    const text = `the hub makes ${CREATES_A_DAY} channels in 24 hours at most; use those there are`;
    return refusal("quota_exceeded", text, { retry_after_ms: wait_ms });
  }
}
