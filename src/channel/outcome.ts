/** What a rule is given beside the command, and what comes of it. */
import type { AckExtras, GuardState, Limits, Refusal } from "../protocol/index.ts";
import type { Entry } from "./state.ts";
import type { MessageLog } from "./store.ts";

/** What came of a command. `entry` is the message it made, if it made one. */
export type Outcome =
  | { readonly type: "refused"; readonly refusal: Refusal; readonly entry?: undefined }
  | {
      readonly type: "sent";
      /** The message as JSON: of a duplicate, the first send's. */
      readonly message: string;
      readonly duplicate: boolean;
      readonly mentions: readonly string[];
      readonly unresolved: AckExtras["unresolved"];
      readonly guard?: GuardState;
      readonly entry?: Entry;
    }
  | {
      readonly type: "done";
      readonly seq: number;
      readonly entry?: Entry;
      /** Whose sockets end with this turn, after what they are due of it. */
      readonly closes?: { readonly key: string; readonly refusal: Refusal };
    }
  | { readonly type: "joined"; readonly seq: number; readonly epoch: string; readonly entry?: Entry }
  | { readonly type: "left" | "read"; readonly seq: number; readonly entry?: Entry };

/** Where a rule finds what it needs beside the command. */
export interface Context {
  readonly log: MessageLog;
  /** Unix milliseconds. */
  readonly now: number;
  readonly limits: Limits;
}
