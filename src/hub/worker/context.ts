/** What the Worker's middleware leaves for its routes. */
import type { Context } from "hono";
import type { ErrorCode } from "../../protocol/index.ts";
import type { Admission } from "./admission/admission.ts";
import type { Proof } from "./admission/caller.ts";
import type { Env } from "../between/env.ts";

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
