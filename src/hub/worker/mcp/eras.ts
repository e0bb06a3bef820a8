/**
 * The two eras of MCP on one endpoint. Up to 2025-11-25 a client opens with `initialize`; since
 * 2026-07-28 every request describes itself in `_meta` and mirrors that in headers, which must
 * agree with the body. Nothing is remembered between requests in either: no session is ever made.
 */
import * as v from "valibot";
import { quote } from "../../../protocol/index.ts";
import { INSTRUCTIONS } from "../../../tool/index.ts";
import { fromBase64 } from "../../between/bytes.ts";
import { VERSION } from "../version.ts";
import { type Params, type RpcRefusal, rpcRefusal, type RpcRequest } from "./json-rpc.ts";
import type { ToolDefinition } from "./tool-server.ts";

type Description = (params: Params, tool: ToolDefinition) => object;

export interface Era {
  /** What stands against serving this request; undefined: nothing does. */
  readonly check: (request: RpcRequest, headers: Headers) => RpcRefusal | undefined;
  /** The methods that only describe the server, by name. */
  readonly descriptions: ReadonlyMap<string, Description>;
  /** What every result carries beside its own fields. */
  readonly resultFields: object;
  readonly unknownMethodStatus: number;
  /** Id of an error whose request could not be read: JSON-RPC 2.0 says null, MCP since 2026-07-28 none. */
  readonly unknownId: null | undefined;
}

const MODERN_VERSION = "2026-07-28";
/** Newest first: what a client is offered that asks for none of them. */
const LEGACY_VERSIONS = ["2025-11-25", "2025-06-18", "2025-03-26"] as const;

const SERVER = { name: "channel-hub", version: VERSION };
const CAPABILITIES = { tools: {} };

/** Milliseconds for which clients may keep a description. Only a new deployment changes one. */
const CACHE_MS = 300_000;
/** Descriptions are the same for everybody. */
const CACHING = { ttlMs: CACHE_MS, cacheScope: "public" };

const META_VERSION = "io.modelcontextprotocol/protocolVersion";
const META_CAPABILITIES = "io.modelcontextprotocol/clientCapabilities";
const META_SERVER = "io.modelcontextprotocol/serverInfo";

const CLAIM = v.object({ [META_VERSION]: v.string() });
const META = v.object({ [META_VERSION]: v.string(), [META_CAPABILITIES]: v.record(v.string(), v.unknown()) });

export const LEGACY: Era = {
  check: () => undefined,
  descriptions: new Map<string, Description>([
    ["initialize", initialize],
    ["ping", () => ({})],
    ["tools/list", (_params, tool) => ({ tools: [tool] })],
  ]),
  resultFields: {},
  unknownMethodStatus: 200,
  unknownId: null,
};

export const MODERN: Era = {
  check: checkMetadata,
  descriptions: new Map<string, Description>([
    ["server/discover", discover],
    ["tools/list", (_params, tool) => ({ tools: [tool], ...CACHING })],
  ]),
  resultFields: { resultType: "complete", _meta: { [META_SERVER]: SERVER } },
  // Tells a method this server lacks from a path where no MCP server is (Streamable HTTP, "Protocol Version Header").
  unknownMethodStatus: 404,
  unknownId: undefined,
};

/** The era of a request: what its `_meta` claims; else `initialize` is legacy, and the header decides the rest. */
export function eraOf({ method, params }: RpcRequest, headers: Headers): Era {
  if (v.is(CLAIM, params["_meta"])) return MODERN;
  return method === "initialize" ? LEGACY : eraOfHeader(headers);
}

/** All that is known of a body that could not be read. Without the header it is a client of 2025-03-26 or older. */
export function eraOfHeader(headers: Headers): Era {
  const version = headers.get("mcp-protocol-version");
  return version === null || isLegacy(version) ? LEGACY : MODERN;
}

function isLegacy(version: unknown): boolean {
  return LEGACY_VERSIONS.some((known) => known === version);
}

/** → {"protocolVersion":"2025-11-25","capabilities":{"tools":{}},"serverInfo":{…},"instructions":"…"} */
function initialize({ protocolVersion }: Params): object {
  return {
    protocolVersion: isLegacy(protocolVersion) ? protocolVersion : LEGACY_VERSIONS[0],
    capabilities: CAPABILITIES,
    serverInfo: SERVER,
    instructions: INSTRUCTIONS,
  };
}

/** → {"supportedVersions":["2026-07-28"],"capabilities":{"tools":{}},"instructions":"…","ttlMs":300000,"cacheScope":"public"} */
function discover(): object {
  return { supportedVersions: [MODERN_VERSION], capabilities: CAPABILITIES, instructions: INSTRUCTIONS, ...CACHING };
}

/** In the order clients rely on: `_meta` is whole, headers agree with the body, the version is served. */
function checkMetadata({ method, params }: RpcRequest, headers: Headers): RpcRefusal | undefined {
  const parsed = v.safeParse(META, params["_meta"]);
  if (!parsed.success) {
    return rpcRefusal(
      400,
      "invalidParams",
      `Invalid params: params._meta must hold "${META_VERSION}" (a string) and "${META_CAPABILITIES}" (an object)`,
    );
  }
  const version = parsed.output[META_VERSION];
  const wrong =
    mismatch(headers, "MCP-Protocol-Version", version) ??
    mismatch(headers, "Mcp-Method", method) ??
    (method === "tools/call" ? mismatch(headers, "Mcp-Name", params["name"]) : undefined);
  return wrong ?? (version === MODERN_VERSION ? undefined : unsupported(version));
}

function mismatch(headers: Headers, name: string, inBody: unknown): RpcRefusal | undefined {
  const header = headers.get(name);
  if (header === null) return rpcRefusal(400, "headerMismatch", `Header mismatch: the header ${name} is missing`);
  if (decodeHeader(header) === inBody) return undefined;
  const message = `Header mismatch: the header ${name} is "${quote(header)}", which is not what the body says`;
  return rpcRefusal(400, "headerMismatch", message);
}

/** Plain text, or `=?base64?…?=` around the base64 of UTF-8. Undefined: neither. */
function decodeHeader(value: string): string | undefined {
  const encoded = /^=\?base64\?(.*)\?=$/.exec(value)?.[1];
  if (encoded === undefined) return value;
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(fromBase64(encoded));
  } catch {
    // Neither base64 nor UTF-8: equal to no name.
    return undefined;
  }
}

function unsupported(requested: string): RpcRefusal {
  const message = `Unsupported protocol version: "${quote(requested)}"; use ${MODERN_VERSION}, or open with initialize for ${LEGACY_VERSIONS.join(", ")}`;
  return rpcRefusal(400, "unsupportedVersion", message, { supported: [MODERN_VERSION], requested });
}
