/**
 * What is known of a connection, and the vocabulary of its machine: states, events, effects. Read by
 * `connection.ts`, `hear.ts` and `ending.ts`, which change it, and by `ChannelClient`, which acts on it.
 */
import type { Message } from "../protocol/message.ts";
import type { Backoff } from "./backoff.ts";
import type { Failure } from "./hub-error.ts";
import type { ChannelEvent } from "./inbox.ts";
import type { PlainFrame } from "./read-frame.ts";

/** Milliseconds, and who it is that connects. */
export interface Settings {
  /** Own messages are part of what the application is told. */
  readonly echo: boolean;
  /** The agent key. */
  readonly key: string;
  /** Between two pings: the edge drops sockets that are silent for about 100 s, without a close frame. */
  readonly ping_ms: number;
  /** A link that gives no sign of life for this long after a ping is dead. */
  readonly pong_ms: number;
  /** The same, where there is reason to doubt the link: the machine woke, or something was said into a silence. */
  readonly probe_ms: number;
  /** A link of which nothing came for this long is silent. */
  readonly silent_ms: number;
  /** From the upgrade to the first frame. */
  readonly open_ms: number;
  /** A link that held this long was good: the next attempt is the first again. */
  readonly stable_ms: number;
  readonly backoff: Backoff;
}

/** Whether the application is told of `message`. */
export function isDue({ echo, key }: Settings, { from }: Message): boolean {
  return echo || from !== key;
}

export const DEFAULTS: Omit<Settings, "echo" | "key"> = {
  ping_ms: 25_000,
  pong_ms: 10_000,
  probe_ms: 5_000,
  silent_ms: 5_000,
  open_ms: 30_000,
  stable_ms: 10_000,
  backoff: { least: 250, most: 30_000 },
};

/** The highest number up to which everything due has come. The epoch is unknown until the hub says it. */
export interface Place {
  readonly epoch: string | undefined;
  readonly seq: number;
}

export interface Connected {
  readonly name: "connected";
  /** `behind`: the hub sends no messages until a page was complete (SOC2). */
  readonly mode: "live" | "behind";
  readonly since: number;
  /** When something last came. */
  readonly heard_at: number;
  readonly ping_at: number;
  /** Set while a ping is unanswered: the link is dead if nothing came for `pong_ms`. */
  readonly pong_by: number | undefined;
  readonly pong_ms: number;
  /** Set while the hub wants the next page asked for later. */
  readonly ask_at: number | undefined;
}

export type Phase =
  | { readonly name: "connecting"; /** The first frame's deadline. */ readonly until: number }
  | Connected
  | { readonly name: "disconnected"; readonly retry_at: number }
  | { readonly name: "closed"; readonly why: Failure };

/** Progress that the hub was not told of with `seen` (SOC6). */
export interface Unsaid {
  readonly messages: number;
  readonly bytes: number;
}

export const NOTHING_UNSAID: Unsaid = { messages: 0, bytes: 0 };

export interface ConnectionState {
  readonly phase: Phase;
  /** Number of the newest link. */
  readonly link: number;
  /** Attempts since the last good link. */
  readonly attempt: number;
  readonly place: Place | undefined;
  /** False from the agent's leave to its next join: meanwhile numbers pass that are not due. */
  readonly isMember: boolean;
  /** Whether a first frame ever came: before, the application still waits for its connect. */
  readonly wasConnected: boolean;
  readonly unsaid: Unsaid;
  /** What the hub said last before it ends the link. */
  readonly fault: Failure | undefined;
  /** Why the last link or attempt ended. */
  readonly trouble: Failure | undefined;
}

