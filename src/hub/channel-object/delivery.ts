/**
 * Tells everybody what a turn decided. Called right after the write, in the same turn; the output
 * gate holds all of it until the write is durable (DUR1).
 */
import { type Audience, type Decided, makeTurn, replyTo } from "../../channel/index.ts";

export class Delivery {
  readonly #audiences: readonly Audience[];

  /** The first is the largest: what the others reach is compared with it. */
  constructor(audiences: readonly Audience[]) {
    this.#audiences = audiences;
  }

  /** Settles what came over HTTP, and lets each audience hear of the turn. */
  deliver(decided: readonly Decided[], now: number): void {
    const turn = makeTurn(decided, (one) => replyTo(this.#audiences, one, now));
    for (const { arrival, reply } of turn.parts) arrival.settle?.(reply);
    for (const audience of this.#audiences) audience.hear(turn, now);
  }
}
