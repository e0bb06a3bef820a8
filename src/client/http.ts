/** The shapes that all of the control plane shares: a query on the way out, `ok` on the way back. */
import { type Failure, failure, HubError } from "./hub-error.ts";
import type { HttpAnswer } from "./host.ts";
import { readObject } from "./read-frame.ts";

/** `?a=1&b=2`, without what is undefined. */
export function query(values: Readonly<Record<string, string | number | undefined>>): string {
  const pairs = Object.entries(values).filter(([, value]) => value !== undefined);
  const text = pairs.map(([name, value]) => `${name}=${encodeURIComponent(value ?? "")}`).join("&");
  return text === "" ? "" : `?${text}`;
}

/** `{"ok":true,…}`, or else throws what the hub said. */
export function readAnswer({ status, text }: HttpAnswer): Readonly<Record<string, unknown>> {
  const answer = readObject(text);
  if (answer?.["ok"] === true) return answer;
  throw new HubError(
    answer === undefined || typeof answer["error"] !== "string" ? noAnswer(status) : refusalOf(answer, status),
  );
}

export function noAnswer(status: number): Failure {
  return failure("bad_answer", `this is no answer of a hub (status ${status}); is the url right?`, { status });
}

// {"ok":false,"error":"…","code":"…","request_id":"…","hint":"…","retry_after_ms":1000,"client_msg_id":"…"}
function refusalOf({ ok: _ok, error, code, ...extras }: Readonly<Record<string, unknown>>, status: number): Failure {
  return { ...extras, message: String(error), code: typeof code === "string" ? code : "bad_answer", status };
}
