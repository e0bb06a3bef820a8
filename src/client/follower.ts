/**
 * A reader of a channel at its own pace: what it is too slow for is read again from the hub, in its
 * place, so that it is told everything once and in order with 500 events in memory.
 */
import type { Message } from "../protocol/message.ts";
import type { ApiClient } from "./api-client.ts";
import { failureFrom, isTemporary } from "./hub-error.ts";
import type { Host } from "./host.ts";
import type { ChannelEvent, Dropped, Inbox } from "./inbox.ts";

/** What is needed to read again. */
export interface Rereading {
  readonly host: Host;
  readonly api: ApiClient;
  readonly channel_id: string;
  /** Whether the application is told of a message. */
  readonly isDue: (message: Message) => boolean;
}

/** Messages of one page read again: small, since its reader is slow. */
const PAGE = 200;
/** Milliseconds between two attempts to read again. */
const AGAIN_MS = 1000;

/** What was dropped, from the hub; what the hub no longer has either is told as a gap. */
export async function* reread(
  { api, channel_id, isDue }: Rereading,
  { from, to }: Dropped,
): AsyncGenerator<ChannelEvent> {
  for (let after = from - 1; after < to;) {
    const { messages, meta } = await api.history(channel_id, { after, before: to + 1, limit: PAGE });
    const { gap } = meta;
    if (gap !== null) yield { type: "gap", gap: { ...gap, to: Math.min(gap.to, to) } };
    for (const message of messages) if (message.seq > after && isDue(message)) yield { type: "message", message };
    const last = Math.max(messages.at(-1)?.seq ?? 0, gap?.to ?? 0);
    if (last <= after) return;
    after = last;
  }
}

export class Follower {
  readonly #inbox: Inbox;
  readonly #rereading: Rereading;
  #isOver = false;
  #wake: () => void = () => undefined;

  /** Starts with what is in `inbox`, which is its own. */
  constructor(inbox: Inbox, rereading: Rereading) {
    this.#inbox = inbox;
    this.#rereading = rereading;
  }

  tell(event: ChannelEvent): void {
    this.#inbox.add(event);
    this.#wake();
  }

  /** Nothing more comes; what is there is still told. */
  end(): void {
    this.#isOver = true;
    this.#wake();
  }

  async *events(): AsyncGenerator<ChannelEvent> {
    for (;;) {
      const { events, dropped } = this.#inbox.drain();
      if (dropped !== undefined) yield* this.#reread(dropped);
      yield* events;
      if (this.#inbox.size > 0) continue;
      if (this.#isOver) return;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  /** Keeps trying while the hub is away; a final refusal ends the reading. */
  async *#reread(dropped: Dropped): AsyncGenerator<ChannelEvent> {
    let from = dropped.from;
    for (;;) {
      try {
        for await (const event of reread(this.#rereading, { ...dropped, from })) {
          from = event.type === "message" ? event.message.seq + 1 : event.gap.to + 1;
          yield event;
        }
        return;
      } catch (error) {
        if (!isTemporary(failureFrom(error)) || this.#isOver) throw error;
        await new Promise<void>((resolve) => void this.#rereading.host.after(AGAIN_MS, resolve));
      }
    }
  }
}
