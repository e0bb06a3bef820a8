/** The Worker's bindings and variables, and what its middleware leaves for its routes. */
import type { Context } from "hono";
import type { Admission } from "./admission.ts";
import type { Proof } from "./caller.ts";
import type { Channel } from "./channel-object.ts";
import type { HubIndex } from "./hub-index.ts";
import type { KeyVariables } from "./keys.ts";
import type { ErrorCode, LimitVariables } from "../protocol/index.ts";

export interface Env extends LimitVariables, KeyVariables {
  readonly CHANNELS: DurableObjectNamespace<Channel>;
  readonly HUB_INDEX: DurableObjectNamespace<HubIndex>;
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

/** What the log is told of a request. */
export interface Noted {
  /** Why it was refused, as its caller was told. */
  readonly refused: ErrorCode;
  /** The agent key that it spoke for, proven or claimed. */
  readonly agent: string;
  /** The message that came of it. */
  readonly message: string;
  /** As its body names it. */
  readonly channel_id: string;
}

/** What Hono is told of all this. */
export interface HubEnv {
  Bindings: Env;
  /** `upgrade_of`: the channel's id in the path of an upgrade. */
  Variables: { request_id: string; admission: Admission; proof: Proof } & Partial<
    Noted & { readonly upgrade_of: string }
  >;
}
export type HubContext = Context<HubEnv>;

/** The one index object. */
export const INDEX_NAME = "hub";
