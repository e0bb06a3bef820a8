/** The shapes that all of the control plane shares: a query on the way out, `ok` on the way back. */
import { type Failure, failure, HubError } from "./hub-error.ts";
import type { HttpAnswer } from "./host.ts";
import { readObject } from "./read-frame.ts";

/** Characters of a strange answer that are told. */
const SEEN = 80;

/** `?a=1&b=2`, without what is undefined. */
export function query(values: Readonly<Record<string, string | number | undefined>>): string {
  const pairs = Object.entries(values).filter(([, value]) => value !== undefined);
  const text = pairs.map(([name, value]) => `${name}=${encodeURIComponent(value ?? "")}`).join("&");
  return text === "" ? "" : `?${text}`;
}

/** `{"ok":true,…}`, or else throws what the hub said. */
export function readAnswer(answer: HttpAnswer): Readonly<Record<string, unknown>> {
  const read = readObject(answer.text);
  if (read?.["ok"] === true) return read;
  throw new HubError((read && refusalOf(read, answer.status)) ?? noAnswer(answer));
}

/** Whoever answered, it was not the hub: a proxy, a login page, another server. Says what was seen. */
export function noAnswer({ status, text, type, location }: HttpAnswer): Failure {
  const leads = location === undefined ? "" : `, a redirect to ${location}`;
  const kind = type === undefined ? "" : `, ${type}`;
  const said = text.replaceAll(/\s+/g, " ").trim();
  const seen = said === "" ? "" : `: ${said.length > SEEN ? `${said.slice(0, SEEN)}…` : said}`;
  const hint = "is the url right? a proxy or a login page may answer in the hub's place";
  return failure("bad_answer", `this is no answer of a hub (status ${status}${leads}${kind})${seen}`, { status, hint });
}

/** A refusal in the hub's own form; undefined: it is nobody's or another's. */
// {"ok":false,"error":"…","code":"…","request_id":"…","hint":"…","retry_after_ms":1000,"client_msg_id":"…"}
function refusalOf(answer: Readonly<Record<string, unknown>>, status: number): Failure | undefined {
  const { ok, error, code, request_id, hint, retry_after_ms, client_msg_id, server_time } = answer;
  if (ok !== false || status < 400) return undefined;
  if (typeof error !== "string" || typeof code !== "string" || typeof request_id !== "string") return undefined;
  return {
    code,
    message: error,
    status,
    request_id,
    ...(typeof hint === "string" && { hint }),
    ...(typeof retry_after_ms === "number" && { retry_after_ms }),
    ...(typeof client_msg_id === "string" && { client_msg_id }),
    ...(typeof server_time === "number" && { server_time }),
  };
}
