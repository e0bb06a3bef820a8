/**
 * A channel's past, page by page: an answer holds 1000 messages and 1 MiB at most, and those who ask
 * for more get it with as many requests as it takes.
 */
import type { HubClient, Message } from "../client/index.ts";
import { HISTORY_MAX } from "../protocol/index.ts";
import type { Gap } from "../protocol/message.ts";

export interface Stretch {
  readonly after?: number | undefined;
  readonly before?: number | undefined;
}

export interface Page {
  /** Oldest first. */
  readonly messages: readonly Message[];
  readonly gap: Gap | null;
}

/** From the newest back, each page older than the one before. `size` is what the first need hold. */
export async function* backwards(
  hub: HubClient,
  id: string,
  before: number | undefined,
  size: number,
): AsyncGenerator<Page> {
  let end = before;
  for (let limit = clamp(size); end === undefined || end > 1; limit = HISTORY_MAX) {
    const { messages, meta } = await hub.api.history(id, { limit, ...(end !== undefined && { before: end }) });
    yield { messages, gap: meta.gap };
    const [oldest] = messages;
    if (oldest === undefined || oldest.seq <= meta.first_seq) return;
    end = oldest.seq;
  }
}

/** From a position on, oldest first, up to `before`. */
export async function* forwards(
  hub: HubClient,
  id: string,
  { after = 0, before }: Stretch,
  size: number,
): AsyncGenerator<Page> {
  let from = after;
  for (let limit = clamp(size); ; limit = HISTORY_MAX) {
    const { messages, meta } = await hub.api.history(id, { limit, after: from, ...(before && { before }) });
    yield { messages, gap: meta.gap };
    const newest = messages.at(-1);
    if (newest === undefined || newest.seq >= Math.min(meta.last_seq, (before ?? Infinity) - 1)) return;
    from = newest.seq;
  }
}

function clamp(size: number): number {
  return Math.max(1, Math.min(size, HISTORY_MAX));
}
