/** The Worker's routes, in the order in which a request meets them. */
import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { cors } from "hono/cors";
import { FRAME_BYTES, LIMITS, map, ok, readLimits, refusal, type Refusal } from "../protocol/index.ts";
import { type CallContext, callTool, TOOL } from "../tool/index.ts";
import { admit, isSharedOrigin } from "./admission.ts";
import { failure, fault, success } from "./answer.ts";
import { callIndex } from "./calls.ts";
import { channelRoutes } from "./channel-routes.ts";
import type { HubContext, HubEnv } from "./env.ts";
import { answering, routesOf } from "./handlers.ts";
import { proofFor } from "./identity.ts";
import { listenToSeveral } from "./listen-route.ts";
import { mcpEndpoint } from "./mcp/mcp-endpoint.ts";
import type { ToolContext } from "./mcp/tool-server.ts";
import { openApiDocument } from "./openapi/document.ts";
import { upgrade } from "./socket-route.ts";
import { ticketRoute } from "./ticket-route.ts";
import { toolPort } from "./tool-port.ts";
import { VERSION } from "./version.ts";

export const app: Hono<HubEnv> = new Hono<HubEnv>();
const route = routesOf(app);
const MCP_PATH = "/mcp";

// Without a key: says that a hub is here, and nothing else.
route("/health", { GET: () => success({ name: "channel-hub", version: VERSION }) });

// The document for programs; needs no key, as it tells nothing of this hub.
route("/openapi.json", { GET: () => Response.json(openApiDocument()) });

/** What a page of another site needs; asked for by its browser beforehand, without a key. */
const shared = cors({
  origin: (origin) => origin,
  allowMethods: ["GET", "HEAD", "POST", "DELETE"],
  allowHeaders: [
    ...["x-spf-key", "authorization", "content-type", "idempotency-key"],
    ...["signature", "signature-input", "content-digest"],
  ],
  exposeHeaders: ["retry-after"],
  maxAge: 600,
});

// Only for pages that the owner named; to all others the hub sends no CORS header at all (IDN3).
app.use("/api/*", async function sharing(c, next) {
  const isShared = isSharedOrigin(c.req.header("origin") ?? "", c.env.HUB_ORIGINS ?? "");
  return isShared ? await shared(c, next) : await next();
});

app.use(async function admission(c, next) {
  const admitted = await admit(c.req.raw, new URL(c.req.url), c.env);
  if (!admitted.ok) return turnedAway(c, admitted.refusal);
  c.set("admission", admitted.value);
  return await next();
});

app.use(
  bodyLimit({
    maxSize: FRAME_BYTES,
    onError: () => failure(refusal("body_too_large", `a body must be at most ${FRAME_BYTES} bytes`)),
  }),
);

app.use(async function identity(c, next) {
  const proof = await proofFor(c, c.var.admission);
  if (!proof.ok) return turnedAway(c, proof.refusal);
  c.set("proof", proof.value);
  return await next();
});

app.route("/api/channel", channelRoutes);

route("/api/listen", { GET: listenToSeveral });

// → {"ok":true,"limits":{"HUB_RATE_PER_SECOND":30,…},"channels":2,"deleted":0}; null: unlimited
route("/api/hub", {
  GET: answering(async (c) => {
    const limits = readLimits(c.env);
    const counts = await callIndex(c.env, async (index) => ok(await index.counts()));
    return map(counts, ({ channels, deleted }) => ({ limits: withNull(limits), channels, deleted }));
  }),
});

// {"channel_id":"ch-1","key":"alpha"} → {"ok":true,"ticket":"…","url":"wss://…/ws/channel/ch-1","expires_at":"2026-…Z"}
route("/api/ticket", { POST: ticketRoute });

// JSON-RPC: MCP with the one tool `spf_channel`.
route(MCP_PATH, {
  POST: mcpEndpoint((c) => ({
    tool: TOOL,
    call: (args, context) => callTool(toolPort(c), args, toolContext(context)),
  })),
});

route("/ws/channel/:id", { GET: upgrade });

app.notFound((c) => failure(refusal("not_found", `no route ${c.req.method} ${c.req.path}`)));
app.onError((error, c) => fault(error, c.req.routePath));

/** Signs of life are the endpoint's own; the tool need not give any. */
function toolContext({ now, signal }: ToolContext): CallContext {
  return { now, signal };
}

/** MCP clients take a challenge for an offer of OAuth, which there is none of; the body names the header. */
function turnedAway(c: HubContext, why: Refusal): Response {
  const response = failure(why);
  if (c.req.path === MCP_PATH) response.headers.delete("www-authenticate");
  return response;
}

/** JSON has no infinity. */
function withNull(limits: Readonly<Record<string, number>>): Record<string, number | null> {
  return Object.fromEntries(
    Object.keys(LIMITS).map((name) => [name, limits[name] === Infinity ? null : (limits[name] ?? null)]),
  );
}
