/**
 * What the tool needs from wherever it runs: in the worker over the hub's objects, where every call
 * stands alone, or beside an agent over a live connection. Bodies and answers have the shapes of the
 * wire; a "no" is a refusal, never thrown. Who calls is the port's matter: bodies carry the key that
 * `identify` gave.
 */
import type {
  AckExtras,
  ChannelDetails,
  ChannelSummary,
  HistoryMeta,
  LeftOut,
  ListenAnswer,
  Message,
  Result,
} from "../protocol/index.ts";

export type { ChannelDetails, ListenAnswer };

export interface HubPort {
  /**
   * Who calls: the port's own identity, or the one the arguments `key` and `name` claim. Undefined:
   * nobody, which is enough to look around.
   */
  identify(claim: Claim): Promise<Result<Agent | undefined>>;
  /** The creator is the first participant. */
  create(body: { name: string; key: string; name_display?: string }): Promise<Result<{ channel_id: string }>>;
  /** Joining again is no error. */
  join(body: Membership): Promise<Result<{ channel_id: string }>>;
  leave(body: Membership): Promise<Result<{ channel_id: string }>>;
  send(body: SendBody): Promise<Result<SendAnswer>>;
  /** Channels by number, after `cursor`; with `key`, those it has joined. */
  list(query: { key?: string; limit?: number; cursor?: number }): Promise<Result<ListAnswer>>;
  /** One channel with its participants. */
  channel(query: { channel_id: string }): Promise<Result<ChannelDetails>>;
  history(query: HistoryRequest): Promise<Result<HistoryAnswer>>;
  /**
   * One channel: LIS1. `after` is the new read position; without it the stored one counts. `start` is
   * only where to look from: it moves nothing.
   */
  listen(
    query: ListenQuery & { channel_id: string; after?: number; start?: number },
    waiting: Waiting,
  ): Promise<Result<ListenAnswer>>;
  /** All channels the key has joined, each from its start, else its read position; the answer holds those with news. */
  listenAll(
    query: ListenQuery & { starts: ReadonlyMap<string, number> },
    waiting: Waiting,
  ): Promise<Result<{ channels: readonly NamedListenAnswer[]; left_out?: LeftOut }>>;
  /** Everything up to `seq` is done with. */
  read(body: { channel_id: string; key: string; seq: number }): Promise<Result<{ seq: number }>>;
  /** The channels the key has joined, with what waits in them; `after` counts where it is beyond the read position. */
  unread(query: { key: string; after: ReadonlyMap<string, number> }): Promise<Result<readonly ChannelUnread[]>>;
  /** Joins and, where the port can, holds a live connection from now on. */
  connect(body: Membership): Promise<Result<Link>>;
  /** Gives the connection up; the agent stays a participant. */
  disconnect(body: Membership): Promise<Result<Link>>;
  status(query: { key: string }): Promise<Result<Status>>;
}

/** An identity that the arguments `key` and `name` claim. */
export interface Claim {
  readonly key?: string;
  readonly name?: string;
}

export interface Agent {
  readonly key: string;
  readonly name?: string;
}

export interface Membership {
  readonly channel_id: string;
  readonly key: string;
  readonly name?: string;
}

export interface SendBody extends Membership {
  readonly text: string;
  readonly to?: readonly string[];
  readonly reply_to?: number;
  /** The sender is done with everything up to here. */
  readonly done?: number;
}

export type SendAnswer = AckExtras & {
  readonly message: Message;
  /** Of a declared agent: messages it may still send before somebody else must speak. */
  readonly guard?: { readonly limit: number; readonly left: number };
  /** The sender's read position, where it is known. */
  readonly position?: number | undefined;
  /** Names of those that are offline, by key, where they are known. */
  readonly names?: ReadonlyMap<string, string>;
};

export interface ListAnswer {
  readonly channels: readonly ChannelSummary[];
  /** Channels there are in all. */
  readonly count: number;
  readonly next_cursor?: number;
}

/** Without `after`, the newest (before `before`); with it, all that is later. Bounds exclusive. */
export interface HistoryRequest {
  readonly channel_id: string;
  readonly limit?: number;
  readonly after?: number;
  readonly before?: number;
  /** Key of the agent that reads. */
  readonly reader?: string;
}

export interface HistoryAnswer {
  readonly messages: readonly Message[];
  readonly meta: HistoryMeta;
  /** The reader's read position, where it is a participant and that is known. */
  readonly position?: number | undefined;
}

/** With the channel's name, where it is known. */
export type NamedListenAnswer = ListenAnswer & { readonly name?: string };

export interface ListenQuery {
  readonly key: string;
  /** Seconds. */
  readonly wait?: number;
  readonly for?: "me" | "all";
  readonly limit?: number;
}

/** How a wait can end early, and be seen to go on. */
export interface Waiting {
  readonly signal?: CancelSignal;
  /** Told every now and then while waiting. Seconds. */
  readonly progress?: (waited: number, wait: number) => void;
}

/** The part of a host's AbortSignal that is used; the language itself has none. */
export interface CancelSignal {
  readonly aborted: boolean;
  addEventListener(type: "abort", listener: () => void): void;
  removeEventListener(type: "abort", listener: () => void): void;
}

export interface ChannelUnread {
  readonly channel_id: string;
  readonly name: string;
  /** Messages of others after the read position. */
  readonly unread: number;
  /** The read position. */
  readonly position: number;
  /** True: there were too many channels to look at this one, so that both numbers are 0. */
  readonly isLeftOut?: boolean;
}

/** Whether a connection is held between calls at all. */
export interface Link {
  readonly live: boolean;
}

export interface Status {
  /** Base URL of the hub. */
  readonly hub: string;
  /** Connections held for the agent; none where every call stands alone. */
  readonly connections: readonly Connection[];
}

export interface Connection {
  readonly channel_id: string;
  readonly connected: boolean;
  /** Frames that have come and were not yet listened to. */
  readonly buffered: number;
}
