/** Reading: the newest, a page back, or all since a position, with what is gone said (SOC2). */
import { type Gap, HISTORY_DEFAULT, type HistoryMeta, PAGE_BYTES } from "../protocol/index.ts";
import { type ChannelState, firstSeq } from "./state.ts";
import type { MessageLog, Page, Range } from "./store.ts";

export interface HistoryQuery {
  readonly limit: number;
  readonly after?: number | undefined;
  readonly before?: number | undefined;
  readonly epoch?: string | undefined;
  /** Of the messages, at most; one is always given. */
  readonly bytes?: number;
}

export interface HistoryAnswer {
  /** JSON of the messages, joined by commas. */
  readonly messages: string;
  readonly count: number;
  /** Seq of the last message. */
  readonly last: number;
  readonly meta: HistoryMeta;
}

/** Answers from storage alone: everything decided must have been stored before. */
export function readHistory(state: ChannelState, log: MessageLog, query: HistoryQuery): HistoryAnswer {
  const { after, limit, bytes = PAGE_BYTES } = query;
  const end = Math.min(query.before ?? Infinity, state.last_seq + 1);
  if (after === undefined) return answer(state, newest(state, log, { before: end, limit, bytes }), null, true);
  const { start, gap } = startAfter(state, after, query.epoch);
  if (start === undefined) {
    const page = newest(state, log, { before: state.last_seq + 1, limit: Math.min(limit, HISTORY_DEFAULT), bytes });
    return answer(state, page, gap, true);
  }
  const page = log.page({ after: start, before: end, limit, bytes, keep: "oldest" });
  return answer(state, page, gap, page.last >= end - 1);
}

/** Where reading on from a position starts; undefined when it is not one of this channel's. */
export interface Start {
  readonly start: number | undefined;
  readonly gap: Gap | null;
}

/** Reading on from `after`: what is gone meanwhile is said as a gap. */
export function startAfter(state: ChannelState, after: number, epoch: string | undefined): Start {
  if (epoch !== undefined && epoch !== state.record.epoch) {
    return { start: undefined, gap: { from: 1, to: state.last_seq, reason: "epoch_changed" } };
  }
  if (after > state.last_seq)
    return { start: undefined, gap: { from: state.last_seq + 1, to: after, reason: "ahead" } };
  const first = firstSeq(state);
  if (after >= first - 1) return { start: after, gap: null };
  return { start: first - 1, gap: { from: after + 1, to: first - 1, reason: "evicted" } };
}

function newest(state: ChannelState, log: MessageLog, range: Pick<Range, "before" | "limit" | "bytes">): Page {
  return log.page({ ...range, after: firstSeq(state) - 1, keep: "newest" });
}

function answer(
  state: ChannelState,
  { messages, count, last }: Page,
  gap: Gap | null,
  complete: boolean,
): HistoryAnswer {
  const meta = { epoch: state.record.epoch, first_seq: firstSeq(state), last_seq: state.last_seq, gap, complete };
  return { messages, count, last, meta };
}
