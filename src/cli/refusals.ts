/** Answers of the client as values: the tool never sees a `HubError` thrown. */
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

export async function answered<T>(asking: Promise<T>): Promise<Result<T>> {
  try {
    return ok(await asking);
  } catch (error) {
    if (error instanceof HubError) return { ok: false, refusal: refusalOf(error) };
    throw error;
  }
}

function refusalOf({ code, message, hint, retry_after_ms, client_msg_id }: HubError): Refusal {
  const known = Object.hasOwn(ERRORS, code) ? (code as ErrorCode) : (CLIENT_CODES[code] ?? "internal");
  return refusal(known, message, {
    ...(hint !== undefined && { hint }),
    ...(retry_after_ms !== undefined && { retry_after_ms }),
    ...(client_msg_id !== undefined && { client_msg_id }),
  });
}
