/** What went wrong: a value inside this room, a `HubError` where it reaches the application. */
import type { ErrorCode } from "../protocol/error.ts";

/** Codes that only a client can give; all others are the hub's own (`ErrorCode`). */
export type ClientCode =
  /** No answer: the hub could not be reached, or the link broke. */
  | "network"
  /** What came is not an answer of a hub. */
  | "bad_answer"
  /** A frame that no hub writes. */
  | "bad_frame"
  /** A number is missing on a live link. */
  | "hole"
  /** The hub answers, but its WebSocket does not open. */
  | "upgrade_failed"
  /** This machine has no WebSocket. */
  | "no_websocket"
  /** The application's `authorize` failed. */
  | "not_signed"
  /** The application disconnected, or aborted the connect. */
  | "disconnected"
  /** The agent left the channel, and then the link ended. */
  | "left"
  /** More sends wait than the queue holds. */
  | "queue_full"
  /** The send never went out. */
  | "not_sent";

export interface Failure {
  readonly code: ErrorCode | ClientCode | (string & {});
  readonly message: string;
  /** HTTP status; 0 where there was none. */
  readonly status: number;
  /** What to do next, where the message does not say it. */
  readonly hint?: string;
  /** Milliseconds after which the same may succeed. */
  readonly retry_after_ms?: number;
  /** The hub's number for the request, to quote in a report. */
  readonly request_id?: string;
  /** Of a send: its id, to repeat it with. */
  readonly client_msg_id?: string;
  /** Of a `network`: what the host calls it, such as `ECONNREFUSED`; and the address that was asked. */
  readonly reason?: string;
  readonly hub?: string;
  /** Of a `clock_skew`: the hub's time, Unix seconds. */
  readonly server_time?: number;
}

/**
 * A "no" of the hub or of the network. `code` is for programs, `message` and `hint` for readers.
 *
 * ```ts
 * try { await hub.connect("ch-9"); } catch (error) {
 *   if (error instanceof HubError && error.code === "channel_not_found") …
 * }
 * ```
 */
export class HubError extends Error implements Failure {
  override readonly name = "HubError";
  readonly code: string;
  readonly status: number;
  declare readonly hint?: string;
  declare readonly retry_after_ms?: number;
  declare readonly request_id?: string;
  declare readonly client_msg_id?: string;
  declare readonly server_time?: number;
  declare readonly reason?: string;
  declare readonly hub?: string;

  constructor({ message, code, status, ...extras }: Failure) {
    super(message);
    this.code = code;
    this.status = status;
    Object.assign(this, extras);
  }
}

export function failure(code: ClientCode | ErrorCode, message: string, extras: Partial<Failure> = {}): Failure {
  return { code, message, status: 0, ...extras };
}

/** Statuses that the same request meets again: waiting does not help. */
const FINAL: ReadonlySet<number> = new Set([400, 401, 403, 404, 405, 409, 410, 413, 415, 426]);
/** Whatever its status: what no hub said may be another's in the moment, and what is signed anew is new. */
const PASSING: ReadonlySet<string> = new Set(["bad_answer", "replay"]);
const LASTING: ReadonlySet<string> = new Set(["hub_not_configured", "storage_unreadable", "no_websocket"]);

/** Whether the same may succeed later. Only the hub's own refusal, in its own form, is final. */
export function isTemporary({ status, code }: Failure): boolean {
  return PASSING.has(code) || (!FINAL.has(status) && !LASTING.has(code));
}

/** Whatever was thrown, as a failure; what is no HubError came from the network or the host. */
export function failureFrom(thrown: unknown, hub?: string): Failure {
  if (thrown instanceof HubError) return thrown;
  const message = `no connection to the hub: ${thrown instanceof Error ? wordsOf(thrown) : String(thrown)}`;
  const reason = thrown instanceof Error ? reasonOf(thrown) : undefined;
  return failure("network", message, { ...(reason !== undefined && { reason }), ...(hub !== undefined && { hub }) });
}

/** Of TLS a line of OpenSSL's source stands for words, and of several addresses that failed nothing does. */
function wordsOf(error: Error): string {
  const { message } = causeOf(error);
  const says = message === "" || message.includes("SSL routines") ? (reasonOf(error) ?? "it failed") : message;
  return causeOf(error) === error ? says : `${error.message} (${says})`;
}

/** `fetch` says "fetch failed" and hides why in the cause; what Node's own requests throw says it itself. */
function causeOf(error: Error): Error {
  return error.cause instanceof Error ? error.cause : error;
}

/** The machine's code for it, such as `ECONNREFUSED`; of an abort its name. */
function reasonOf(error: Error): string | undefined {
  const cause = causeOf(error);
  if ("code" in cause && typeof cause.code === "string") return cause.code;
  return /^(Type)?Error$/.test(error.name) ? undefined : error.name;
}
