/**
 * Somebody who follows what the tool beside a model does, to wake the model while it is idle (HST3).
 * What the model was shown stands in the tool's memory: whoever shows it a message by another way
 * says so there (`memory.at(channel_id, epoch).showSpan({ first, last })`), and no listen shows it
 * once more. Everybody is told in the order of events; nobody may throw.
 */
import type { Message } from "../client/index.ts";

export interface Watcher {
  /** Whether it can wake the model now: an empty listen then says so. */
  readonly wakes?: boolean;
  /** A message came over a live connection, of the agent's own key too. */
  heard(message: Message): void;
  /** The model calls the tool; `meta` is what its host sent along. */
  called(meta: Readonly<Record<string, unknown>> | undefined): void;
  /** The call is answered, and what the answer shows is remembered. */
  answered(action: unknown): void;
}
