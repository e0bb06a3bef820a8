/**
 * Passes (ACC1): what a hub key is, made and taken back while the hub runs. A pass says itself what
 * it allows, and the hub signs it, so that no look-up is needed to take it.
 */
import * as v from "valibot";
import { refusal, type Refusal } from "./error.ts";
import * as field from "./fields.ts";
import { LIST_DEFAULT, NOTE_LENGTH, PASS_CHANNELS, PASS_LEAST_S, PASS_MOST_S } from "./limits.ts";
import type { Kind } from "./message.ts";
import { type Scope, SCOPES } from "./scope.ts";
import { CHANNEL_ID_PATTERN, channelNumber } from "./text.ts";

/** `hubp_PAYLOAD.MAC`, both base64url without padding: JSON of a `Pass`, and its HMAC-SHA-256. */
export const PASS_TEXT: RegExp = /^hubp_([A-Za-z0-9_-]{1,4096})\.([A-Za-z0-9_-]{43})$/;

/** What a pass allows, as it says itself. */
export interface Pass {
  /** Names it where its text must not stand: `p7_Zm9vYmFyYmF6Zm9v`, of its number and chance. */
  readonly id: string;
  readonly scope: Scope;
  /** The only agent it speaks for, whose key it proves. */
  readonly agent_key?: string | undefined;
  /** What its bearer is called who gives no name. */
  readonly name?: string | undefined;
  /** What its bearer is, whatever that says itself. */
  readonly kind?: Kind | undefined;
  /** The only channels it reaches. */
  readonly channels?: readonly string[] | undefined;
  /** Unix seconds from which on it is worth nothing. */
  readonly exp?: number | undefined;
}

/** What the hub keeps of a pass: all but its text. */
export interface KeptPass extends Pass {
  /** For those who read the list. */
  readonly note?: string | undefined;
  /** Names the hub key or pass that made it. */
  readonly by: string;
  /** ISO 8601. */
  readonly made_at: string;
  readonly revoked: boolean;
}

const ID = /^p(\d{1,9})_[A-Za-z0-9_-]{16}$/;

/** Whether a hub key's name is a pass's: none of `HUB_KEYS` can have an underscore. */
export function isPassId(kid: string): boolean {
  return ID.test(kid);
}

/** Counts the passes that the hub ever made, from 1 on: all below a number can end at once (ACC3). */
export function passNumber(id: string): number {
  return Number(ID.exec(id)?.[1] ?? 0);
}

const IDS = `channels must be 1 to ${PASS_CHANNELS} ids of channels, such as ["ch-1"]`;

/** Channels by their ids, each once; none would be a pass for nothing. */
const channels: v.GenericSchema<unknown, string[]> = v.pipe(
  v.unknown(),
  v.array(v.string(field.fault("bad_request", IDS)), field.fault("bad_request", IDS)),
  v.check(
    (ids) => ids.length > 0 && ids.length <= PASS_CHANNELS && ids.every((id) => channelNumber(id) !== undefined),
    field.fault("bad_request", IDS),
  ),
  v.transform((ids) => [...new Set(ids)]),
  field.shown({
    type: "array",
    items: { type: "string", pattern: CHANNEL_ID_PATTERN.source },
    minItems: 1,
    maxItems: PASS_CHANNELS,
  }),
);

/** POST /api/pass */
export const PASS_BODY = v.object({
  scope: v.optional(v.picklist(SCOPES, field.fault("bad_request", `scope must be ${SCOPES.join(", ")}`)), "agent"),
  agent_key: v.optional(field.agentKeyAs("agent_key")),
  name: v.optional(field.participantName),
  kind: v.optional(field.kind),
  channels: v.optional(channels),
  expires_in: v.optional(field.wholeNumber("expires_in", "bad_request", PASS_LEAST_S, PASS_MOST_S)),
  note: v.optional(field.shortText("note", NOTE_LENGTH)),
});
/** GET /api/pass */
export const PASSES_QUERY = v.object({
  limit: v.optional(field.listLimit, LIST_DEFAULT),
  cursor: v.optional(field.cursor, 0),
  channel_id: v.optional(field.channelId),
});

export type PassBody = Readonly<v.InferOutput<typeof PASS_BODY>>;
export type PassesQuery = Readonly<v.InferOutput<typeof PASSES_QUERY>>;

/** What its bearer is told; a forged one gets the answer of any wrong key. */
export function passEnded(): Refusal {
  return refusal("key_revoked", "this pass was revoked; ask whoever gave it to you for a new one");
}

export function passExpired(exp: number): Refusal {
  const text = `this pass was good until ${new Date(exp * 1000).toISOString()}; ask whoever gave it to you for a new one`;
  return refusal("pass_expired", text);
}
