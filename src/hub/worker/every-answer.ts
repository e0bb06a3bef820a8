/** Around every request: its id, the headers that each answer has, and its line in the log. */
import { matchedRoutes } from "hono/route";
import type { MiddlewareHandler } from "hono";
import { channelNumber } from "../../protocol/index.ts";
import type { HubContext, HubEnv } from "./context.ts";
import { logEvent } from "../between/log.ts";
import { noteRequest } from "./traffic.ts";

/**
 * Answers are data: a browser that is shown one runs nothing of it, guesses no other type, frames it
 * nowhere and tells no other site where it was. Not for upgrades, which may not be changed.
 */
const HEADERS = {
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
} as const;

export const everyAnswer: MiddlewareHandler<HubEnv> = async function everyAnswer(c, next) {
  const started_at = Date.now();
  const request_id = crypto.randomUUID();
  c.set("request_id", request_id);
  await next();
  noteRequest(c.get("refused"), c.get("admission")?.key.kid, started_at);
  if (c.res.status !== 101) setHeaders(c.res.headers, request_id);
  logEvent("request", {
    request_id,
    route: routeOf(c),
    method: c.req.method,
    status: c.res.status,
    code: c.get("refused"),
    kid: c.get("admission")?.key.kid,
    agent: c.get("agent"),
    channel: channelOf(c),
    message: c.get("message"),
    ms: Date.now() - started_at,
  });
};

function setHeaders(headers: Headers, request_id: string): void {
  for (const [name, value] of Object.entries(HEADERS)) headers.set(name, value);
  headers.set("x-request-id", request_id);
}

/** As it is written in the code; what came before any route has none. */
function routeOf(c: HubContext): string {
  return matchedRoutes(c).find(({ path }) => !path.endsWith("*"))?.path ?? "none";
}

/** Only what has the form of an id: the rest of a path is the caller's own words. */
function channelOf(c: HubContext): string | undefined {
  const id = c.get("channel_id") ?? c.req.path.split("/").find((part) => part.startsWith("ch-"));
  return id !== undefined && channelNumber(id) !== undefined ? id : undefined;
}
