/** A command on its way through a turn: as it arrived, as it was decided, and what its author is told. */
import type { Caller, Outcome } from "../channel/index.ts";
import type { AckExtras, Change, Named } from "../protocol/index.ts";
import type { Connection } from "./connection.ts";

/** A command that arrived. */
export interface Arrival {
  readonly caller: Caller;
  readonly command: Change;
  readonly named: Named;
  /** The socket it came in on; over HTTP, none. */
  readonly origin?: Connection;
  /** Takes the reply over HTTP. */
  readonly settle?: (reply: Reply) => void;
}

export type Sent = Extract<Outcome, { type: "sent" }>;

/** What a command's author is told. */
export type Reply =
  | { readonly outcome: Sent; readonly extras: AckExtras }
  | { readonly outcome: Exclude<Outcome, Sent>; readonly extras?: undefined };

export interface Decided {
  readonly arrival: Arrival;
  readonly outcome: Outcome;
}
