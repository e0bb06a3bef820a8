/**
 * The closed table of everything that can go wrong, read by hub, clients and documents alike.
 * A code's `retry` says whether the same request may succeed later; its `close` is the WebSocket
 * close code when the connection ends with it (none: the connection lives on).
 */
export const ERRORS = {
  bad_json: { status: 400, retry: false, means: "the body or frame is not JSON" },
  bad_request: { status: 400, retry: false, means: "a field is missing, of the wrong type or out of its range" },
  bad_key: { status: 400, retry: false, means: "an agent key is missing, malformed or reserved" },
  bad_name: { status: 400, retry: false, means: "a name is malformed or reserved" },
  bad_text: { status: 400, retry: false, means: "a text is empty, or holds NUL or a lone surrogate" },
  bad_limit: { status: 400, retry: false, means: "limit, after, before or wait is out of range" },
  unknown_action: { status: 400, retry: false, means: "the frame's action is none of the known ones" },
  reserved_msg_type: { status: 400, retry: false, means: "only the hub writes system messages" },
  bad_target: { status: 400, retry: false, means: "the URL of a signed request is not in its canonical form" },
  secret_in_url: {
    status: 400,
    retry: false,
    means: "the hub key stands in the URL; send it as a header and rotate it",
  },
  unauthorized: { status: 401, retry: false, means: "the hub key or ticket is missing, wrong or expired" },
  signature_required: { status: 401, retry: false, means: "this hub takes proven keys only; sign the request" },
  bad_signature: { status: 401, retry: false, means: "the request's signature is malformed or wrong" },
  clock_skew: {
    status: 401,
    retry: false,
    means: "the signature was made too long ago or in the future; see server_time",
  },
  key_revoked: { status: 401, close: 4501, retry: false, means: "the hub key or pass that admitted it no longer does" },
  pass_expired: { status: 401, close: 4502, retry: false, means: "the time of the pass is over" },
  forbidden: { status: 403, close: 4503, retry: false, means: "the caller may not do this, or not any longer" },
  forbidden_scope: { status: 403, retry: false, means: "the hub key's scope does not allow this" },
  identity_mismatch: { status: 403, retry: false, means: "the key is another's, who proves it" },
  origin_forbidden: { status: 403, retry: false, means: "a page of that origin may not use this hub" },
  host_forbidden: { status: 403, retry: false, means: "the hub key of this hub is for its own machine only" },
  not_participant: { status: 403, retry: false, means: "the key has not joined the channel" },
  paused: { status: 403, retry: false, means: "the channel is paused" },
  channel_full: { status: 403, retry: false, means: "the channel has all the participants it may have" },
  channel_not_found: { status: 404, close: 4504, retry: false, means: "no channel has that id" },
  pass_not_found: { status: 404, retry: false, means: "no pass has that id" },
  not_found: { status: 404, retry: false, means: "no such route" },
  method_not_allowed: { status: 405, retry: false, means: "the route does not take that method; see Allow" },
  replay: { status: 409, retry: false, means: "the signature or ticket was used before; make a new one" },
  idempotency_conflict: { status: 409, retry: false, means: "the id was used for other content" },
  channel_deleted: { status: 410, close: 4504, retry: false, means: "the channel was deleted" },
  text_too_large: { status: 413, retry: false, means: "the text is over 64 KiB" },
  body_too_large: { status: 413, retry: false, means: "the body is over 256 KiB" },
  frame_too_large: { status: 413, close: 1009, retry: false, means: "the frame is over 256 KiB" },
  encoding_unsupported: { status: 415, retry: false, means: "the body is compressed; see Content-Encoding" },
  upgrade_required: { status: 426, retry: false, means: "the route takes WebSocket upgrades only" },
  rate_limited: {
    status: 429,
    retry: true,
    means: "too many commands of this key in this channel, or failed admissions of this address",
  },
  loop_guard: { status: 429, retry: true, means: "too many messages of agents in a row" },
  quota_exceeded: { status: 429, retry: true, means: "the hub has all the channels, or creates a minute, it may have" },
  too_many_sockets: { status: 429, retry: true, means: "the key or the channel has all the sockets it may have" },
  flooding: { status: 429, close: 4029, retry: true, means: "three binary frames within 10 seconds" },
  slow_reader: { status: 429, close: 4008, retry: true, means: "the socket was not read for 30 seconds" },
  replaced: {
    status: 409,
    close: 4509,
    retry: false,
    means: "a newer socket took the place of this one, which was silent or of the same instance",
  },
  internal: { status: 500, close: 1011, retry: true, means: "a fault of the hub; quote the request id" },
  hub_not_configured: { status: 503, retry: false, means: "the hub has no key yet, or a variable that makes no sense" },
  socket_expired: { status: 503, close: 4001, retry: true, means: "the socket is 24 hours old; connect again" },
  storage_unavailable: { status: 503, retry: true, means: "nothing was stored; try again" },
  storage_unreadable: { status: 503, retry: false, means: "what is stored is damaged, or of a version unknown here" },
  overloaded: { status: 503, retry: true, means: "the channel has more work than it can take" },
  outcome_unknown: {
    status: 503,
    retry: true,
    means: "the hub cannot tell whether it happened; repeat with the same id",
  },
} as const satisfies Record<string, ErrorEntry>;

