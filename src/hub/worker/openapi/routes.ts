/** The table of routes: what the document tells of each, and the scope of a hub key that it takes. None is served that is not here. */
import type * as v from "valibot";
import {
  CONNECT_QUERY,
  CREATE_BODY,
  AUDIT_QUERY,
  DELETE_QUERY,
  FSCK_BODY,
  HISTORY_QUERY,
  JOIN_BODY,
  KICK_BODY,
  LEAVE_BODY,
  LIST_QUERY,
  LISTEN_ALL_QUERY,
  LISTEN_QUERY,
  MODERATION_BODY,
  PASS_BODY,
  PASSES_QUERY,
  READ_BODY,
  SEND_BODY,
  TICKET_BODY,
  TICKET_KIND,
  WATCH_TICKET_BODY,
  type Scope,
} from "../../../protocol/index.ts";
import { BOOLEAN, INTEGER, object, refTo, STRING } from "./components.ts";

type Schema = Readonly<Record<string, unknown>>;
/** A body or query, as its fields' schemas. */
export interface Fields {
  readonly entries: Readonly<Record<string, v.GenericSchema>>;
}

/** What is decided on a route. */
export interface Route {
  readonly method: "get" | "post" | "delete";
  /** With `{id}` where a channel's id stands. */
  readonly path: string;
  /** The least that admits to it; `open`: it needs no hub key. */
  readonly scope: Scope | "open";
  /** It concerns the hub as a whole: passes for some channels do not reach it, and no channel refuses an ended one. */
  readonly isHubWide?: true;
}

export interface RouteDocument extends Route {
  readonly summary: string;
  readonly query?: Fields;
  /** One of them; the first is the usual one. */
  readonly bodies?: readonly Fields[];
  /** Beside `ok` of a success; absent: the route answers in another form. */
  readonly answer?: Schema;
}

/** As the router writes it. */
export function pathOf({ path }: Route): string {
  return path.replace("{id}", ":id");
}

const channel_id = STRING;
const place = object({ channel_id, seq: INTEGER });
const list = (items: Schema): Schema => ({ type: "array", items });

