/**
 * An application on the client library: writes down what it is told and what it sent. There are
 * three kinds, one for each way of being told.
 */
import { setTimeout as sleep } from "node:timers/promises";
import {
  type ChannelClient,
  type Dropped,
  type HubClient,
  HubError,
  isTemporary,
  type Sent,
} from "../../../src/client/index.ts";
import type { Gap, Message } from "../../../src/protocol/index.ts";
import type { SleepyHost } from "./sleepy-host.ts";

export const KINDS = ["listener", "iterator", "drainer"] as const;
export type Kind = (typeof KINDS)[number];

/** Between two drains. */
const DRAIN_MS = 20;

export interface Setting {
  readonly key: string;
  readonly kind: Kind;
  readonly machine: SleepyHost;
}

export class Application {
  readonly key: string;
  readonly kind: Kind;
  /** In the order of the telling. */
  readonly told: Message[] = [];
  readonly gaps: Gap[] = [];
  /** Texts in the order of the calls, and their acks. */
  readonly texts: string[] = [];
  readonly acks: Sent[] = [];
  /** How often its link was found dead by silence. */
  silences = 0;
  breaks = 0;
  /** Milliseconds for which it was without a link, at the longest. */
  longest_outage = 0;
  #left_at = 0;
  /** Sends that are not answered. */
  open = 0;
  /** How often its machine slept. */
  sleeps = 0;
  /** What the hub or the client refused: nothing, on an honest run, but what was too old after a sleep. */
  readonly refusals: { readonly text: string; readonly error: HubError }[] = [];
  /** Where it started. */
  readonly start: number;
  readonly machine: SleepyHost;
  readonly #channel: ChannelClient;

  private constructor(channel: ChannelClient, { key, kind, machine }: Setting) {
    this.key = key;
    this.kind = kind;
    this.machine = machine;
    this.#channel = channel;
    this.start = channel.position?.seq ?? 0;
    // What was said before everybody was there is no part of the run.
    channel.drain();
    channel.on("state", ({ state, reason }) => {
      if (state === "disconnected") this.breaks++;
      if (state === "disconnected" && this.#left_at === 0) this.#left_at = performance.now();
      if (state === "connected" && this.#left_at > 0) {
        this.longest_outage = Math.max(this.longest_outage, performance.now() - this.#left_at);
        this.#left_at = 0;
      }
      if (reason.startsWith("no sign of the hub") || reason.includes("no first frame")) this.silences++;
    });
    this.#listen();
  }

  static async connect(hub: HubClient, channel_id: string, setting: Setting): Promise<Application> {
    return new Application(await hub.connect(channel_id), setting);
  }

  get position(): number {
    return this.#channel.position?.seq ?? 0;
  }

  /** Sends without waiting; the client keeps the order. */
  send(text: string): void {
    this.texts.push(text);
    this.open++;
    this.#channel
      .send(text)
      .then((sent) => this.acks.push(sent))
      .catch((error: unknown) => {
        if (error instanceof HubError) this.refusals.push({ text, error });
        else throw error;
      })
      .finally(() => this.open--);
  }

  #listen(): void {
    if (this.kind === "iterator") void this.#iterate();
    if (this.kind === "drainer") void this.#drain();
    if (this.kind !== "listener") return;
    this.#channel.on("message", (message) => this.#tell(message));
    this.#channel.on("gap", (gap) => this.gaps.push(gap));
  }

  async #iterate(): Promise<void> {
    for await (const event of this.#channel) {
      if (event.type === "message") this.#tell(event.message);
      else this.gaps.push(event.gap);
    }
  }

  async #drain(): Promise<void> {
    while (this.#channel.state !== "closed") {
      const { messages, gaps, dropped } = this.#channel.drain();
      if (dropped !== undefined) await this.#refetch(dropped);
      for (const message of messages) this.#tell(message);
      this.gaps.push(...gaps);
      await sleep(DRAIN_MS);
    }
  }

  /** More came at once than an inbox holds, as after a sleep: asks until the network lets the answer through. */
  async #refetch(dropped: Dropped): Promise<void> {
    for (;;) {
      try {
        const { messages, gaps } = await this.#channel.refetch(dropped);
        for (const message of messages) this.#tell(message);
        this.gaps.push(...gaps);
        return;
      } catch (error) {
        if (!(error instanceof HubError) || !isTemporary(error)) throw error;
        await sleep(DRAIN_MS);
      }
    }
  }

  /** The first frame, which listeners still hear, lies before the start. */
  #tell(message: Message): void {
    if (message.seq > this.start) this.told.push(message);
  }
}
