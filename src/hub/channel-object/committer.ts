/** A turn of a channel: its commands are decided in order, stored together, and then delivered (DUR2). */
import { type Arrival, handle } from "../../channel/index.ts";
import type { Limits } from "../../protocol/index.ts";
import type { Connections } from "./sockets/connections.ts";
import type { Delivery } from "./delivery.ts";
import type { Keeper } from "./keeper.ts";
import { logFault } from "../between/log.ts";
import { closePlain } from "./no-downgrade.ts";
import type { Sightings } from "./sightings.ts";

/** The parts of a channel object that a turn needs. */
export interface CommitPorts {
  readonly ctx: DurableObjectState;
  readonly limits: Limits;
  readonly keeper: Keeper;
  readonly connections: Connections;
  readonly delivery: Delivery;
  readonly sightings: Sightings;
}

export class Committer {
  readonly #ports: () => CommitPorts;

  constructor(ports: () => CommitPorts) {
    this.#ports = ports;
  }

  /** Never throws. No await here: a turn is one uninterrupted step. */
  commit(arrivals: readonly Arrival[]): void {
    const { keeper, limits, connections, delivery, sightings } = this.#ports();
    const now = Date.now();
    const context = { log: keeper.log, now, limits };
    const decided = keeper.commit(now, (state) =>
      arrivals.map((arrival) => ({ arrival, outcome: handle(state, arrival.caller, arrival.command, context) })),
    );
    this.sending(() => {
      if (!decided.ok) {
        const outcome = { type: "refused", refusal: decided.refusal } as const;
        const refused = arrivals.map((arrival) => ({ arrival, outcome }));
        return delivery.deliver(refused, now);
      }
      connections.dropEnded(now);
      closePlain(connections, decided.value, now);
      delivery.deliver(decided.value, now);
      for (const { arrival, outcome } of decided.value) if (outcome.type === "left") sightings.gone(arrival.caller);
      return connections.dropOld(now);
    });
  }

  /**
   * Runs what follows a write. An exception here would leave readers without messages that are
   * stored, so it resets the object: everybody reconnects and resumes.
   */
  sending<T>(deliver: () => T): T {
    try {
      return deliver();
    } catch (error) {
      const { ctx } = this.#ports();
      logFault("delivery", { channel: ctx.id.name ?? "" }, error);
      ctx.abort("a turn was stored and could not be delivered");
      throw error;
    }
  }
}