export type ConnectionEvent =
  /** Connect, or do not wait any longer; where connected, find out whether the link lives. */
  | { readonly type: "connect" }
  /** A command went out. */
  | { readonly type: "said" }
  /** What came is no frame of a hub. */
  | { readonly type: "garbage"; readonly link: number; readonly text: string }
  | { readonly type: "frames"; readonly link: number; readonly frames: readonly PlainFrame[]; readonly bytes: number }
  | { readonly type: "pong"; readonly link: number }
  /** The socket opened and closed. */
  | { readonly type: "lost"; readonly link: number; readonly code: number; readonly reason: string }
  /** The link brings nothing more of what is waited for. */
  | { readonly type: "renew"; readonly why: Failure }
  /** The socket never opened. */
  | { readonly type: "refused"; readonly link: number; readonly why: Failure }
  | { readonly type: "time" }
  | { readonly type: "disconnect"; readonly why: Failure };

/** A change of state, as the application is told. */
export interface StateChange {
  readonly state: Phase["name"];
  readonly code: string;
  readonly reason: string;
  /** Attempts since the last good link. */
  readonly attempt: number;
  /** Unix milliseconds of the next attempt. */
  readonly retry_at?: number;
}

export type Effect =
  /** Open link number `link`. */
  | { readonly type: "open"; readonly link: number }
  /** Let go of the newest link. */
  | { readonly type: "drop" }
  | { readonly type: "say"; readonly text: string }
  | { readonly type: "tell"; readonly event: ChannelEvent }
  /** The hub answered a command. */
  | { readonly type: "answered"; readonly frame: PlainFrame }
  /** An own message stands in the channel. */
  | { readonly type: "shown"; readonly message: Message }
  /** Everything up to now has come. */
  | { readonly type: "current" }
  /** Commands on the wire go again. */
  | { readonly type: "rewind" }
  | { readonly type: "changed"; readonly change: StateChange }
  /** Something is wrong that the connection copes with. */
  | { readonly type: "fault"; readonly why: Failure };

export interface Context {
  readonly now: number;
  /** In [0, 1). */
  readonly roll: number;
  readonly settings: Settings;
}

export interface Step {
  readonly state: ConnectionState;
  readonly effects: readonly Effect[];
}

/** Before the first attempt. */
export function newConnection(place: Place | undefined): ConnectionState {
  return {
    phase: { name: "disconnected", retry_at: 0 },
    link: 0,
    attempt: 0,
    place,
    isMember: true,
    wasConnected: false,
    unsaid: NOTHING_UNSAID,
    fault: undefined,
    trouble: undefined,
  };
}

export function changed({ phase, attempt }: ConnectionState, code: string, reason: string): Effect {
  const change = { state: phase.name, code, reason, attempt };
  const retry = phase.name === "disconnected" ? { retry_at: phase.retry_at } : {};
  return { type: "changed", change: { ...change, ...retry } };
}

/**
 * Progress is said after this many messages or bytes, well inside the hub's budget of 1000 and
 * 1 MiB, and never for time's sake: the pings prove the rest to have been read, and a frame a reader
 * for each lone message would wake a channel that could sleep.
 */
export const SAY_MESSAGES = 100;
export const SAY_BYTES: number = 64 * 1024;

/** From now on a sign of life is waited for. */
export function expecting(now: number, pong_ms: number): { readonly pong_by: number; readonly pong_ms: number } {
  return { pong_by: now + pong_ms, pong_ms };
}

/** Says how far everything has come. */
export function sayProgress(state: ConnectionState): Step {
  const text = JSON.stringify({ action: "seen", seq: state.place?.seq ?? 0 });
  return { state: { ...state, unsaid: NOTHING_UNSAID }, effects: [{ type: "say", text }] };
}

/** Name of the request by which a connection reads on; its answer moves the position, no other does. */
export const READ_ON = "read-on";

/** Asks for what follows the position. */
export function askOn({ place }: ConnectionState): Effect {
  const asked = { action: "history", ref: READ_ON, after: place?.seq, epoch: place?.epoch, limit: 1000 };
  return { type: "say", text: JSON.stringify(asked) };
}
