/**
 * JSON-RPC 2.0 as MCP uses it: one message a body, ids that are strings or whole numbers. Reads
 * what came and shapes what is answered; knows no method.
 */
import * as v from "valibot";

export type RequestId = string | number;
export type Params = Readonly<Record<string, unknown>>;

export interface RpcRequest {
  readonly type: "request";
  readonly id: RequestId;
  readonly method: string;
  readonly params: Params;
}

/** No notification changes anything here, so its content is not kept. */
export type RpcMessage = RpcRequest | { readonly type: "notification" };

export interface RpcError {
  readonly code: number;
  readonly message: string;
  readonly data?: object;
}

/** An error and the HTTP status it is answered with. */
export interface RpcRefusal {
  readonly status: number;
  readonly error: RpcError;
}

/** JSON-RPC 2.0 section 5.1, and what MCP 2026-07-28 adds ("Error Codes" of its base protocol). */
export const CODES = {
  parseError: -32700,
  invalidRequest: -32600,
  methodNotFound: -32601,
  invalidParams: -32602,
  internalError: -32603,
  headerMismatch: -32020,
  unsupportedVersion: -32022,
} as const;

export function rpcRefusal(status: number, code: keyof typeof CODES, message: string, data?: object): RpcRefusal {
  return { status, error: { code: CODES[code], message, ...(data !== undefined && { data }) } };
}

export type ParsedMessage =
  | { readonly ok: true; readonly message: RpcMessage }
  | { readonly ok: false; readonly id: RequestId | undefined; readonly refusal: RpcRefusal };

const ID = v.union([v.string(), v.pipe(v.number(), v.integer())]);
const MESSAGE = v.object({
  jsonrpc: v.literal("2.0"),
  id: v.optional(ID),
  method: v.string(),
  params: v.nullish(v.record(v.string(), v.unknown()), {}),
});

const EXPECTED =
  'send one object {"jsonrpc":"2.0","id":…,"method":…,"params":{…}} whose id is a string or a whole number; a notification has no id';

/** `{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{}}`; without `id`, a notification. */
export function parseMessage(text: string): ParsedMessage {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return unreadable("parseError", "Parse error: the body is not JSON");
  }
  if (Array.isArray(json)) return unreadable("invalidRequest", `Invalid Request: batches are not served; ${EXPECTED}`);
  const parsed = v.safeParse(MESSAGE, json);
  if (!parsed.success) return unreadable("invalidRequest", `Invalid Request: ${EXPECTED}`, idOf(json));
  const { id, method, params } = parsed.output;
  return { ok: true, message: id === undefined ? { type: "notification" } : { type: "request", id, method, params } };
}

function unreadable(code: "parseError" | "invalidRequest", message: string, id?: RequestId): ParsedMessage {
  return { ok: false, id, refusal: rpcRefusal(400, code, message) };
}

/** The id of what is otherwise no request: its error still says whose it is. */
function idOf(json: unknown): RequestId | undefined {
  const parsed = v.safeParse(v.object({ id: ID }), json);
  return parsed.success ? parsed.output.id : undefined;
}

/** `{"jsonrpc":"2.0","id":1,"result":{…}}` */
export function resultMessage(id: RequestId, result: object): object {
  return { jsonrpc: "2.0", id, result };
}

/** `{"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"…"}}`; undefined leaves the id out. */
export function errorMessage(id: RequestId | null | undefined, error: RpcError): object {
  return { jsonrpc: "2.0", ...(id !== undefined && { id }), error };
}
