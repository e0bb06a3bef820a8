/** The Worker's routes, in the order in which a request meets them. */
import { Hono } from "hono";
import { cors } from "hono/cors";
import { matchedRoutes } from "hono/route";
import { refusal, type Refusal } from "../../protocol/index.ts";
import { type Agent, type CallContext, callTool, type Memory, TOOL } from "../../tool/index.ts";
import { admit, givesKey, isSharedOrigin } from "./admission/admission.ts";
import { failure, fault, success } from "./answer.ts";
import { boundedBody } from "./body.ts";
import { channelRoutes } from "./routes/channel-routes.ts";
import type { HubContext, HubEnv } from "./context.ts";
import { everyAnswer } from "./every-answer.ts";
import { slowedDown } from "./admission/failed-admissions.ts";
import { routesOf } from "./handlers.ts";
import { hubRoute, metricsRoute } from "./routes/hub-route.ts";
import { auditRoute, fsckRoute, restoredRoute } from "./routes/owner-route.ts";
import { proofFor } from "./admission/identity.ts";
import { listenToSeveral } from "./routes/listen-route.ts";
import { mcpEndpoint, mcpResumption } from "./mcp/mcp-endpoint.ts";
import { answerStranger } from "./mcp/stranger.ts";
import type { ToolContext, ToolServer } from "./mcp/tool-server.ts";
import { openApiDocument } from "./openapi/document.ts";
import { packageOf } from "./package.ts";
import { makePassRoute, passesRoute, revokeAllRoute, revokePassRoute } from "./routes/pass-routes.ts";
import { upgrade } from "./routes/socket-route.ts";
import { ticketRoute } from "./routes/ticket-route.ts";
import { logToolCall } from "./mcp/tool-log.ts";
import { memoryOf } from "./mcp/tool-agent.ts";
import { toolPort } from "./mcp/tool-port.ts";
import { VERSION } from "./version.ts";

export const app: Hono<HubEnv> = new Hono<HubEnv>();
const route = routesOf(app);
const MCP_PATH = "/mcp";

app.use(everyAnswer);

// Without a key: says that a hub is here, and which package it hands out; nothing else.
// → {"ok":true,"name":"channel-hub","version":"0.1.0","package":{"build":"d38a0f993407","sha256":"…"}}
route("/health", {
  GET: async (c) => success({ name: "channel-hub", version: VERSION, package: await packageOf(c.env) }),
});

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
  exposeHeaders: ["retry-after", "x-request-id"],
  maxAge: 600,
});

// Only for pages that the owner named; to all others the hub sends no CORS header at all (IDN3).
app.use("/api/*", async function sharing(c, next) {
  const isShared = isSharedOrigin(c.req.header("origin") ?? "", new URL(c.req.url), c.env);
  return isShared ? await shared(c, next) : await next();
});

const UPGRADE_PATH = "/ws/channel/:id";
app.use(UPGRADE_PATH, async function upgradeOf(c, next) {
  c.set("upgrade_of", c.req.param("id"));
  return await next();
});

app.use(async function admission(c, next) {
  const admitted = await admit(c.req.raw, c.get("upgrade_of"), c.env);
  if (!admitted.ok) return await refuse(c, await slowedDown(c.env, c.req.raw.headers, admitted.refusal));
  c.set("admission", admitted.value);
  return await next();
});

app.use(boundedBody);

app.use(async function identity(c, next) {
  const proof = await proofFor(c, c.var.admission);
  if (!proof.ok) return turnedAway(c, proof.refusal);
  c.set("proof", proof.value);
  return await next();
});

app.route("/api/channel", channelRoutes);

route("/api/listen", { GET: listenToSeveral });

route("/api/pass", { GET: passesRoute, POST: makePassRoute, DELETE: revokeAllRoute });
route("/api/pass/:id", { DELETE: revokePassRoute });

route("/api/hub", { GET: hubRoute });
// Prometheus' text, for admins.
route("/metrics", { GET: metricsRoute });
route("/api/hub/audit", { GET: auditRoute });
route("/api/hub/fsck", { POST: fsckRoute });
route("/api/hub/restored", { POST: restoredRoute });

// {"channel_id":"ch-1","key":"alpha"} → {"ok":true,"ticket":"…","url":"wss://…/ws/channel/ch-1","expires_at":"2026-…Z"}
route("/api/ticket", { POST: ticketRoute });

// The rest of a listen whose stream broke (`Last-Event-ID`); any other GET is not for this path.
app.get(MCP_PATH, mcpResumption(toolServer));

// JSON-RPC: MCP with the one tool `spf_channel`.
route(MCP_PATH, { POST: mcpEndpoint(toolServer) });

route(UPGRADE_PATH, { GET: upgrade });

app.notFound((c) =>
  failure(c, refusal("not_found", `no route ${c.req.method} ${c.req.path}`, { hint: whereTo(c.req.path) })),
);

/** A route of the hub's below a path that is none of its own: whoever asked has the address wrong. */
function whereTo(path: string): string {
  const above = /^(\/.*?)\/(?:(?:api|ws)\/|(?:mcp|health)$)/.exec(path)?.[1];
  return above === undefined
    ? "GET /openapi.json lists the routes"
    : `leave ${above} out of the hub's address; GET /openapi.json lists the routes`;
}
app.onError((error, c) => fault(c, error));

function toolServer(c: HubContext): ToolServer {
  return {
    tool: TOOL,
    // What a listen shows comes again where it was lost (HST2).
    mayRepeat: ({ action }) => action === "listen",
    call: async (args, context) => {
      const memory = (agent: Agent): Memory => memoryOf(c, agent);
      const answer = await callTool(toolPort(c), args, { ...toolContext(context), memory });
      logToolCall(c, args, answer, Date.now() - context.now);
      return answer;
    },
  };
}

/** Signs of life are the endpoint's own; the tool need not give any. */
function toolContext({ now, signal }: ToolContext): CallContext {
  return { now, signal };
}

/** With a wrong key there is nothing, but for models: they are told so. */
async function refuse(c: HubContext, why: Refusal): Promise<Response> {
  const isModel = why.code === "unauthorized" && isMcp(c) && givesKey(c.req.raw.headers);
  if (isModel && c.req.method === "GET") return noStream(c, why);
  if (!isModel || c.req.method !== "POST") return turnedAway(c, why);
  let answer: Response | undefined;
  const bounded = await boundedBody(c, async () => {
    answer = await answerStranger(c, why);
  });
  return answer ?? (bounded instanceof Response ? bounded : turnedAway(c, why));
}

function isMcp(c: HubContext): boolean {
  return matchedRoutes(c).some(({ path }) => path === MCP_PATH);
}

/** Hosts ask for a stream beside their calls, and some drop a server that answers that with 401. */
function noStream(c: HubContext, why: Refusal): Response {
  const response = failure(c, refusal("method_not_allowed", `GET is not for ${MCP_PATH}; use POST`), { allow: "POST" });
  c.set("refused", why.code);
  return response;
}

/** MCP clients take a challenge for an offer of OAuth, which there is none of; the body names the header. */
function turnedAway(c: HubContext, why: Refusal): Response {
  const response = failure(c, why);
  if (isMcp(c)) response.headers.delete("www-authenticate");
  return response;
}
