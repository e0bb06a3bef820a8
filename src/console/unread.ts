/** What of a channel somebody has not read yet. Pure; counts as the hub does (PROTOCOL.md, LIS3). */
import { isFor } from "../protocol/mention.ts";
import type { Message } from "../protocol/message.ts";

export interface Unread {
  /** Everything up to here is read. */
  readonly read_seq: number;
  /** What the hub counted up to `counted_to`, and what came since. */
  readonly count: number;
  readonly counted_to: number;
  /** Numbers of unread messages that mention the reader. */
  readonly mentions: readonly number[];
}

export const NOTHING_UNREAD: Unread = { read_seq: 0, count: 0, counted_to: 0, mentions: [] };

/** New messages came. */
export function countNews(unread: Unread, news: readonly Message[], me: string): Unread {
  const later = news.filter(({ seq }) => seq > Math.max(unread.counted_to, unread.read_seq));
  const others = later.filter((message) => isCounted(message, me));
  const mentioning = others.filter((message) => isFor(message, me)).map(({ seq }) => seq);
  return {
    read_seq: unread.read_seq,
    count: unread.count + others.length,
    counted_to: later.at(-1)?.seq ?? unread.counted_to,
    mentions: mentioning.length === 0 ? unread.mentions : [...unread.mentions, ...mentioning],
  };
}

/** Everything up to `seq` is read; `loaded` are the messages that are known. */
export function markRead(unread: Unread, seq: number, loaded: readonly Message[], me: string): Unread {
  if (seq <= unread.read_seq) return unread;
  return {
    read_seq: seq,
    count: loaded.filter((message) => message.seq > seq && isCounted(message, me)).length,
    counted_to: Math.max(unread.counted_to, seq),
    mentions: unread.mentions.filter((at) => at > seq),
  };
}

function isCounted({ from, msg_type }: Message, me: string): boolean {
  return from !== me && msg_type !== "system";
}
