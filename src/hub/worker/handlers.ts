/** From `Result` to `Response`: the few shapes that all routes have. */
import type { Handler, Hono } from "hono";
import type * as v from "valibot";
import {
  check,
  clientMsgId,
  ok,
  parseBody,
  parseQuery,
  refusal,
  refuse,
  type Result,
  isWithin,
} from "../../protocol/index.ts";
import { failure, success } from "./answer.ts";
import { provenKey } from "./admission/caller.ts";
import { refuseHubWide } from "./calls/passes.ts";
import type { HubContext, HubEnv } from "./context.ts";
import { pathOf, type Route, ROUTES } from "./openapi/routes.ts";

export type HubHandler = Handler<HubEnv>;

/** What follows `"ok":true`: an object, or the JSON of one. */
type Fields = object | string;
type Answer = Result<Fields> | Promise<Result<Fields>>;

/**
 * Adds paths to an app that stands at `base`: handlers by method, each for the scope that the table
 * of routes gives it, and 405 with `Allow` for every other method.
 */
export function routesOf(
  app: Hono<HubEnv>,
  base = "",
  table: readonly Route[] = ROUTES,
): (path: string, handlers: Readonly<Record<string, HubHandler>>) => void {
  return (path, handlers) => {
    for (const [method, handler] of Object.entries(handlers)) {
      app.on(method, path, scoped(routeOf(table, method, base + path), handler));
    }
    const allow = Object.keys(handlers)
      .flatMap((method) => (method === "GET" ? ["GET", "HEAD"] : [method]))
      .join(", ");
    app.all(path, (c) =>
      failure(c, refusal("method_not_allowed", `${c.req.method} is not for ${c.req.path}; use ${allow}`), { allow }),
    );
  };
}

/** A route that is not in the table does not start. */
function routeOf(table: readonly Route[], method: string, path: string): Route {
  const told = table.find((route) => route.method === method.toLowerCase() && pathOf(route) === path);
  if (told === undefined) throw new Error(`${method} ${path} is not in the table of routes`);
  return told;
}

/** The least scope a route takes; what only some of its callers may do, its rule checks. */
function scoped({ scope: needed, isHubWide }: Route, handler: HubHandler): HubHandler {
  if (needed === "open") return handler;
  return async (c, next) => {
    const { scope } = c.var.admission;
    const text = `this needs a hub key with scope ${needed}, yours has ${scope}`;
    if (!isWithin(needed, scope)) return failure(c, refusal("forbidden_scope", text));
    const barred = isHubWide === true ? await refuseHubWide(c) : undefined;
    return barred === undefined ? await handler(c, next) : failure(c, barred);
  };
}

export function answering(answer: (c: HubContext) => Answer): HubHandler {
  return async (c) => {
    const result = await answer(c);
    return result.ok ? success(result.value) : failure(c, result.refusal);
  };
}

/** A body may leave out the key that the request proves. */
export function withBody<S extends v.GenericSchema>(
  schema: S,
  answer: (c: HubContext, body: v.InferOutput<S>) => Answer,
): HubHandler {
  return answering(async (c) => {
    const json = await readText(c);
    const body = json.ok ? parseBody(schema, json.value, provenKey(c.var.proof)) : json;
    if (!body.ok) return body;
    noteChannel(c, body.value);
    return await answer(c, body.value);
  });
}

/** For the log. */
function noteChannel(c: HubContext, body: unknown): void {
  if (typeof body !== "object" || body === null || !("channel_id" in body)) return;
  if (typeof body.channel_id === "string") c.set("channel_id", body.channel_id);
}

export function withQuery<S extends v.GenericSchema>(
  schema: S,
  answer: (c: HubContext, query: v.InferOutput<S>) => Answer,
): HubHandler {
  return answering(async (c) => {
    const query = parseQuery(schema, new URL(c.req.url).search);
    return query.ok ? await answer(c, query.value) : query;
  });
}

/** The body as text; its size is bounded by the body limit before. Content-Type is not examined. */
export async function readText(c: HubContext): Promise<Result<string>> {
  const bytes = await c.req.arrayBuffer();
  try {
    return ok(new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(bytes));
  } catch {
    const hint = "send JSON in UTF-8, and not compressed";
    return refuse("bad_json", "Invalid JSON: the body is not UTF-8", { hint });
  }
}

/**
 * The id under which a create or send happens once: the header `Idempotency-Key`, or the body's
 * own, or a signed request's nonce, or a random one that lets the Worker repeat a call whose
 * outcome it cannot tell. A signature covers no such header, so with one a replay could get a new id.
 */
export function idempotencyKey(c: HubContext, inBody?: string): Result<string> {
  const { proof } = c.var;
  const own = inBody ?? (proof.strength === "signed" ? proof.nonce : undefined);
  const header = c.req.header("idempotency-key");
  if (header === undefined) return ok(own ?? crypto.randomUUID());
  const given = check(clientMsgId, header, "header");
  if (!given.ok) {
    return refuse("bad_request", "Idempotency-Key must be 1 to 64 printable ASCII characters without space");
  }
  if (own === undefined || own === header) return given;
  const what = inBody === undefined ? "the nonce of the signature, which does not cover it," : "client_msg_id";
  return refuse("bad_request", `${what} and the header Idempotency-Key must be the same, or only one be given`);
}
