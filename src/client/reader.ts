/**
 * Takes what an inbox holds at the pace of whoever asks, and reads again from the hub what had to
 * give way in it, in its place: everything is told once and in order, in bounded memory.
 */
import type { Message } from "../protocol/message.ts";
import type { ApiClient } from "./api-client.ts";
import { failureFrom, isTemporary } from "./hub-error.ts";
import type { Host } from "./host.ts";
import type { ChannelEvent, Drained, Dropped, Inbox } from "./inbox.ts";

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
export async function reread(rereading: Rereading, { from, to }: Dropped): Promise<ChannelEvent[]> {
  const all: ChannelEvent[] = [];
  for (let next = from; next <= to;) {
    const { events, last } = await readPage(rereading, next, to);
    all.push(...events);
    next = last + 1;
  }
  return all;
}

async function readPage(
  { api, channel_id, isDue }: Rereading,
  from: number,
  to: number,
): Promise<{ events: ChannelEvent[]; last: number }> {
  const after = from - 1;
  const { messages, meta } = await api.history(channel_id, { after, before: to + 1, limit: PAGE });
  const gap = meta.gap === null ? undefined : { ...meta.gap, to: Math.min(meta.gap.to, to) };
  const due = messages.filter((message) => message.seq > after && isDue(message));
  const last = Math.max(messages.at(-1)?.seq ?? 0, gap?.to ?? 0);
  const gaps: ChannelEvent[] = gap === undefined ? [] : [{ type: "gap", gap }];
  const told = due.map((message): ChannelEvent => ({ type: "message", message }));
  return { events: [...gaps, ...told], last: last > after ? last : to };
}

export class Reader {
  readonly #inbox: Inbox;
  readonly #rereading: Rereading;
  /** Of a page that was read again, oldest first. */
  #again: ChannelEvent[] = [];
  #isOver = false;
  #wake: () => void = () => undefined;
  /** Whoever asks next waits for whoever asked before. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(inbox: Inbox, rereading: Rereading) {
    this.#inbox = inbox;
    this.#rereading = rereading;
  }

  /** Events that nobody took yet and that are at hand. */
  get size(): number {
    return this.#again.length + this.#inbox.size;
  }

  /** `dropped`: the first that gave way since nothing was dropped. */
  tell(event: ChannelEvent): { readonly dropped: Dropped | undefined } {
    const isFirst = this.#inbox.add(event);
    this.#wake();
    return { dropped: isFirst ? this.#inbox.dropped : undefined };
  }

  /** Nothing more comes; what is there can still be taken. */
  end(): void {
    this.#isOver = true;
    this.#wake();
  }

  /** The next event; undefined when there will be none. Rejects when what was dropped cannot be read again. */
  next(): Promise<ChannelEvent | undefined> {
    const event = this.#turn.then(() => this.#next());
    this.#turn = event.catch(() => undefined);
    return event;
  }

  /** Takes everything at hand; what would have to be read again is said. */
  drain(): Drained {
    for (const event of this.#again.splice(0)) this.#inbox.drop(event);
    return this.#inbox.drain();
  }

  async #next(): Promise<ChannelEvent | undefined> {
    for (;;) {
      if (this.#again.length === 0 && this.#inbox.dropped !== undefined) await this.#readAgain(this.#inbox.dropped);
      const event = this.#again.shift() ?? (this.#inbox.dropped === undefined ? this.#inbox.take() : undefined);
      if (event !== undefined) return event;
      if (this.#inbox.dropped !== undefined) continue;
      if (this.#isOver) return undefined;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  /** Keeps trying while the hub is away; a final refusal ends the reading. */
  async #readAgain({ from, to }: Dropped): Promise<void> {
    try {
      const { events, last } = await readPage(this.#rereading, from, to);
      // Somebody may have drained meanwhile.
      if (this.#inbox.dropped?.from !== from) return;
      this.#again = events;
      this.#inbox.found(last, events);
    } catch (error) {
      if (!isTemporary(failureFrom(error)) || this.#isOver) throw error;
      await new Promise<void>((resolve) => void this.#rereading.host.after(AGAIN_MS, resolve));
    }
  }
}