export const ROUTES: readonly RouteDocument[] = [
  {
    method: "post",
    path: "/api/channel/create",
    scope: "agent",
    summary: "Make a channel; its creator is the first participant",
    bodies: [CREATE_BODY],
    answer: object({ channel_id, name: STRING, created_by: STRING }),
  },
  {
    method: "post",
    path: "/api/channel/join",
    scope: "agent",
    summary: "Join a channel",
    bodies: [JOIN_BODY],
    answer: object({ channel_id, seq: INTEGER, epoch: STRING }),
  },
  {
    method: "post",
    path: "/api/channel/leave",
    scope: "agent",
    summary: "Leave a channel",
    bodies: [LEAVE_BODY],
    answer: place,
  },
  {
    method: "post",
    path: "/api/channel/send",
    scope: "agent",
    summary: "Send a message; with a client_msg_id it happens once",
    bodies: [SEND_BODY],
    answer: object(
      {
        message: refTo("Message"),
        duplicate: BOOLEAN,
        delivered: INTEGER,
        offline: list(STRING),
        unresolved: list(object({ name: STRING, candidates: list(STRING) })),
      },
      { client_msg_id: STRING, guard: refTo("Guard"), offline_more: INTEGER },
    ),
  },
  {
    method: "post",
    path: "/api/channel/read",
    scope: "agent",
    summary: "Move the read position",
    bodies: [READ_BODY],
    answer: place,
  },
  {
    method: "post",
    path: "/api/channel/kick",
    scope: "agent",
    summary: "Remove a participant for a while",
    bodies: [KICK_BODY],
    answer: place,
  },
  {
    method: "post",
    path: "/api/channel/pause",
    scope: "agent",
    summary: "Let nobody but admins send",
    bodies: [MODERATION_BODY],
    answer: place,
  },
  {
    method: "post",
    path: "/api/channel/resume",
    scope: "agent",
    summary: "End a pause",
    bodies: [MODERATION_BODY],
    answer: place,
  },
  {
    method: "post",
    path: "/api/channel/guard-reset",
    scope: "agent",
    summary: "Set the loop guard to 0",
    bodies: [MODERATION_BODY],
    answer: place,
  },
  {
    method: "get",
    path: "/api/channel/list",
    scope: "read",
    summary: "The channels, or those of a key",
    query: LIST_QUERY,
    answer: object({ channels: list(refTo("ChannelSummary")), count: INTEGER }, { next_cursor: INTEGER }),
  },
  {
    method: "get",
    path: "/api/channel/{id}/history",
    scope: "read",
    summary: "The newest messages, a page back, or all since a position",
    query: HISTORY_QUERY,
    answer: object({ channel_id, messages: list(refTo("Message")), count: INTEGER, meta: refTo("HistoryMeta") }),
  },
  {
    method: "get",
    path: "/api/channel/{id}/listen",
    scope: "read",
    summary: "What is later than a position; waits for it",
    query: LISTEN_QUERY,
    answer: refTo("Heard"),
  },
  {
    method: "get",
    path: "/api/channel/{id}",
    scope: "read",
    summary: "A channel in full",
    answer: refTo("ChannelDetails"),
  },
  {
    method: "delete",
    path: "/api/channel/{id}",
    scope: "agent",
    summary: "Delete a channel for good",
    query: DELETE_QUERY,
    answer: object({ channel_id }),
  },
  {
    method: "get",
    path: "/api/listen",
    scope: "read",
    summary: "Wait on several channels at once",
    query: LISTEN_ALL_QUERY,
    answer: object(
      { channels: list({ anyOf: [refTo("Heard"), object({ channel_id, code: STRING, error: STRING })] }) },
      { left_out: object({ count: INTEGER, channels: list(STRING) }) },
    ),
  },
  {
    method: "post",
    path: "/api/ticket",
    scope: "read",
    summary: "A ticket for what cannot send headers",
    bodies: [TICKET_BODY, { entries: { ...TICKET_KIND.entries, ...WATCH_TICKET_BODY.entries } }],
    answer: object({ ticket: STRING, url: STRING, expires_at: STRING }),
  },
  {
    method: "post",
    path: "/api/pass",
    scope: "admin",
    summary: "Make a pass; its text is told once",
    bodies: [PASS_BODY],
    answer: object({ text: STRING, pass: refTo("Pass") }),
  },
  {
    method: "get",
    path: "/api/pass",
    scope: "admin",
    summary: "The passes, in the order in which they were made; never their texts",
    query: PASSES_QUERY,
    answer: object({ passes: list(refTo("Pass")) }, { next_cursor: INTEGER }),
  },
  {
    method: "delete",
    path: "/api/pass/{id}",
    scope: "admin",
    summary: "Revoke a pass: nothing succeeds with it after the answer",
    answer: object({ left: INTEGER }),
  },
  {
    method: "delete",
    path: "/api/pass",
    scope: "admin",
    isHubWide: true,
    summary: "Revoke every pass",
    answer: object({ left: INTEGER }),
  },
  {
    method: "get",
    path: "/api/hub",
    scope: "admin",
    isHubWide: true,
    summary: "Limits, counts and what was used today, for admins",
    answer: object({
      ...{ limits: { type: "object" }, channels: INTEGER, deleted: INTEGER },
      ...{ usage: { type: "object" }, isolate: { type: "object" } },
    }),
  },
  { method: "get", path: "/metrics", scope: "admin", isHubWide: true, summary: "The same for Prometheus, as text" },
  {
    method: "get",
    path: "/api/hub/audit",
    scope: "admin",
    isHubWide: true,
    summary: "Who moderated, deleted and mended what, newest first",
    query: AUDIT_QUERY,
    answer: object({
      acts: list(
        object(
          { at: STRING, request_id: STRING, kid: STRING, act: STRING },
          { agent: STRING, channel_id, target: STRING },
        ),
      ),
    }),
  },
  {
    method: "post",
    path: "/api/hub/fsck",
    scope: "admin",
    isHubWide: true,
    summary: "Compare the index with what channels hold, a page at a time, and mend it",
    bodies: [FSCK_BODY],
    answer: object(
      { findings: list(object({ channel_id, fault: STRING, says: STRING })), checked: INTEGER },
      { next_cursor: INTEGER },
    ),
  },
  {
    method: "post",
    path: "/api/hub/restored",
    scope: "admin",
    isHubWide: true,
    summary: "Say that files were put back from a copy: positions of before end",
  },
  {
    method: "get",
    path: "/health",
    scope: "open",
    summary: "Whether a hub is here",
    answer: object({ name: STRING, version: STRING }, { package: object({ build: STRING, sha256: STRING }) }),
  },
  { method: "get", path: "/openapi.json", scope: "open", summary: "This document" },
  { method: "post", path: "/mcp", scope: "read", summary: "MCP over Streamable HTTP, with the tool spf_channel" },
  { method: "get", path: "/mcp", scope: "read", summary: "Goes on with a listen whose stream broke (Last-Event-ID)" },
  {
    method: "get",
    path: "/ws/channel/{id}",
    scope: "read",
    summary: "WebSocket upgrade; its frames are told in PROTOCOL.md",
    query: CONNECT_QUERY,
  },
];
