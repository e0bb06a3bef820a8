/**
 * What an agent may ask of a channel: `unknown → Command`, whichever way it came in. A frame is a
 * JSON object with an `action`; an HTTP body holds the same fields, its action being the route.
 */
import * as v from "valibot";
import { ok, refusal, type Refusal, type Result } from "./error.ts";
import * as field from "./fields.ts";
import type { Named } from "./frame.ts";
import { HISTORY_DEFAULT } from "./limits.ts";
import { quote } from "./text.ts";

/** Fields of a send, in a frame and in a body alike. */
export const sendFields = {
  text: v.optional(field.text, ""),
  msg_type: v.optional(field.msgType, "text"),
  client_msg_id: v.optional(field.clientMsgId),
  reply_to: v.optional(field.replyTo),
  to: v.optional(field.to),
};
/** Fields of a read of history. `after` and `before` are exclusive. */
export const historyFields = {
  limit: v.optional(field.limit, HISTORY_DEFAULT),
  after: v.optional(field.after),
  before: v.optional(field.before),
  epoch: v.optional(field.epoch),
};
const named = { name: v.optional(field.participantName) };
const referred = { ref: v.optional(field.ref) };

const ACTIONS = {
  // {"action":"send","text":"hi","msg_type":"text","client_msg_id":"a-1","reply_to":7,"to":["BRAVO"]}
  send: v.object({ ...referred, ...named, ...sendFields }),
  // {"action":"join","name":"ALPHA"}
  join: v.object({ ...referred, ...named }),
  // {"action":"leave"}
  leave: v.object({ ...referred }),
  // {"action":"history","limit":50,"after":418,"epoch":"…"}
  history: v.object({ ...referred, ...historyFields }),
  // {"action":"seen","seq":418}
  seen: v.object({ ...referred, seq: field.seq }),
  // {"action":"read","seq":418}
  read: v.object({ ...referred, seq: field.seq }),
} as const;

type Actions = typeof ACTIONS;
export type Action = keyof Actions;
type CommandOf<A extends Action> = { readonly action: A } & Readonly<v.InferOutput<Actions[A]>>;

export type SendCommand = CommandOf<"send">;
export type JoinCommand = CommandOf<"join">;
export type LeaveCommand = CommandOf<"leave">;
export type HistoryCommand = CommandOf<"history">;
export type SeenCommand = CommandOf<"seen">;
export type ReadCommand = CommandOf<"read">;
export type Command = SendCommand | JoinCommand | LeaveCommand | HistoryCommand | SeenCommand | ReadCommand;

/** Over HTTP only, by those who may. */
export interface KickCommand {
  readonly action: "kick";
  /** Key, or name of just one. */
  readonly target: string;
  readonly minutes: number;
}
export type ModerationCommand = KickCommand | { readonly action: "pause" | "resume" | "guard_reset" };
/** Commands that change a channel; they take effect in the order of arrival. */
export type Change = SendCommand | JoinCommand | LeaveCommand | ReadCommand | ModerationCommand;

const KNOWN: string = Object.keys(ACTIONS).join(", ");

export type ParsedFrame =
  | { readonly ok: true; readonly command: Command }
  | { readonly ok: false; readonly refusal: Refusal; readonly named: Named };

/** Reads one text frame. Its size was checked before. */
export function parseCommand(frame: string): ParsedFrame {
  const object = field.parseObject(frame, "frame");
  if (!object.ok) return { ok: false, refusal: object.refusal, named: {} };
  const parsed = commandFrom(object.value);
  if (parsed.ok) return { ok: true, command: parsed.value };
  return { ok: false, refusal: parsed.refusal, named: namedIn(object.value) };
}

function commandFrom(object: Readonly<Record<string, unknown>>): Result<Command> {
  const { action } = object;
  if (typeof action !== "string" || !Object.hasOwn(ACTIONS, action))
    return { ok: false, refusal: unknownAction(action) };
  const fields = field.check(ACTIONS[action as Action], object, "frame");
  return fields.ok ? ok({ action, ...fields.value } as Command) : fields;
}

function unknownAction(action: unknown): Refusal {
  const shown = typeof action === "string" ? quote(action) : "";
  return refusal("unknown_action", `Unknown action: ${shown}`, { hint: `action must be one of ${KNOWN}` });
}

function namedIn(object: Readonly<Record<string, unknown>>): Named {
  const ref = v.safeParse(field.ref, object["ref"]);
  const id = v.safeParse(field.clientMsgId, object["client_msg_id"]);
  return { ...(ref.success && { ref: ref.output }), ...(id.success && { client_msg_id: id.output }) };
}
