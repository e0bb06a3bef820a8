/**
 * POST /mcp: one tool over MCP's Streamable HTTP, stateless, for clients of both eras. Ours on
 * purpose: the official SDK costs some 60 ms of processor time in the first request of an isolate
 * (`npm run measure:mcp`), where the free plan allows 10; its clients and its conformance suite
 * prove this one.
 * The app has admitted the caller, checked its Origin and bounded the body before. Never logs what it was sent.
 */
import * as v from "valibot";
import { quote } from "../../../protocol/index.ts";
import type { HubContext } from "../context.ts";
import { type HubHandler, readText } from "../handlers.ts";
import { logFault } from "../../between/log.ts";
import { type Era, eraOf, eraOfHeader, LEGACY } from "./eras.ts";
import { eventStream, type ProgressToken, type Work } from "./event-stream.ts";
import { CODES, errorMessage, parseMessage, resultMessage, rpcRefusal, type RpcRequest } from "./json-rpc.ts";
import { argumentsNow, cursorOf, resumedCall } from "./resume.ts";
import type { ToolAnswer, ToolServer } from "./tool-server.ts";

/** `serverFor` makes what this caller is served. */
export function mcpEndpoint(serverFor: (c: HubContext) => ToolServer): HubHandler {
  return async function mcp(c) {
    const { headers } = c.req.raw;
    const text = await readText(c);
    const parsed = parseMessage(text.ok ? text.value : "");
    if (!parsed.ok) {
      const { status, error } = parsed.refusal;
      return json(status, errorMessage(parsed.id ?? eraOfHeader(headers).unknownId, error));
    }
    if (parsed.message.type === "notification") return new Response(null, { status: 202 });
    const era = eraOf(parsed.message, headers);
    return await serve({ era, request: parsed.message, server: serverFor(c) }, c.req.raw);
  };
}

/** GET goes on with a call whose stream broke, where that may be made again; there is no other stream to get. */
export function mcpResumption(serverFor: (c: HubContext) => ToolServer): HubHandler {
  return async function resume(c, next) {
    const { headers, signal } = c.req.raw;
    const [broken, server] = [resumedCall(headers), serverFor(c)];
    if (broken === undefined || broken.name !== server.tool.name || !server.mayRepeat(broken.args)) return await next();
    const { id, token, name, begun } = broken;
    const now = Date.now();
    const params = { name, arguments: argumentsNow(broken, now) };
    const asked: Asked = { era: LEGACY, request: { type: "request", id, method: "tools/call", params }, server };
    const cursor = headers.get("last-event-id") ?? undefined;
    const stream = { signal, token, cursor, passed: Math.max(0, now - begun) };
    return eventStream((work) => call(asked, work), stream);
  };
}

/** A request that was read, and what serves it. */
interface Asked {
  readonly era: Era;
  readonly request: RpcRequest;
  readonly server: ToolServer;
}

async function serve(asked: Asked, { headers, signal }: Request): Promise<Response> {
  const { era, request, server } = asked;
  const refused = era.check(request, headers) ?? refuse(asked);
  if (refused !== undefined) return json(refused.status, errorMessage(request.id, refused.error));
  const describe = era.descriptions.get(request.method);
  if (describe !== undefined) return json(200, result(asked, describe(request.params, server.tool)));
  const token = progressToken(request);
  const isStreamed = acceptsEvents(headers) && (token !== undefined || mayWait(request));
  if (isStreamed) return eventStream((work) => call(asked, work), { signal, token, cursor: cursorFor(asked, headers) });
  return json(200, await call(asked, { signal, progress: () => undefined }));
}

function refuse({ era, request: { method, params }, server: { tool } }: Asked): ReturnType<Era["check"]> {
  if (method !== "tools/call") {
    if (era.descriptions.has(method)) return undefined;
    return rpcRefusal(era.unknownMethodStatus, "methodNotFound", `Method not found: ${quote(method)}`);
  }
  const name = params["name"];
  if (name === tool.name) return undefined;
  const given = typeof name === "string" ? quote(name) : "params.name must be a string";
  return rpcRefusal(200, "invalidParams", `Unknown tool: ${given}; this server has ${tool.name}`);
}

function cursorFor({ era, request: { id, params }, server }: Asked, headers: Headers): string | undefined {
  const args = params["arguments"] ?? {};
  if (era !== LEGACY || !v.is(ARGUMENTS, args) || !server.mayRepeat(args)) return undefined;
  const { name } = server.tool;
  return cursorOf({ id, token: progressToken({ params }), name, args, begun: Date.now() }, headers);
}

/** Never rejects: on a stream nobody else could answer. */
async function call(asked: Asked, work: Work): Promise<object> {
  const { request, server } = asked;
  try {
    const answer = await server.call(request.params["arguments"] ?? {}, { now: Date.now(), ...work });
    return result(asked, toolResult(answer));
  } catch (fault) {
    const request_id = crypto.randomUUID();
    logFault("internal", { request_id, route: "/mcp" }, fault);
    const message = `the hub failed; try again, and quote the request id ${request_id} if it stays`;
    return errorMessage(request.id, { code: CODES.internalError, message });
  }
}

/** Text only: hosts that see structuredContent keep the text from the model. */
function toolResult({ text, isError }: ToolAnswer): object {
  return { content: [{ type: "text", text }], ...(isError && { isError }) };
}

function result({ era, request }: Asked, fields: object): object {
  return resultMessage(request.id, { ...era.resultFields, ...fields });
}

function acceptsEvents(headers: Headers): boolean {
  return /\btext\/event-stream\b/i.test(headers.get("accept") ?? "");
}

const ARGUMENTS = v.record(v.string(), v.unknown());
const WAITING = v.object({ wait: v.union([v.number(), v.string()]) });
const WITH_TOKEN = v.object({ progressToken: v.union([v.number(), v.string()]) });

/** Whether the tool was asked to wait for something: `wait` is seconds. */
function mayWait({ params }: RpcRequest): boolean {
  const args = params["arguments"];
  return v.is(WAITING, args) && Number(args.wait) > 0;
}

function progressToken({ params }: Pick<RpcRequest, "params">): ProgressToken | undefined {
  const meta = params["_meta"];
  return v.is(WITH_TOKEN, meta) ? meta.progressToken : undefined;
}

function json(status: number, body: object): Response {
  const headers = { "content-type": "application/json; charset=utf-8", "cache-control": "no-store" };
  return new Response(JSON.stringify(body), { status, headers });
}
