/**
 * Listening in all the channels that the agent has joined, however many: one request waits for up to
 * 16 (LIS1), so there are as many as it takes, and what one of them hears ends the wait of all.
 */
import { type HubClient, HubError, type ListenAnswer } from "../client/index.ts";
import { LISTEN_CHANNELS } from "../protocol/index.ts";
import { EXIT, Failed } from "./exit.ts";
import { allChannels } from "./channels.ts";

const GONE: ReadonlySet<string> = new Set(["not_participant", "channel_not_found", "channel_deleted"]);

export class Joined {
  readonly #hub: HubClient;
  readonly #key: string;
  /** Where each channel was read up to. */
  readonly #read: Map<string, number> = new Map();

  /** `key` is the agent's. */
  constructor(hub: HubClient, key: string) {
    this.#hub = hub;
    this.#key = key;
  }

  /** What is new in any of them, or what comes within `wait` seconds. */
  async listen(wait: number, whose: "all" | "me"): Promise<readonly ListenAnswer[]> {
    await this.#refresh();
    const round = new AbortController();
    const heard = this.#groups().map(async (after) => {
      const answers = await this.#ask(after, { wait, for: whose }, round.signal);
      if (answers.length > 0) round.abort();
      return answers;
    });
    return (await Promise.all(heard)).flat();
  }

  /** Everything up to there was shown. */
  done(channel_id: string, seq: number): void {
    this.#read.set(channel_id, seq);
  }

  async #refresh(): Promise<void> {
    const joined = (await allChannels(this.#hub, this.#key)).map(({ id }) => id);
    for (const id of this.#read.keys()) if (!joined.includes(id)) this.#read.delete(id);
    for (const id of joined) if (!this.#read.has(id)) await this.#enter(id);
    if (this.#read.size > 0) return;
    throw new Failed(EXIT.auth, "you are in no channel", "join one first: {channel-hub} join CHANNEL");
  }

  async #enter(id: string): Promise<void> {
    try {
      const own = (await this.#hub.api.channel(id)).participants.find(({ key }) => key === this.#key);
      if (own !== undefined) this.#read.set(id, own.read_seq);
    } catch (error) {
      // One of many that has just gone is no matter.
      if (!(error instanceof HubError && GONE.has(error.code))) throw error;
    }
  }

  #groups(): readonly Readonly<Record<string, number>>[] {
    const places = [...this.#read];
    const count = Math.ceil(places.length / LISTEN_CHANNELS);
    return Array.from({ length: count }, (_none, group) =>
      Object.fromEntries(places.slice(group * LISTEN_CHANNELS, (group + 1) * LISTEN_CHANNELS)),
    );
  }

  async #ask(
    after: Readonly<Record<string, number>>,
    asked: { readonly wait: number; readonly for: "all" | "me" },
    signal: AbortSignal,
  ): Promise<readonly ListenAnswer[]> {
    try {
      const { channels } = await this.#hub.api.listenAll({ after, ...asked }, signal);
      return channels.filter((one) => "messages" in one);
    } catch (error) {
      if (signal.aborted || (error instanceof HubError && GONE.has(error.code))) return [];
      throw error;
    }
  }
}
