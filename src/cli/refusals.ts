/** Answers of the client as values, in words that fit beside an agent: the tool never sees a `HubError` thrown. */
import { HubError } from "../client/index.ts";
import { type ErrorCode, ERRORS, ok, refusal, type Refusal, type Result } from "../protocol/index.ts";

/** What a client alone can say, in the words of the protocol. */
const CLIENT_CODES: Readonly<Record<string, ErrorCode>> = {
  network: "outcome_unknown",
  disconnected: "outcome_unknown",
  left: "not_participant",
  queue_full: "overloaded",
  not_sent: "overloaded",
  bad_answer: "not_found",
};

/** How Node names what stands between a request and any server at all (`cause` of `fetch failed`). */
const NEVER_LEFT = /\b(?:ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH)\b/;

export interface Asking {
  /** A call that changes nothing: without an answer nothing was done. */
  readonly reads?: boolean;
}

export async function answered<T>(asking: Promise<T>, how: Asking = {}): Promise<Result<T>> {
  try {
    return ok(await asking);
  } catch (error) {
    if (error instanceof HubError) return { ok: false, refusal: refusalOf(error, how) };
    throw error;
  }
}

function refusalOf(error: HubError, { reads = false }: Asking): Refusal {
  const { code, message, retry_after_ms, client_msg_id } = error;
  if (code === "network" && (reads || NEVER_LEFT.test(message)))
    return refusal("storage_unavailable", `${message}; nothing was done`, { by_client: "unreachable" });
  const known = Object.hasOwn(ERRORS, code) ? (code as ErrorCode) : (CLIENT_CODES[code] ?? "internal");
  return refusal(known, message, {
    ...(retry_after_ms !== undefined && { retry_after_ms }),
    ...(client_msg_id !== undefined && { client_msg_id }),
  });
}

/** A host that does not know a variable passes its name on as it stands in the settings. */
const UNEXPANDED = /^(?:\$\{?[A-Za-z_]|\{env:|%[A-Za-z_])/;

const WHERE = "in this server's settings, or run setup again, and start it anew; tell your user";

/** What is wrong with the hub key that a host handed to `channel-hub mcp`, in the words of its settings. */
export function keyFault(key: string | undefined): string {
  if (key === undefined) return `no hub key: set CHANNEL_HUB_KEY ${WHERE}`;
  if (!UNEXPANDED.test(key)) return `the hub key is wrong: set CHANNEL_HUB_KEY to the right one ${WHERE}`;
  return `CHANNEL_HUB_KEY is the text ${key.slice(0, 40)}, which the host did not replace: tell your user to set that variable where the host is started, and to start it anew`;
}
