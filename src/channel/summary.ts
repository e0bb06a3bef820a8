/** How a channel shows itself: as `list` has it, and in detail. */
import {
  type ChannelDetails,
  type ChannelSummary,
  type Limits,
  type ParticipantDetail,
  SUMMARY_PARTICIPANTS,
} from "../protocol/index.ts";
import { countStreak, guardState } from "./guard.ts";
import type { SendRecord } from "./recent-sends.ts";
import { type ChannelState, firstSeq, type Participant } from "./state.ts";
import type { MessageLog } from "./store.ts";

/**
 * `connected` is asked, never stored (SOC5). Shows the first participants only: a list of all channels
 * must fit an answer, whoever fills them.
 */
export function summarize(state: ChannelState, isConnected: (key: string) => boolean): ChannelSummary {
  const summary = summarizeAll(state, isConnected);
  const active_at = new Date(state.last_ts).toISOString();
  return { ...summary, participants: summary.participants.slice(0, SUMMARY_PARTICIPANTS), active_at };
}

/** Keys of the participants that a summary does not show. */
export function unshownKeys({ members }: ChannelState): string[] {
  return [...members].slice(SUMMARY_PARTICIPANTS);
}

function summarizeAll(state: ChannelState, isConnected: (key: string) => boolean): ChannelSummary {
  const members = [...state.participants.values()].filter((participant) => participant.member);
  const participants = members.map(({ key, name }) => ({ key, name, connected: isConnected(key) }));
  const { record } = state;
  return {
    id: state.id,
    name: record.name,
    created_by: record.created_by,
    created_at: new Date(record.created_at).toISOString(),
    participants,
    participant_count: participants.length,
    connected_count: participants.filter(({ connected }) => connected).length,
    message_count: state.last_seq - firstSeq(state) + 1,
  };
}

export interface Presence {
  isConnected(key: string): boolean;
  /** Unix milliseconds of what was last heard of the key since the object woke; 0 for nothing. */
  lastHeard(key: string): number;
  readonly now: number;
}

/** A channel in full, as GET /api/channel/:id shows it. */
export function describe(state: ChannelState, log: MessageLog, presence: Presence, limits: Limits): ChannelDetails {
  const streak = (state.streak ??= countStreak(log, state.settings.guard_reset_seq, limits));
  return {
    ...summarizeAll(state, (key) => presence.isConnected(key)),
    participants: describeParticipants(state, log.sends(0), presence),
    epoch: state.record.epoch,
    first_seq: firstSeq(state),
    last_seq: state.last_seq,
    paused: state.settings.paused,
    guard: guardState(streak, limits) ?? null,
  };
}

/** The members with all that is known of them. `sends` are the retained ones, newest first. */
export function describeParticipants(
  state: ChannelState,
  sends: Iterable<SendRecord>,
  presence: Presence,
): ParticipantDetail[] {
  const retained = retainedOnly(sends, firstSeq(state));
  const lastSend = new Map<string, number>();
  for (const { from, ts } of retained) lastSend.set(from, Math.max(ts, lastSend.get(from) ?? 0));
  const members = [...state.participants.values()].filter((participant) => participant.member);
  return members.map((participant) => {
    const { key, name, kind, verified, read_seq } = participant;
    const connected = presence.isConnected(key);
    const heard = Math.max(participant.seen_at, lastSend.get(key) ?? 0, presence.lastHeard(key));
    const last_seen = new Date(connected ? presence.now : heard).toISOString();
    const unread = unreadOf(participant, retained);
    return { key, name, connected, ...(kind && { kind }), verified, last_seen, unread, read_seq };
  });
}

/** What waits for one participant, who was shown everything up to `after` elsewhere. */
export function unreadFor(state: ChannelState, log: MessageLog, key: string, after = 0): Unread {
  const participant = state.participants.get(key);
  if (participant?.member !== true) return { unread: 0, read_seq: 0 };
  const { read_seq } = participant;
  const sends = retainedOnly(log.sends(0), firstSeq(state));
  return { unread: unreadOf({ key, read_seq: Math.max(read_seq, after) }, sends), read_seq };
}

export interface Unread {
  /** Messages of others after the read position. */
  readonly unread: number;
  /** The read position. */
  readonly read_seq: number;
}

function unreadOf(
  { key, read_seq }: Pick<Participant, "key" | "read_seq">,
  newestFirst: readonly SendRecord[],
): number {
  let unread = 0;
  for (const send of newestFirst) {
    if (send.seq <= read_seq) break;
    if (send.from !== key) unread++;
  }
  return unread;
}

function retainedOnly(newestFirst: Iterable<SendRecord>, first: number): SendRecord[] {
  const retained: SendRecord[] = [];
  for (const send of newestFirst) {
    if (send.seq < first) break;
    retained.push(send);
  }
  return retained;
}
