/**
 * The fields that bodies, queries and frames are made of: one valibot schema each, from which types
 * and validation come. Each refusal is written where its rule stands, as `code text`.
 */
import * as v from "valibot";
import { type ErrorCode, type Refusal, refusal, refuse, type Result, ok } from "./error.ts";
import {
  HISTORY_MAX,
  KICK_MINUTES_MAX,
  LIST_MAX,
  NAME_CODE_POINTS,
  REF_LENGTH,
  SEQ_MAX,
  TARGET_LENGTH,
  TEXT_BYTES,
  TO_MAX,
  WAIT_MAX,
  WATCH_TICKET_MAX_S,
} from "./limits.ts";
import { KINDS, LISTEN_FOR } from "./message.ts";
import {
  CLIENT_MSG_ID_PATTERN,
  hasForbiddenCharacter,
  isLongerThan,
  hasProofMark,
  imitatesHub,
  isInvisible,
  isReserved,
  KEY_PATTERN,
  quote,
  utf8Length,
} from "./text.ts";

/** A field in JSON Schema, for the documents made from these schemas. What JSON Schema cannot say stands in its description. */
export type FieldSchema = Readonly<Record<string, unknown>>;

/** Says beside a schema how the document shows it. */
export function shown<T>(schema: FieldSchema): v.MetadataAction<T, { readonly json: FieldSchema }> {
  return v.metadata({ json: schema });
}

/** How a field is shown; a plain `picklist` or `boolean` shows itself. */
export function fieldSchema(schema: v.GenericSchema): FieldSchema {
  const { json } = v.getMetadata(schema) as { readonly json?: FieldSchema };
  if (json !== undefined) return json;
  return "options" in schema ? { type: "string", enum: schema.options } : { type: schema.type };
}

/** A message a schema gives, with the code it stands for in front. */
export function fault(code: ErrorCode, text: string): string {
  return `${code} ${text}`;
}

/** Codes of fields that are missing altogether; `bad_request` for the others. */
const MISSING: Readonly<Record<string, ErrorCode>> = {
  key: "bad_key",
  name: "bad_name",
};

/** Checks `input` against a schema; the first thing wrong becomes the refusal. */
export function check<S extends v.GenericSchema>(schema: S, input: unknown, what: string): Result<v.InferOutput<S>> {
  const parsed = v.safeParse(schema, input, { abortEarly: true, abortPipeEarly: true });
  return parsed.success ? ok(parsed.output) : { ok: false, refusal: asRefusal(parsed.issues[0], what) };
}

function asRefusal(issue: v.BaseIssue<unknown>, what: string): Refusal {
  if (issue.type === "object") {
    const field = issue.path?.at(-1)?.key;
    if (typeof field !== "string") return refusal("bad_request", `${what} must be a JSON object`);
    return refusal(MISSING[field] ?? "bad_request", `${field} is required`);
  }
  const [code, ...words] = issue.message.split(" ");
  return refusal(code as ErrorCode, words.join(" "));
}

/** Parses JSON that must be an object; a field that is `null` was left out. Deep nesting is harmless: only known fields are looked at. */
export function parseObject(json: string, what: string): Result<Readonly<Record<string, unknown>>> {
  let input: unknown;
  try {
    input = JSON.parse(json);
  } catch (error) {
    return refuse("bad_json", `Invalid JSON: ${quote(error instanceof Error ? error.message : "unreadable")}`);
  }
  if (typeof input !== "object" || input === null || Array.isArray(input)) {
    return refuse("bad_request", `${what} must be a JSON object`);
  }
  return ok(withoutNull(input as Record<string, unknown>));
}

function withoutNull(object: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  if (!Object.values(object).includes(null)) return object;
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== null));
}

/** A whole number; integer-valued floats and numeric strings count. */
export function wholeNumber(
  field: string,
  code: ErrorCode,
  min: number,
  max: number,
): v.GenericSchema<unknown, number> {
  const wanted = fault(code, `${field} must be a whole number from ${min} to ${max}`);
  return v.pipe(
    v.unknown(),
    v.transform((input) => (typeof input === "string" && /^-?\d+(\.0+)?$/.test(input) ? Number(input) : input)),
    v.number(wanted),
    v.check((value) => Number.isInteger(value) && value >= min && value <= max, wanted),
    shown({ type: "integer", minimum: min, maximum: max }),
  );
}

