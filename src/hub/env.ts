/** The Worker's bindings and variables. */
import type { Channel } from "./channel-object.ts";
import type { HubIndex } from "./hub-index.ts";
import type { LimitVariables } from "../protocol/index.ts";

export interface Env extends LimitVariables {
  readonly CHANNELS: DurableObjectNamespace<Channel>;
  readonly HUB_INDEX: DurableObjectNamespace<HubIndex>;
  /** The hub key: admission to everything (KEY1). A secret. */
  readonly HUB_KEY?: string;
  /** "1" under `npm start` only: lets a short key work, from a loopback host (KEY2). */
  readonly HUB_DEV?: string;
  /** Origins of web pages that may use the hub beside its own, separated by commas or white space (IDN3). */
  readonly HUB_ORIGINS?: string;
}

/** The one index object. */
export const INDEX_NAME = "hub";
