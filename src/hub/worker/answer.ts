/** Answers of the control plane: success is 200 with `ok:true`, a refusal its status with `ok:false`. */
import type { HubContext } from "./context.ts";
import { logFault } from "../between/log.ts";
import { type Refusal, refusal, statusOf } from "../../protocol/index.ts";

const JSON_TYPE = { "content-type": "application/json; charset=utf-8", "cache-control": "no-store" };

/** `fields` is what follows `"ok":true`: an object, or the JSON of one where its parts are JSON already. */
export function success(fields: object | string): Response {
  const json = typeof fields === "string" ? fields : JSON.stringify(fields);
  return new Response(json === "{}" ? '{"ok":true}' : `{"ok":true,${json.slice(1)}`, { headers: JSON_TYPE });
}

export function failure(c: HubContext, why: Refusal, headers: Readonly<Record<string, string>> = {}): Response {
  const { error, code, ...extras } = why;
  c.set("refused", code);
  const body = { ok: false, error, code, request_id: c.var.request_id, ...extras };
  const retry = why.retry_after_ms === undefined ? {} : { "retry-after": String(Math.ceil(why.retry_after_ms / 1000)) };
  const status = statusOf(why);
  // RFC 9110 §11.6.1: a 401 says how to authenticate.
  const challenge = status === 401 ? { "www-authenticate": "Bearer" } : {};
  return new Response(JSON.stringify(body), { status, headers: { ...JSON_TYPE, ...retry, ...challenge, ...headers } });
}

/** A fault: its cause goes to the log under the request's id, never to the caller. */
export function fault(c: HubContext, error: unknown): Response {
  const says = "the hub failed; try again, and quote the request id if it stays";
  const answer = failure(c, refusal("internal", says));
  logFault("internal", { request_id: c.var.request_id }, error);
  return answer;
}