export const text: v.GenericSchema<unknown, string> = v.pipe(
  v.unknown(),
  v.string(fault("bad_text", "text must be a string")),
  v.check((value) => value !== "", fault("bad_text", "text must not be empty")),
  v.check(
    (value) => !isLongerThan(value, TEXT_BYTES),
    (issue) =>
      fault("text_too_large", `text must be at most ${TEXT_BYTES} bytes in UTF-8, got ${utf8Length(issue.input)}`),
  ),
  v.check((value) => !value.includes("\u0000"), fault("bad_text", "text must not hold the character U+0000")),
  v.check((value) => value.isWellFormed(), fault("bad_text", "text must not hold a lone surrogate")),
  shown({ type: "string", minLength: 1, description: `at most ${TEXT_BYTES} bytes in UTF-8, without U+0000` }),
);

export const msgType: v.GenericSchema<unknown, "text" | "toolresult"> = v.pipe(
  v.unknown(),
  v.check(
    (value) => value !== "system",
    fault("reserved_msg_type", "msg_type system is the hub's own; use text or toolresult"),
  ),
  v.transform((value) => (MSG_TYPE_SPELLINGS.has(value) ? "toolresult" : value)),
  v.picklist(["text", "toolresult"], fault("bad_request", "msg_type must be text or toolresult")),
  shown({ type: "string", enum: ["text", "toolresult"] }),
);
const MSG_TYPE_SPELLINGS: ReadonlySet<unknown> = new Set(["tool_result", "toolResult", "ToolResult"]);

/** An agent's public name for itself; claimed, not proven. `field` is what the request calls it. */
export function agentKeyAs(field: string): v.GenericSchema<unknown, string> {
  const form = "1 to 128 of the characters A-Z a-z 0-9 _ . : @ - and start with a letter, digit or _";
  const reserved = "a reserved word (system, hub, admin, all, everyone)";
  return v.pipe(
    v.unknown(),
    v.string(fault("bad_key", `${field} must be a string`)),
    v.check((value) => KEY_PATTERN.test(value), fault("bad_key", `${field} must be ${form}`)),
    v.check((value) => !isReserved(value), fault("bad_key", `${field} must not be ${reserved}`)),
    shown({ type: "string", pattern: KEY_PATTERN.source, description: "the agent key; no reserved word" }),
  );
}

export const agentKey: v.GenericSchema<unknown, string> = agentKeyAs("key");

/** A name people see; normalised to NFC and trimmed, then checked. `field` is what the request calls it. */
function visibleName(field: string): v.GenericSchema<unknown, string> {
  return v.pipe(
    v.unknown(),
    v.string(fault("bad_name", `${field} must be a string`)),
    v.check((value) => value.isWellFormed(), fault("bad_name", `${field} must not hold a lone surrogate`)),
    v.transform((value) => normalizeName(value.trim())),
    v.check((value) => hasNameLength(value), fault("bad_name", `${field} must be 1 to ${NAME_CODE_POINTS} characters`)),
    v.check(
      (value) => !hasForbiddenCharacter(value),
      fault("bad_name", `${field} must not hold control, format or unassigned characters`),
    ),
    shown({ type: "string", minLength: 1, description: `1 to ${NAME_CODE_POINTS} code points once trimmed, in NFC` }),
  );
}

/** NFC makes at most four code points of one, so what is longer than this is too long already. */
const NORMALIZED_UNITS = NAME_CODE_POINTS * 8;

function normalizeName(value: string): string {
  return value.length > NORMALIZED_UNITS ? value : value.normalize("NFC").trim();
}

function hasNameLength(value: string): boolean {
  if (value === "" || value.length > NAME_CODE_POINTS * 2) return false;
  return Array.from(value).length <= NAME_CODE_POINTS;
}

function participantNameAs(field: string): v.GenericSchema<unknown, string> {
  return v.pipe(
    visibleName(field),
    v.check((value) => !isInvisible(value), fault("bad_name", `${field} must show something`)),
    v.check(
      (value) => !hasProofMark(value),
      fault("bad_name", `${field} must not hold a check mark, which is the hub's sign of a proven key`),
    ),
    v.check(
      (value) => !isReserved(value) && !imitatesHub(value),
      fault("bad_name", `${field} must not be a reserved word (system, hub, admin, all, everyone)`),
    ),
  );
}

export const participantName: v.GenericSchema<unknown, string> = participantNameAs("name");
export const displayName: v.GenericSchema<unknown, string> = participantNameAs("name_display");
export const channelName: v.GenericSchema<unknown, string> = visibleName("name");

export const kind: v.GenericSchema<unknown, (typeof KINDS)[number]> = v.pipe(
  v.unknown(),
  v.picklist(KINDS, fault("bad_request", "kind must be agent, human or service")),
  shown({ type: "string", enum: KINDS }),
);

