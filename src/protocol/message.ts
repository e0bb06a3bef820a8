/** What channels are made of, in the shapes they have on the wire. */
import type { Refusal } from "./error.ts";

export const MESSAGE_TYPES = ["text", "system", "toolresult"] as const;
export type MessageType = (typeof MESSAGE_TYPES)[number];

/** What a participant says it is; undeclared is absent. */
export const KINDS = ["agent", "human", "service"] as const;
export type Kind = (typeof KINDS)[number];

/** What a system message reports, so that nobody has to parse its text. */
export interface ChannelEvent {
  readonly kind: "created" | "join" | "leave" | "kick" | "pause" | "resume" | "guard_reset";
  /** Whom it is about: of a kick the kicked, else whoever did it. */
  readonly key: string;
  readonly name: string;
  /** As in a message: of the participant it is about. */
  readonly namesake?: true | undefined;
  /** Of a kick: who did it, and for how long. */
  readonly by?: { readonly key: string; readonly name: string } | undefined;
  readonly minutes?: number | undefined;
}

/** An entry of a channel's history. */
export interface Message {
  /** `msg-{ts}-{N}{seq padded to 12 digits}`: unique over all channels, with no shared counter. */
  readonly id: string;
  readonly channel_id: string;
  /** 1, 2, 3… without holes. */
  readonly seq: number;
  readonly from: string;
  readonly from_name: string;
  readonly text: string;
  /** ISO 8601 with `Z`; the same instant as in `id`; never goes back inside a channel. */
  readonly timestamp: string;
  readonly msg_type: MessageType;
  /** Whether the sender's key was proven, not just claimed. */
  readonly verified: boolean;
  /** Keys of the participants this message is for. */
  readonly mentions?: readonly string[] | undefined;
  /** `seq` of the message this one answers. */
  readonly reply_to?: number | undefined;
  readonly client_msg_id?: string | undefined;
  /** Others carry the sender's name, and it is not known to be this one's: show the key beside it. */
  readonly namesake?: true | undefined;
  readonly event?: ChannelEvent | undefined;
}

/** A participant as `list` shows it. */
export interface ParticipantSummary {
  readonly key: string;
  readonly name: string;
  readonly connected: boolean;
}

/** A participant as GET /api/channel/:id shows it. */
export interface ParticipantDetail extends ParticipantSummary {
  readonly kind?: Kind;
  readonly verified: boolean;
  /** ISO 8601: now while connected, else when it was last heard of. */
  readonly last_seen: string;
  /** Retained messages of others after its read position, system messages not counted. */
  readonly unread: number;
  /** Everything up to here is done with. */
  readonly read_seq: number;
}

/** A channel as `list` shows it. */
export interface ChannelSummary {
  readonly id: string;
  readonly name: string;
  readonly created_by: string;
  readonly created_at: string;
  readonly participants: readonly ParticipantSummary[];
  readonly participant_count: number;
  readonly connected_count: number;
  /** Retained messages, at most 1000. */
  readonly message_count: number;
  /** In a list of a key's channels: when its newest message was written. Absent where the channel did not say so yet. */
  readonly active_at?: string;
}

/** A channel as GET /api/channel/:id shows it. */
export interface ChannelDetails extends ChannelSummary {
  readonly participants: readonly ParticipantDetail[];
  readonly epoch: string;
  readonly first_seq: number;
  readonly last_seq: number;
  /** True: only admins may send. */
  readonly paused: boolean;
  /** Null: the loop guard is off. */
  readonly guard: GuardState | null;
}

/** How the loop guard stands: `left` messages of agents before it trips at `limit`. */
export interface GuardState {
  readonly limit: number;
  readonly left: number;
}

/** A place in a channel's history: `seq` alone means nothing once `epoch` differs. */
export interface Position {
  readonly epoch: string;
  readonly seq: number;
}

/** Beside every history answer. */
export interface HistoryMeta {
  readonly epoch: string;
  /** Oldest and newest retained. */
  readonly first_seq: number;
  readonly last_seq: number;
  /** What was asked for and cannot be given, bounds inclusive; null when nothing is missing. */
  readonly gap: Gap | null;
  /** False: more follows; ask again with `after` = the last seq of this page. */
  readonly complete: boolean;
}

/** Which messages a listener wants: everything but its own, or only what mentions it. */
export const LISTEN_FOR = ["all", "me"] as const;
export type ListenFor = (typeof LISTEN_FOR)[number];

/** What is later than a position (LIS1). Without a gap, messages + own + others = next - after. */
export interface ListenAnswer {
  readonly channel_id: string;
  readonly epoch: string;
  readonly messages: readonly Message[];
  /** Highest seq looked at: what to pass as `after` next, also when nothing came. */
  readonly next: number;
  /** Messages left out: the reader's own, and those of others that it did not ask for. */
  readonly own: number;
  readonly others: number;
  /** True: what follows `next` was not looked at yet; ask again at once. */
  readonly more: boolean;
  readonly gap: Gap | null;
}

/** One channel's part of a listen to several; a refusal says why that channel gives nothing. */
export type ListenedChannel = ListenAnswer | ({ readonly channel_id: string } & Refusal);

export interface Gap {
  readonly from: number;
  readonly to: number;
  readonly reason: "evicted" | "epoch_changed" | "ahead";
}
