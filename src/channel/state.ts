/**
 * What a channel knows of itself between two turns. The rules change it in place; the shell stores
 * `unsaved` and, when that fails, throws the whole state away and loads it again: outside a turn,
 * memory equals disk.
 */
import { fold, type Kind, type Message } from "../protocol/index.ts";
import type { Bucket } from "./rate.ts";
import { RecentSends, type SendRecord } from "./recent-sends.ts";
import { ringStart } from "./retention.ts";
import { SignedSends } from "./signed-sends.ts";

/** The index's record of a channel: all that is needed to make one. */
export interface ChannelRecord {
  /** N of `ch-N`. */
  readonly number: number;
  readonly name: string;
  readonly created_by: string;
  readonly creator_name: string;
  readonly creator_kind?: Kind;
  /** Absent: the creator's key was claimed, not proven. */
  readonly creator_verified?: true;
  /** Unix milliseconds. */
  readonly created_at: number;
  readonly epoch: string;
}

export interface Participant {
  readonly key: string;
  readonly name: string;
  readonly kind?: Kind;
  /** False once it left; the row stays only while `verified` or a kick must be remembered (MEM1). */
  readonly member: boolean;
  /** Whether the key was ever proven on this hub. */
  readonly verified: boolean;
  /** Everything up to this seq is done with (LIS3). */
  readonly read_seq: number;
  /** Number of the message that told of its last join: participants are shown in this order (MEM1). */
  readonly joined_seq: number;
  /** Place among all who took a name, in the strength they have: of proven namesakes the first counts (LIS4). */
  readonly named_order?: number;
  /** Unix milliseconds of the last change of this row. */
  readonly seen_at: number;
  /** Unix milliseconds until which it may not join again; absent or 0: it may (GRD2). */
  readonly kicked_until?: number;
  /** Nonces taken of late, oldest first; absent for none. */
  readonly nonces?: readonly TakenNonce[];
}

/** A signature's or ticket's nonce, which counts once (IDN2). */
export interface TakenNonce {
  readonly nonce: string;
  /** Unix milliseconds. */
  readonly at: number;
}

/** What those who may have set for the channel (GRD2). */
export interface ChannelSettings {
  /** True: only admins may send. */
  readonly paused: boolean;
  /** True: an admin paused it, so that its creator may not end that (GRD2). */
  readonly paused_by_admin: boolean;
  /** The loop guard counts from here. */
  readonly guard_reset_seq: number;
}

export const DEFAULT_SETTINGS: ChannelSettings = { paused: false, paused_by_admin: false, guard_reset_seq: 0 };

/** A message that was decided, with what its storage and delivery need. */
export interface Entry {
  readonly message: Message;
  /** `message` as JSON: encoded once, stored and sent as it is. */
  readonly json: string;
  /** UTF-8 bytes of `json`. */
  readonly bytes: number;
  /** Unix milliseconds. */
  readonly ts: number;
  /** The members at this position: its recipients (SOC4). Shared between entries, replaced on change. */
  readonly members: ReadonlySet<string>;
  /** Absent for system messages. */
  readonly send?: SendRecord | undefined;
}

/** Messages of declared agents in a row, and the time of the newest, in Unix milliseconds. */
export interface Streak {
  readonly count: number;
  readonly last_at: number;
}

export interface ChannelState {
  readonly record: ChannelRecord;
  readonly id: string;
  last_seq: number;
  /** Unix milliseconds of the newest message; never goes back. */
  last_ts: number;
  readonly participants: Map<string, Participant>;
  /** Counts the names that were taken. */
  names_taken: number;
  /** Keys of those who are joined; replaced, never changed, so that entries can hold on to it. */
  members: ReadonlySet<string>;
  /** Another object whenever somebody comes, goes, is renamed or proven: what is derived from these can be kept beside it. */
  roster: object;
  readonly sends: RecentSends;
  readonly signedSends: SignedSends;
  /** Joins and leaves by hub key, since the wake. */
  readonly churn: Map<string, Bucket>;
  settings: ChannelSettings;
  /** Undefined: not counted yet since the wake. */
  streak: Streak | undefined;
  /** Decided, not yet stored. */
  readonly unsaved: { entries: Entry[]; participants: Set<string>; settings: boolean };
}

/** Oldest message the ring shows. */
export function firstSeq(state: ChannelState): number {
  return ringStart(state.last_seq);
}

/** The row of one who is known to be a member. */
export function memberOf(state: ChannelState, key: string): Participant {
  const participant = state.participants.get(key);
  if (participant?.member !== true) throw new Error(`${state.id} has no member ${key}`);
  return participant;
}

/** The read position of a participant; of nobody else. */
export function readSeq(state: ChannelState, key = ""): number | undefined {
  const participant = state.participants.get(key);
  return participant?.member === true ? participant.read_seq : undefined;
}

/** A channel as storage has it; `participants` in the order of `joined_seq`. */
export function restoreChannel(
  record: ChannelRecord,
  head: { readonly last_seq: number; readonly last_ts: number },
  participants: Iterable<Participant>,
  settings: ChannelSettings,
): ChannelState {
  const rows = new Map<string, Participant>();
  let names_taken = 0;
  for (const participant of participants) {
    rows.set(participant.key, participant);
    names_taken = Math.max(names_taken, participant.named_order ?? 0);
  }
  return {
    record,
    id: `ch-${record.number}`,
    last_seq: head.last_seq,
    last_ts: head.last_ts,
    participants: rows,
    names_taken,
    members: memberKeys(rows),
    roster: {},
    churn: new Map(),
    sends: new RecentSends(),
    signedSends: new SignedSends(),
    settings,
    streak: undefined,
    unsaved: { entries: [], participants: new Set(), settings: false },
  };
}

/** Changes or adds a participant; its row is written with the turn. One that joins anew goes to the end. */
export function putParticipant(state: ChannelState, participant: Participant): void {
  const wasMember = state.members.has(participant.key);
  const known = state.participants.get(participant.key);
  if (known?.name !== participant.name || known.verified !== participant.verified) state.roster = {};
  if (known !== undefined && known.joined_seq !== participant.joined_seq) state.participants.delete(participant.key);
  state.participants.set(participant.key, { ...participant, named_order: orderOf(state, known, participant) });
  state.unsaved.participants.add(participant.key);
  if (wasMember !== participant.member) changeMembers(state);
}

function orderOf(state: ChannelState, known: Participant | undefined, { name, verified }: Participant): number {
  const isSame = known !== undefined && known.verified === verified && fold(known.name) === fold(name);
  return isSame ? (known.named_order ?? 0) : ++state.names_taken;
}

/** Takes a participant's row away. */
export function dropParticipant(state: ChannelState, key: string): void {
  state.participants.delete(key);
  state.unsaved.participants.add(key);
  if (state.members.has(key)) changeMembers(state);
}

function changeMembers(state: ChannelState): void {
  state.members = memberKeys(state.participants);
  state.roster = {};
}

/** The turn's writes are durable. */
export function markSaved(state: ChannelState): void {
  state.unsaved.entries = [];
  state.unsaved.participants.clear();
  state.unsaved.settings = false;
}

function memberKeys(participants: ReadonlyMap<string, Participant>): ReadonlySet<string> {
  const keys = new Set<string>();
  for (const participant of participants.values()) if (participant.member) keys.add(participant.key);
  return keys;
}
