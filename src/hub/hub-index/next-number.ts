/**
 * Makes sure that a number was never given out before it is (IDX1, IDX5). An index that was lost or
 * put back from a copy would give numbers out again, and with them other channels' messages and
 * links. So what was given out is kept a second time, outside of the index (`highest-number.ts`).
 */
import { ok, refuse, type Result } from "../../protocol/index.ts";
import type { ChannelCalls } from "../between/channel-calls.ts";
import { logFault } from "../between/log.ts";
import type { IndexStore } from "./index-store.ts";

/** No channel has this number: the object of it keeps the highest that was given out. */
const HIGHEST = 0;

export type Channels = (number: number) => DurableObjectStub<ChannelCalls>;

export class NextNumber {
  readonly #store: IndexStore;
  readonly #channel: Channels;
  #isChecked = false;

  constructor(store: IndexStore, channel: Channels) {
    this.#store = store;
    this.#channel = channel;
  }

  /** Asked once in a process: files are exchanged only while none runs. Refused is asked again. */
  async check(): Promise<Result<true>> {
    if (this.#isChecked) return ok(true);
    const { next } = this.#store.counts();
    const [held, highest] = await Promise.all([
      this.#channel(next).inspect(),
      this.#channel(HIGHEST).highest(next - 1),
    ]);
    // Another create may have been through meanwhile, and given out the number that was asked for.
    if (this.#isChecked) return ok(true);
    if (!held.ok || held.value !== null) return indexIsBehind(`ch-${next}, which holds messages`);
    if (highest >= next) return indexIsBehind(`ch-${highest}, which was given out`);
    this.#isChecked = true;
    return ok(true);
  }

  /** Before its create is answered, so that nobody knows a number that could be given out again. */
  async given(number: number): Promise<void> {
    try {
      await this.#channel(HIGHEST).highest(number);
    } catch (error) {
      // The channel is made, and the next create says a higher one.
      logFault("highest_number", { channel: `ch-${number}` }, error);
    }
  }

  /** The highest that was ever given out. 0: that was never said. */
  async highest(): Promise<number> {
    return await this.#channel(HIGHEST).highest(0);
  }
}

function indexIsBehind(what: string): Result<never> {
  const mend = "the index was lost or restored; the owner mends it with channel-hub fsck --mend";
  return refuse("storage_unreadable", `the hub's index does not know ${what}: ${mend}`);
}