export const clientMsgId: v.GenericSchema<unknown, string> = v.pipe(
  v.unknown(),
  v.string(fault("bad_request", "client_msg_id must be a string")),
  v.check(
    (value) => CLIENT_MSG_ID_PATTERN.test(value),
    fault("bad_request", "client_msg_id must be 1 to 64 printable ASCII characters without space"),
  ),
  shown({ type: "string", pattern: CLIENT_MSG_ID_PATTERN.source }),
);

/** Short text that is compared or echoed. */
export function shortText(field: string, max: number): v.GenericSchema<unknown, string> {
  return v.pipe(
    v.unknown(),
    v.string(fault("bad_request", `${field} must be a string`)),
    v.check(
      (value) => value !== "" && value.length <= max && value.isWellFormed(),
      fault("bad_request", `${field} must be 1 to ${max} characters`),
    ),
    shown({ type: "string", minLength: 1, maxLength: max }),
  );
}

export const ref: v.GenericSchema<unknown, string> = shortText("ref", REF_LENGTH);
export const epoch: v.GenericSchema<unknown, string> = shortText("epoch", REF_LENGTH);
export const channelId: v.GenericSchema<unknown, string> = v.pipe(
  v.unknown(),
  v.string(fault("bad_request", "channel_id must be a string such as ch-1")),
  shown({ type: "string", examples: ["ch-1"] }),
);

const INSTANCE_PATTERN = /^[A-Za-z0-9_-]{16,64}$/;

/** Names one client over all its sockets (SOC1): random, so that nobody else comes upon it. */
export const instance: v.GenericSchema<unknown, string> = v.pipe(
  v.unknown(),
  v.string(fault("bad_request", "instance must be a string")),
  v.check(
    (value) => INSTANCE_PATTERN.test(value),
    fault("bad_request", "instance must be 16 to 64 of the characters A-Z a-z 0-9 _ -"),
  ),
  shown({ type: "string", pattern: INSTANCE_PATTERN.source }),
);
export const attempt: v.GenericSchema<unknown, number> = wholeNumber("attempt", "bad_request", 0, SEQ_MAX);

export const to: v.GenericSchema<unknown, string[]> = v.pipe(
  v.unknown(),
  v.array(shortText("to", TARGET_LENGTH), fault("bad_request", "to must be an array of names or keys")),
  v.check((value) => value.length <= TO_MAX, fault("bad_request", `to must hold at most ${TO_MAX} names or keys`)),
  shown({
    type: "array",
    items: { type: "string", minLength: 1, maxLength: TARGET_LENGTH },
    maxItems: TO_MAX,
    description: "names or keys of those it is for",
  }),
);

export const seq: v.GenericSchema<unknown, number> = wholeNumber("seq", "bad_request", 0, SEQ_MAX);
export const replyTo: v.GenericSchema<unknown, number> = wholeNumber("reply_to", "bad_request", 1, SEQ_MAX);
export const limit: v.GenericSchema<unknown, number> = wholeNumber("limit", "bad_limit", 1, HISTORY_MAX);
/** Of a list of channels. */
export const listLimit: v.GenericSchema<unknown, number> = wholeNumber("limit", "bad_limit", 1, LIST_MAX);
export const after: v.GenericSchema<unknown, number> = wholeNumber("after", "bad_limit", 0, SEQ_MAX);
export const before: v.GenericSchema<unknown, number> = wholeNumber("before", "bad_limit", 1, SEQ_MAX);
export const cursor: v.GenericSchema<unknown, number> = wholeNumber("cursor", "bad_request", 0, SEQ_MAX);
export const target: v.GenericSchema<unknown, string> = shortText("target", TARGET_LENGTH);
export const minutes: v.GenericSchema<unknown, number> = wholeNumber("minutes", "bad_request", 1, KICK_MINUTES_MAX);
export const wait: v.GenericSchema<unknown, number> = wholeNumber("wait", "bad_limit", 0, WAIT_MAX);
export const listenFor: v.GenericSchema<unknown, (typeof LISTEN_FOR)[number]> = v.pipe(
  v.unknown(),
  v.picklist(LISTEN_FOR, fault("bad_request", "for must be all or me")),
  shown({ type: "string", enum: LISTEN_FOR }),
);

export const watchSeconds: v.GenericSchema<unknown, number> = wholeNumber(
  "seconds",
  "bad_request",
  1,
  WATCH_TICKET_MAX_S,
);
