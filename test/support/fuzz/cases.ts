/** One fuzzed request or frame at a time: bodies, URLs, headers, names and frames, each nearly right. */
import type { Dice } from "../crash/dice.ts";
import { almost, garbled, headerValue, oneIn, pick, text, urlPart } from "./words.ts";

export interface FuzzedRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

const sending = { text: "hello", name: "ALPHA", msg_type: "text", client_msg_id: "c-1", to: ["alpha"], reply_to: 1 };

/** Bodies that a hub takes, by route. */
function bodies(channel_id: string, key: string): Readonly<Record<string, Readonly<Record<string, unknown>>>> {
  const who = { channel_id, key };
  return {
    "channel/create": { name: "ops", key, name_display: "ALPHA", kind: "agent" },
    "channel/join": { ...who, name: "ALPHA", kind: "agent" },
    "channel/leave": who,
    "channel/send": { ...who, ...sending },
    "channel/read": { ...who, seq: 1 },
    "channel/kick": { ...who, target: "alpha", minutes: 1 },
    "channel/pause": who,
    "channel/guard-reset": who,
    ticket: { ...who, name: "ALPHA", watch: false, seconds: 60 },
  };
}

const QUERIES = ["limit", "after", "before", "epoch", "key", "name", "kind", "for", "cursor", "ticket", "x"];
const ROUTES = ["", "/history", "/listen", "/../list", "/%2e%2e", "//"];
const HEADERS = [
  ...["signature", "signature-input", "content-digest", "idempotency-key", "origin", "authorization", "accept"],
  ...["x-hub-agent", "x-hub-name", "x-asked", "sec-websocket-protocol", "mcp-protocol-version", "content-type"],
];

export function fuzzedBody(dice: Dice, id: string, key: string): FuzzedRequest {
  const [route, fields] = pick(dice, Object.entries(bodies(id, key)));
  const json = almost(dice, { ...fields, ...(oneIn(dice, 2) && { client_msg_id: String(dice.roll(1, 1e9)) }) });
  return { method: "POST", path: `/api/${route}`, headers: {}, body: oneIn(dice, 15) ? bytes(dice, json) : json };
}

/** Not UTF-8. */
function bytes(dice: Dice, json: string): Uint8Array {
  const encoded = new TextEncoder().encode(json);
  if (encoded.length > 0) encoded[dice.roll(0, encoded.length - 1)] = dice.roll(0x80, 0xff);
  return encoded;
}

export function fuzzedUrl(dice: Dice, id: string, key: string): FuzzedRequest {
  const query = Array.from({ length: dice.roll(0, 4) }, () => `${pick(dice, QUERIES)}=${urlPart(dice)}`);
  if (oneIn(dice, 2)) query.push(`key=${key}`);
  // None that is right and long: a listen would hold up everything.
  if (oneIn(dice, 4)) query.push(`wait=${pick(dice, ["0", "0.0", "-1", "56", "1e9", "x", "", "%30"])}`);
  const room = oneIn(dice, 3) ? urlPart(dice) : id;
  const base = pick(dice, [
    `/api/channel/${room}${pick(dice, ROUTES)}`,
    "/api/channel/list",
    "/api/listen",
    `/ws/channel/${room}`,
  ]);
  const path = oneIn(dice, 4) ? garbled(dice, base).replace(/[^!-~]/g, "%") : base;
  const method = pick(dice, ["GET", "GET", "GET", "HEAD", "DELETE", "PUT", "PATCH", "OPTIONS"]);
  return { method, path: path.startsWith("/") ? `${path}?${query.join("&")}` : `/${path}`, headers: {} };
}

export function fuzzedHeaders(dice: Dice, id: string, key: string): FuzzedRequest {
  const headers = Array.from({ length: dice.roll(1, 4) }, () => [pick(dice, HEADERS), headerValue(dice)] as const);
  const isRead = oneIn(dice, 2);
  const body = JSON.stringify({ channel_id: id, key, text: "headers" });
  if (isRead) return { method: "GET", path: `/api/channel/${id}`, headers: Object.fromEntries(headers) };
  return { method: "POST", path: "/api/channel/send", headers: Object.fromEntries(headers), body };
}

export function fuzzedName(dice: Dice, id: string, key: string): FuzzedRequest {
  const named = oneIn(dice, 2)
    ? {
        path: "/api/channel/join",
        fields: { channel_id: id, key: oneIn(dice, 3) ? text(dice) : key, name: text(dice) },
      }
    : {
        path: "/api/channel/send",
        fields: { channel_id: id, key, text: text(dice), name: text(dice), to: [text(dice)] },
      };
  return { method: "POST", path: named.path, headers: {}, body: JSON.stringify(named.fields) };
}

/** A call of the tool; `id` is a channel of its own, since its answers tell no seq. */
export function fuzzedCall(dice: Dice, id: string, key: string): FuzzedRequest {
  const action = pick(dice, ["join", "send", "leave", "history", "listen", "who", "list", "status", text(dice)]);
  const params = {
    name: "spf_channel",
    arguments: { action, channel: id, text: text(dice), key, name: text(dice), limit: 5, wait: 0 },
  };
  const body = almost(dice, {
    jsonrpc: "2.0",
    id: 1,
    method: pick(dice, ["tools/call", "tools/list", "ping"]),
    params,
  });
  return { method: "POST", path: "/mcp", headers: { accept: "application/json" }, body };
}

const SPEAKING = ["send", "send", "send", "send", "join", "join"];

/** A text frame, or a binary one. */
export function fuzzedFrame(dice: Dice): string | Uint8Array {
  if (oneIn(dice, 40)) return bytes(dice, text(dice));
  if (oneIn(dice, 400)) return "x".repeat(300_000);
  const action = pick(dice, [...SPEAKING, "leave", "history", "seen", "read", text(dice)]);
  const fields = { action, ...sending, client_msg_id: String(dice.roll(1, 1e9)), limit: 2, after: 0, seq: 1, ref: "r" };
  return almost(dice, fields);
}

export const QUERY_FIELDS: readonly string[] = QUERIES;
