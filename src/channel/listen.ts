/**
 * Listening: what is later than a position, without the reader's own messages, and whether it is
 * worth waking somebody for (LIS1, LIS4). Answers from storage, as history does.
 */
import {
  HISTORY_DEFAULT,
  HISTORY_MAX,
  isFor,
  type ListenAnswer,
  type ListenFor,
  type Message,
  ok,
  PAGE_BYTES,
  type Result,
} from "../protocol/index.ts";
import { type Caller, refuseAct, type Viewer } from "./access.ts";
import { type Start, startAfter } from "./history.ts";
import { refuseCaller } from "./identity.ts";
import { type ChannelState, firstSeq, putParticipant } from "./state.ts";
import type { MessageLog } from "./store.ts";

/** What somebody wants to hear. */
export interface Wanted {
  /** Exclusive; absent: the key's read position. */
  readonly after?: number | undefined;
  readonly epoch?: string | undefined;
  /** Where to look from, if that is later than the read position; moves nothing. */
  readonly start?: number | undefined;
  readonly for: ListenFor;
  readonly limit: number;
}

/** What a listener waits for, and what its rights depend on: it may wait longer than it has them. */
export interface ListenQuery extends Viewer, Wanted {}

/** Parsed pages by where they start: read once where many look at the same. */
export type Pages = Map<number, readonly Message[]>;

export interface Looking {
  /** Unix milliseconds. */
  readonly now: number;
  /** What was read in the same turn. */
  readonly pages?: Pages | undefined;
}

/** Looks through one page at most, so that an answer stays bounded whatever has piled up. */
export function listen(
  state: ChannelState,
  log: MessageLog,
  query: ListenQuery,
  { now, pages = new Map() }: Looking,
): Result<ListenAnswer> {
  const why = refuseAct(state, query, "listen", now);
  if (why !== undefined) return { ok: false, refusal: why };
  const { start, gap } = startOf(state, query);
  const range = {
    after: start,
    before: state.last_seq + 1,
    limit: HISTORY_MAX,
    bytes: PAGE_BYTES,
    keep: "oldest",
  } as const;
  const page = pages.get(start) ?? (JSON.parse(`[${log.page(range).messages}]`) as Message[]);
  pages.set(start, page);
  const messages: Message[] = [];
  let [next, own, others] = [start, 0, 0];
  for (const message of page) {
    if (messages.length >= query.limit) break;
    next = message.seq;
    if (message.from === query.key) own++;
    else if (query.for === "all" || isFor(message, query.key)) messages.push(message);
    else others++;
  }
  const { id: channel_id, record } = state;
  return ok({ channel_id, epoch: record.epoch, messages, next, own, others, more: next < state.last_seq, gap });
}

/** A listen with `after` says that everything up to there is done with (LIS3), if it is a place in this channel. */
export function moveReadPosition(
  state: ChannelState,
  { key, after, epoch }: Pick<ListenQuery, "key" | "after" | "epoch">,
  now: number,
): void {
  const participant = state.participants.get(key);
  if (!participant?.member || after === undefined || after <= participant.read_seq) return;
  if (startAfter(state, after, epoch).start === undefined) return;
  putParticipant(state, { ...participant, read_seq: after, seen_at: now });
}

/** Before a listen is answered: may this caller ask, what does it say is done with, and where does it start to look? */
export function settleListen(state: ChannelState, caller: Caller, wanted: Wanted, now: number): Result<ListenQuery> {
  const why = refuseCaller(state, { ...caller, nonce: undefined }, now);
  if (why !== undefined) return { ok: false, refusal: why };
  const { key, verified, kind, admin, kid, observes } = caller;
  const query = { ...wanted, key, verified, kind, admin, kid, observes };
  moveReadPosition(state, query, now);
  return ok({ ...query, after: listenStart(state, query) });
}

/** Where a query starts to look. */
export function listenStart(
  state: ChannelState,
  { key, after, start = 0 }: Pick<ListenQuery, "key" | "after" | "start">,
): number {
  return after ?? Math.max(Math.min(start, state.last_seq), state.participants.get(key)?.read_seq ?? state.last_seq);
}

/** Whether an answer ends a wait: with something said by another, something missing, or more to look at. */
export function endsWait({ messages, more, gap }: ListenAnswer): boolean {
  return more || gap !== null || messages.some((message) => message.msg_type !== "system");
}

/** Whether a new message is one that a listener waits for. */
export function wakes(message: Message, { key, for: wanted }: Pick<ListenQuery, "key" | "for">): boolean {
  if (message.msg_type === "system" || message.from === key) return false;
  return wanted === "all" || isFor(message, key);
}

function startOf(state: ChannelState, query: ListenQuery): Start & { readonly start: number } {
  const { epoch, limit } = query;
  const { start, gap } = startAfter(state, listenStart(state, query), epoch);
  if (start !== undefined) return { start, gap };
  const newest = Math.min(limit, HISTORY_DEFAULT);
  return { start: Math.max(firstSeq(state) - 1, state.last_seq - newest), gap };
}
