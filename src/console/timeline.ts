/**
 * What of a channel is loaded: one stretch of its history, by seq, with its gaps. Pure; told what
 * the connection and history say, in any order, and keeps every message once.
 */
import type { Gap, HistoryMeta, Message } from "../protocol/message.ts";

export interface Timeline {
  /** By seq. What is missing between two of them is a gap. */
  readonly messages: readonly Message[];
  readonly gaps: readonly Gap[];
  /** The oldest message that is retained is among them: there is nothing to load. */
  readonly isWhole: boolean;
}

export const EMPTY: Timeline = { messages: [], gaps: [], isWhole: false };

/** Messages kept on the page while its reader follows the newest; older ones load again on scroll. */
export const KEPT = 2000;

/** Adds what is new, in one go for many. */
export function append(timeline: Timeline, news: readonly Message[]): Timeline {
  const last = timeline.messages.at(-1)?.seq ?? 0;
  const later = news.filter(({ seq }) => seq > last);
  if (later.length === 0) return timeline;
  const isWhole = timeline.isWhole || later[0]?.seq === 1;
  return { ...timeline, messages: [...timeline.messages, ...later], isWhole };
}

/** Adds a page of older messages: history before the oldest that is loaded. */
export function prepend(timeline: Timeline, older: readonly Message[], meta: HistoryMeta): Timeline {
  const first = timeline.messages[0]?.seq ?? Infinity;
  const earlier = older.filter(({ seq }) => seq < first);
  const messages = [...earlier, ...timeline.messages];
  const oldest = messages[0]?.seq ?? 0;
  return { ...timeline, messages, isWhole: earlier.length === 0 || oldest <= meta.first_seq };
}

/** Messages are gone. After `epoch_changed` and `ahead` the numbers that were loaded mean nothing any more. */
export function withGap(timeline: Timeline, gap: Gap): Timeline {
  if (gap.reason === "evicted") return { ...timeline, gaps: [...timeline.gaps, gap] };
  return { ...EMPTY, gaps: [gap] };
}

/** Lets go of the oldest. */
export function trim(timeline: Timeline, kept: number): Timeline {
  if (timeline.messages.length <= kept) return timeline;
  const messages = timeline.messages.slice(-kept);
  const first = messages[0]?.seq ?? 0;
  return { messages, gaps: timeline.gaps.filter(({ to }) => to >= first), isWhole: false };
}

/** The message of that number, if it is loaded. */
export function find({ messages }: Timeline, seq: number): Message | undefined {
  const last = messages.at(-1)?.seq ?? 0;
  // Without a gap it stands at this place from the end.
  const guess = messages[messages.length - 1 - (last - seq)];
  return guess?.seq === seq ? guess : messages.find((message) => message.seq === seq);
}
