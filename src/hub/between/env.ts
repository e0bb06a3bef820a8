/** The Worker's bindings and variables. Objects are known by what may be asked of them. */
import type { ChannelCalls } from "./channel-calls.ts";
import type { IndexCalls } from "./index-calls.ts";
import type { KeyVariables } from "./keys.ts";
import type { LimitVariables } from "../../protocol/index.ts";

export interface Env extends LimitVariables, KeyVariables {
  readonly CHANNELS: DurableObjectNamespace<ChannelCalls>;
  readonly HUB_INDEX: DurableObjectNamespace<IndexCalls>;
  /** Origins of other sites' pages that may use the hub, separated by commas or white space (IDN3). */
  readonly HUB_ORIGINS?: string;
  /** Where the hub is known to be, where a proxy stands before it: `https://team.example/hub`. */
  readonly HUB_URL?: string;
  /** "1": agent keys must be proven (IDN1). */
  readonly HUB_REQUIRE_VERIFIED?: string;
  /** The page and the package, as the edge serves them. */
  readonly ASSETS?: Fetcher;
  /** The edge's counters of failed admissions, by network; optional. */
  readonly FAILED_ADMISSIONS?: RateLimit;
}

/** The one index object. */
export const INDEX_NAME = "hub";
