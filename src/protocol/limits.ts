/**
 * Every number of the protocol. Constants are part of the wire; `LIMITS` are the ones an owner may
 * change with a variable of the same name, where 0 means unlimited.
 */

/** Messages a channel shows; the oldest beyond it are evicted, whatever their size. */
export const RING_MESSAGES = 1000;
/** Messages of a history answer when nobody says how many. */
export const HISTORY_DEFAULT = 50;
/** Messages of one history page at most. */
export const HISTORY_MAX = 1000;
/**
 * UTF-8 bytes of one history page at most. With what stands around it, its frame stays below 1 MiB,
 * beyond which clients close by default (Python's websockets: `max_size`).
 */
export const PAGE_BYTES = 1_000_000;
/** UTF-8 bytes of a message's text. */
export const TEXT_BYTES = 64 * 1024;
/** UTF-8 bytes of an HTTP body or a WebSocket frame, checked before it is parsed. */
export const FRAME_BYTES = 256 * 1024;
/** Code points of a channel's or participant's name. */
export const NAME_CODE_POINTS = 64;
/** Names or keys in `to`. */
export const TO_MAX = 20;
/** UTF-16 units of a `ref`, a name or key in `to`, an `epoch`: short strings that are only compared or echoed. */
export const REF_LENGTH = 64;
export const TARGET_LENGTH = 132;
/** Largest sequence number: ids pad it to 12 digits (ORD2). */
export const SEQ_MAX = 999_999_999_999;
/** Sockets of one agent key in one channel (SOC1). */
export const SOCKETS_PER_KEY = 8;
/** A client pings every 25 s; one that pinged once and is silent for this long counts as gone (SOC5). */
export const PING_SILENCE_MS = 90_000;
/** No socket gets older: whoever is let in is looked at again once a day (KEY3). */
export const SOCKET_LIFE_MS = 24 * 3600 * 1000;
/** How long a send can be repeated with the same `client_msg_id` (DUR3); clients stop after 4 minutes. */
export const DEDUPE_MS = 5 * 60_000;
/** Minutes somebody stays removed from a channel when nobody says how many, and at most: 30 days. */
export const KICK_MINUTES = 60;
export const KICK_MINUTES_MAX = 43_200;
/** Seconds a listen may wait: under the minute after which hosts and proxies give up. */
export const WAIT_MAX = 55;
/** Channels one listen may wait on. */
export const LISTEN_CHANNELS = 16;
/** Listens of one agent key that may wait on a channel; the oldest then gets its empty answer. */
export const LISTENERS_PER_KEY = 8;
/** Channels of one `list` page. */
export const LIST_MAX = 1000;
export const LIST_DEFAULT = 100;
/** Participants that a summary shows; a channel in full has all. */
export const SUMMARY_PARTICIPANTS = 32;
/** Seconds in which a connect ticket must be used: the way from a page's request to its socket (IDN3). */
export const CONNECT_TICKET_S = 30;
/** Seconds of a watch ticket when nobody says how many, and at most. */
export const WATCH_TICKET_S = 3600;
export const WATCH_TICKET_MAX_S = 24 * 3600;
/** Channels that a pass may name (ACC1). */
export const PASS_CHANNELS = 16;
/** Seconds of a pass that ends by itself: from a minute to ten years. */
export const PASS_LEAST_S = 60;
export const PASS_MOST_S = 315_360_000;
/** Characters of the note that says what a pass is for. */
export const NOTE_LENGTH = 200;

/** Limits an owner may change: variable name → default. */
export const LIMITS = {
  /** Commands a second of one key in one channel, sustained. */
  HUB_RATE_PER_SECOND: 30,
  /** Commands that key may make at once after a pause. */
  HUB_RATE_BURST: 200,
  /** Channels made in a minute, in the whole hub. */
  HUB_CREATES_PER_MINUTE: 600,
  /** Channels that exist at once. */
  HUB_MAX_CHANNELS: 1000,
  /** Participants of a channel. */
  HUB_MAX_PARTICIPANTS: 1024,
  /** Sockets on a channel; the platform takes no more than 32,768. */
  HUB_MAX_SOCKETS: 1024,
  /** Messages of declared agents in a row before they must slow down. */
  HUB_LOOP_GUARD: 60,
} as const;

export type LimitName = keyof typeof LIMITS;
export type Limits = Readonly<Record<LimitName, number>>;

/** The platform's own ceiling for hibernatable sockets of one object. */
const PLATFORM_SOCKETS = 32_768;

/** Variables as the hub gets them. */
export type LimitVariables = Readonly<Partial<Record<LimitName, unknown>>>;

/**
 * Reads the limits from the hub's variables. Throws on one that is no whole number ≥ 0: it is
 * reported, never guessed at, because a typo must not open a hub.
 */
export function readLimits(variables: LimitVariables): Limits {
  const limits: Record<LimitName, number> = { ...LIMITS };
  for (const name of Object.keys(LIMITS) as LimitName[]) {
    const given = variables[name];
    if (given === undefined || given === "") continue;
    const value = typeof given === "string" && /^\d+$/.test(given) ? Number(given) : given;
    if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0) {
      throw new Error(`${name} must be a whole number, 0 for unlimited, got ${JSON.stringify(given)}`);
    }
    limits[name] = value === 0 ? Infinity : value;
  }
  limits.HUB_MAX_SOCKETS = Math.min(limits.HUB_MAX_SOCKETS, PLATFORM_SOCKETS);
  return limits;
}
