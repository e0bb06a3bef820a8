/**
 * Bodies and queries of the HTTP control plane and of the WebSocket upgrade, each parsed in one
 * place. Unknown fields are ignored.
 */
import * as v from "valibot";
import { historyFields, sendFields } from "./command.ts";
import { refuse, type Result, ok } from "./error.ts";
import * as field from "./fields.ts";
import { HISTORY_DEFAULT, KICK_MINUTES, LIST_DEFAULT } from "./limits.ts";
import { positions } from "./positions.ts";

const addressed = { channel_id: field.channelId, key: field.agentKey };
const introduced = { name: v.optional(field.participantName), kind: v.optional(field.kind) };

/** POST /api/channel/create. `name` is the channel's; `name_display` the creator's. */
export const CREATE_BODY = v.object({
  name: field.channelName,
  key: field.agentKey,
  name_display: v.optional(field.displayName),
  kind: v.optional(field.kind),
});
/** POST /api/channel/join */
export const JOIN_BODY = v.object({ ...addressed, ...introduced });
/** POST /api/channel/leave */
export const LEAVE_BODY = v.object(addressed);
/** POST /api/channel/send */
export const SEND_BODY = v.object({ ...addressed, ...introduced, ...sendFields });
/** POST /api/channel/read */
export const READ_BODY = v.object({ ...addressed, seq: field.seq });
/** POST /api/channel/kick. An admin of the hub needs no `key`. */
export const KICK_BODY = v.object({
  channel_id: field.channelId,
  key: v.optional(field.agentKey),
  target: field.target,
  minutes: v.optional(field.minutes, KICK_MINUTES),
});
/** POST /api/channel/pause, resume and guard-reset */
export const MODERATION_BODY = v.object({ channel_id: field.channelId, key: v.optional(field.agentKey) });
/** GET /api/hub/audit */
export const AUDIT_QUERY = v.object({ limit: v.optional(field.listLimit, LIST_DEFAULT) });
/** POST /api/hub/fsck, a page at a time */
export const FSCK_BODY = v.object({
  mend: v.optional(v.boolean("bad_request mend must be true or false"), false),
  cursor: v.optional(field.cursor, 0),
});
/** GET /api/channel/:id/history */
export const HISTORY_QUERY = v.object(historyFields);
const listening = {
  wait: v.optional(field.wait, 0),
  for: v.optional(field.listenFor, "all"),
  limit: v.optional(field.limit, HISTORY_DEFAULT),
};
/** GET /api/channel/:id/listen */
export const LISTEN_QUERY = v.object({
  key: field.agentKey,
  after: v.optional(field.after),
  epoch: v.optional(field.epoch),
  ...listening,
});
/** GET /api/listen: several channels at once; without `after`, those the key has joined. */
export const LISTEN_ALL_QUERY = v.object({ key: field.agentKey, after: v.optional(positions), ...listening });
/** The same, of those who only read (SOC9): they have no position of their own. */
export const OBSERVE_QUERY = v.object({ after: v.optional(field.after), epoch: v.optional(field.epoch), ...listening });
export const OBSERVE_ALL_QUERY = v.object({ after: positions, ...listening });
/** GET /api/channel/list */
export const LIST_QUERY = v.object({
  limit: v.optional(field.listLimit, LIST_DEFAULT),
  cursor: v.optional(field.cursor, 0),
  key: v.optional(field.agentKey),
});
const wishes = {
  after: v.optional(field.after),
  epoch: v.optional(field.epoch),
  frames: v.optional(v.picklist(["single", "batch"], "bad_request frames must be single or batch")),
  echo: v.optional(v.picklist(["0", "1"], "bad_request echo must be 0 or 1")),
  instance: v.optional(field.instance),
  attempt: v.optional(field.attempt),
};

/** GET /ws/channel/:id */
export const CONNECT_QUERY = v.object({ key: field.agentKey, ...introduced, ...wishes });
/** The same, of those who only read (SOC9); monitors may have lines in place of frames. */
export const WATCH_QUERY = v.object({
  ...wishes,
  format: v.optional(v.picklist(["frames", "line"], "bad_request format must be frames or line")),
});
/** DELETE /api/channel/:id */
export const DELETE_QUERY = v.object({ key: v.optional(field.agentKey) });
/** POST /api/ticket, for one socket of an agent. */
export const TICKET_BODY = v.object({ ...addressed, ...introduced });
/** POST /api/ticket with `"watch":true`, for sockets that only read. */
export const WATCH_TICKET_BODY = v.object({ channel_id: field.channelId, seconds: v.optional(field.watchSeconds) });
/** Which of the two it is. */
export const TICKET_KIND = v.object({ watch: v.optional(v.boolean("bad_request watch must be true or false"), false) });

export type CreateBody = Readonly<v.InferOutput<typeof CREATE_BODY>>;
export type ListQuery = Readonly<v.InferOutput<typeof LIST_QUERY>>;
export type ListenOptions = Readonly<v.InferOutput<typeof LISTEN_QUERY>>;
export type ListenAllOptions = Readonly<v.InferOutput<typeof LISTEN_ALL_QUERY>>;
export type ConnectQuery = Readonly<v.InferOutput<typeof CONNECT_QUERY>>;

/** Reads a JSON body; its size was checked before. `known` are fields that it may leave out. */
export function parseBody<S extends v.GenericSchema>(
  schema: S,
  json: string,
  known: Readonly<Record<string, unknown>> = {},
): Result<v.InferOutput<S>> {
  const object = field.parseObject(json, "body");
  return object.ok ? field.check(schema, { ...known, ...object.value }, "body") : object;
}

/** Reads the part of a URL after `?`; `known` are fields that it may leave out. Percent-encoding must be UTF-8; the first of repeated names counts. */
export function parseQuery<S extends v.GenericSchema>(
  schema: S,
  search: string,
  known: Readonly<Record<string, unknown>> = {},
): Result<v.InferOutput<S>> {
  const pairs = splitQuery(search);
  return pairs.ok ? field.check(schema, { ...known, ...Object.fromEntries(pairs.value.toReversed()) }, "query") : pairs;
}

/** Names and values of a query, decoded. */
export function splitQuery(search: string): Result<[string, string][]> {
  const pairs: [string, string][] = [];
  for (const part of search.replace(/^\?/, "").split("&")) {
    if (part === "") continue;
    const [name = "", value = ""] = splitOnce(part, "=");
    const decoded = decode(value);
    if (decoded === undefined)
      return refuse("bad_request", "the query has malformed percent-encoding; encode its values as UTF-8");
    pairs.push([decode(name) ?? name, decoded]);
  }
  return ok(pairs);
}

function splitOnce(text: string, separator: string): string[] {
  const at = text.indexOf(separator);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}

/** `+` is a space in queries, as browsers write it. Undefined: not percent-encoded UTF-8. */
function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    return undefined;
  }
}
