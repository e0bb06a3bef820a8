/** What answers are made of, as JSON Schema. Tests hold real answers against it. */
import { ERRORS, KINDS, MESSAGE_TYPES, SCOPES } from "../../../protocol/index.ts";

type Schema = Readonly<Record<string, unknown>>;

export const STRING: Schema = { type: "string" };
export const INTEGER: Schema = { type: "integer" };
export const BOOLEAN: Schema = { type: "boolean" };
const TIME: Schema = { type: "string", format: "date-time" };
const KEYS: Schema = { type: "array", items: STRING };

export function object(properties: Schema, optional: Schema = {}): Schema {
  return { type: "object", required: Object.keys(properties), properties: { ...properties, ...optional } };
}

export function refTo(name: keyof typeof COMPONENTS): Schema {
  return { $ref: `#/components/schemas/${name}` };
}

function listOf(items: Schema): Schema {
  return { type: "array", items };
}

const participant = { key: STRING, name: STRING, connected: BOOLEAN };
const summary = {
  id: STRING,
  name: STRING,
  created_by: STRING,
  created_at: TIME,
  participants: listOf(object(participant)),
  participant_count: INTEGER,
  connected_count: INTEGER,
  message_count: INTEGER,
};

export const COMPONENTS = {
  Message: object(
    {
      id: { type: "string", pattern: "^msg-\\d+-\\d+$" },
      channel_id: STRING,
      seq: INTEGER,
      from: STRING,
      from_name: STRING,
      text: STRING,
      timestamp: TIME,
      msg_type: { type: "string", enum: MESSAGE_TYPES },
      verified: BOOLEAN,
    },
    {
      mentions: KEYS,
      reply_to: INTEGER,
      client_msg_id: STRING,
      namesake: BOOLEAN,
      event: object(
        { kind: STRING, key: STRING, name: STRING },
        { namesake: BOOLEAN, by: object({ key: STRING, name: STRING }), minutes: INTEGER },
      ),
    },
  ),
  Gap: object({ from: INTEGER, to: INTEGER, reason: { type: "string", enum: ["evicted", "epoch_changed", "ahead"] } }),
  HistoryMeta: object({
    epoch: STRING,
    first_seq: INTEGER,
    last_seq: INTEGER,
    gap: { anyOf: [{ $ref: "#/components/schemas/Gap" }, { type: "null" }] },
    complete: BOOLEAN,
  }),
  Guard: object({ limit: INTEGER, left: INTEGER }),
  ChannelSummary: object(summary, { active_at: TIME, stale: BOOLEAN }),
  ChannelDetails: object({
    ...summary,
    participants: listOf(
      object(
        { ...participant, verified: BOOLEAN, last_seen: TIME, unread: INTEGER, read_seq: INTEGER },
        { kind: { type: "string", enum: KINDS } },
      ),
    ),
    epoch: STRING,
    first_seq: INTEGER,
    last_seq: INTEGER,
    paused: BOOLEAN,
    guard: { anyOf: [{ $ref: "#/components/schemas/Guard" }, { type: "null" }] },
  }),
  Pass: object(
    {
      ...{ id: STRING, scope: { type: "string", enum: SCOPES } },
      ...{ by: STRING, made_at: TIME, revoked: BOOLEAN },
    },
    {
      ...{ agent_key: STRING, name: STRING, kind: { type: "string", enum: KINDS } },
      ...{ channels: listOf(STRING), exp: INTEGER, note: STRING },
    },
  ),
  Heard: object({
    channel_id: STRING,
    epoch: STRING,
    messages: listOf({ $ref: "#/components/schemas/Message" }),
    next: INTEGER,
    own: INTEGER,
    others: INTEGER,
    more: BOOLEAN,
    gap: { anyOf: [{ $ref: "#/components/schemas/Gap" }, { type: "null" }] },
  }),
  Error: object(
    {
      ok: { const: false },
      error: { type: "string", description: "for people; may change" },
      code: { type: "string", enum: Object.keys(ERRORS) },
      request_id: STRING,
    },
    { hint: STRING, retry_after_ms: INTEGER, client_msg_id: STRING, server_time: INTEGER },
  ),
} as const satisfies Readonly<Record<string, Schema>>;