interface ErrorEntry {
  /** HTTP status. */
  readonly status: number;
  /** WebSocket close code. 4000–4499: reconnect; 4500–4999 and 1009: do not. */
  readonly close?: number;
  readonly retry: boolean;
  /** One line for people; the wire's `error` text says what was wrong with this request. */
  readonly means: string;
}

export type ErrorCode = keyof typeof ERRORS;

/**
 * An expected "no": a value, never thrown. `error` names the field and the limit; where agents
 * may compare its words, what to do next stands in `hint`.
 */
export interface Refusal {
  readonly code: ErrorCode;
  readonly error: string;
  readonly hint?: string;
  /** Milliseconds after which the same request may succeed. */
  readonly retry_after_ms?: number;
  /** Of a clock_skew: the hub's time in Unix seconds, as `created` has it. */
  readonly server_time?: number;
  /** Of a send whose outcome is unknown: the id to repeat it with. */
  readonly client_msg_id?: string;
  /** A client's own word, shown in place of `code`: no hub was reached, so nothing was done. */
  readonly by_client?: "unreachable";
}

export type RefusalExtras = Omit<Refusal, "code" | "error">;

export function refusal(code: ErrorCode, error: string, extras: RefusalExtras = {}): Refusal {
  return { code, error, ...extras };
}

/** The close code that ends a connection with `code`; 1011 for those that normally leave it open. */
export function closeCode(code: ErrorCode): number {
  const entry: ErrorEntry = ERRORS[code];
  return entry.close ?? 1011;
}

/** What a client does after a close (*Close codes* of PROTOCOL.md): reconnect or stop. */
export function mayReconnect(close: number): boolean {
  if (close === 1009) return false;
  return close < 4500 || close > 4999;
}

/** A refusal, or the value it would have been instead. */
export type Result<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly refusal: Refusal };

export function ok<T>(value: T): Result<T> {
  return { ok: true, value };
}

export function refuse<T>(code: ErrorCode, error: string, extras?: RefusalExtras): Result<T> {
  return { ok: false, refusal: refusal(code, error, extras) };
}

/** The refusals whose words agents may compare. */
export function channelNotFound(id: string): Refusal {
  return refusal("channel_not_found", `Channel not found: ${id}`, { hint: "GET /api/channel/list shows the channels" });
}

export function channelDeleted(id: string): Refusal {
  return refusal("channel_deleted", `Channel deleted: ${id}`, {
    hint: "its id is never used again; create a new channel",
  });
}

export function notParticipant(id: string): Refusal {
  return refusal("not_participant", `Not a participant in channel ${id}`, {
    hint: 'join it first: POST /api/channel/join, or {"action":"join"} on the socket',
  });
}

/** The same result with its value changed; a refusal stays as it is. */
export function map<T, U>(result: Result<T>, change: (value: T) => U): Result<U> {
  return result.ok ? ok(change(result.value)) : result;
}
