/** What a channel object answers to calls from the Worker and the index; refusals come beside them. */
import { type AckExtras, ok, type Result } from "../protocol/index.ts";
import type { Reply } from "./delivery.ts";

/** What became of a command that came over HTTP. */
export type CommandAnswer =
  | { readonly type: "sent"; /** JSON. */ readonly message: string; readonly extras: AckExtras }
  | { readonly type: "done"; readonly seq: number; /** Of a join. */ readonly epoch?: string };

export interface HistoryReply {
  /** JSON of the messages, joined by commas. */
  readonly messages: string;
  readonly count: number;
  /** JSON of the meta. */
  readonly meta: string;
}

export interface SummaryReply {
  /** JSON. */
  readonly summary: string;
  /** What the summary stands for; absent while a change is being announced. */
  readonly change?: number;
}

/** A command's reply as an answer to a call. */
export function commandAnswer({ outcome, extras }: Reply): Result<CommandAnswer> {
  if (extras !== undefined) return ok({ type: "sent", message: outcome.message, extras });
  switch (outcome.type) {
    case "refused":
      return { ok: false, refusal: outcome.refusal };
    case "joined":
      return ok({ type: "done", seq: outcome.seq, epoch: outcome.epoch });
    case "done":
    case "left":
    case "read":
      return ok({ type: "done", seq: outcome.seq });
  }
}
