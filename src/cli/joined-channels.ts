/** The channels that an agent is in, as its tool remembers them for a while. */
import type { HubClient } from "../client/index.ts";
import { type ChannelSummary, type Chosen, mostActive } from "../protocol/index.ts";
import { allChannels } from "./channels.ts";

/** Milliseconds for which a list is taken for true: the agent may join elsewhere. */
const JOINED_MS = 60_000;

interface Whose {
  readonly hub: HubClient;
  readonly key: string;
}

export class JoinedChannels {
  readonly #whose: () => Whose;
  #known: { readonly at: number; readonly joined: Chosen<ChannelSummary> } | undefined;
  /** Joins and leaves so far: a list that was asked before one of them is out of date. */
  #moves = 0;

  constructor(whose: () => Whose) {
    this.#whose = whose;
  }

  /** The most active, as many as one listen takes, and the others. */
  async channels(): Promise<Chosen<ChannelSummary>> {
    for (;;) {
      if (this.#known !== undefined && Date.now() - this.#known.at <= JOINED_MS) return this.#known.joined;
      const moves = this.#moves;
      const { hub, key } = this.#whose();
      const joined = mostActive(await allChannels(hub, key));
      if (moves === this.#moves) this.#known = { at: Date.now(), joined };
    }
  }

  /** The agent joins or leaves. */
  moved(): void {
    this.#moves++;
    this.#known = undefined;
  }
}
