/**
 * The tool's arguments: `unknown → Call`. Each action takes some of them; anything else is refused
 * with the list, because a model that is told what is allowed gets it right the next time. What
 * models send for "nothing" (null, "", []) counts as left out.
 */
import * as v from "valibot";
import { check, field, ok, quote, type Refusal, refusal, type Result, showLine } from "../protocol/index.ts";

/** UTF-16 units: positions in 16 channels, or a name however it is composed. */
const WORDS_LENGTH = 512;

/** One parser an argument. Fields of the wire are read as everywhere else. */
export const FIELDS = {
  channel: words("channel"),
  text: field.text,
  to: v.pipe(
    v.unknown(),
    v.transform((value) => (typeof value === "string" ? [value] : value)),
    field.to,
  ),
  reply_to: field.replyTo,
  after: v.pipe(
    v.unknown(),
    v.transform((value) => (typeof value === "number" ? String(value) : value)),
    words("after"),
  ),
  before: field.before,
  wait: field.wait,
  for: field.listenFor,
  limit: field.limit,
  key: field.agentKey,
  name: field.participantName,
} as const;

type Fields = typeof FIELDS;
export type Argument = keyof Fields;

interface ActionShape {
  /** Beside `key` and `name`, which every action takes. */
  readonly takes: readonly Argument[];
  readonly needs: readonly Argument[];
  /** A call that works, shown with errors. */
  readonly example: Readonly<Record<string, unknown>>;
}

export const ACTIONS = {
  create: { takes: ["channel"], needs: ["channel"], example: { channel: "ops" } },
  join: { takes: ["channel"], needs: ["channel"], example: { channel: "ops" } },
  leave: { takes: ["channel"], needs: [], example: { channel: "ops" } },
  send: {
    takes: ["channel", "text", "to", "reply_to"],
    needs: ["text"],
    example: { channel: "ops", text: "@BRAVO please review" },
  },
  list: { takes: ["limit", "after"], needs: [], example: {} },
  who: { takes: ["channel", "after"], needs: [], example: { channel: "ops" } },
  history: { takes: ["channel", "limit", "after", "before"], needs: [], example: { channel: "ops", limit: 20 } },
  listen: { takes: ["channel", "after", "wait", "for", "limit"], needs: [], example: { wait: 45 } },
  connect: { takes: ["channel"], needs: [], example: { channel: "ops" } },
  disconnect: { takes: ["channel"], needs: [], example: { channel: "ops" } },
  status: { takes: [], needs: [], example: {} },
} as const satisfies Record<string, ActionShape>;

export type Action = keyof typeof ACTIONS;

export function isAction(value: unknown): value is Action {
  return typeof value === "string" && Object.hasOwn(ACTIONS, value);
}

/** A call as the agent made it, each argument checked. */
export type Call = { readonly action: Action } & {
  readonly [A in Argument]?: v.InferOutput<Fields[A]>;
};

export type ParsedCall =
  | { readonly ok: true; readonly call: Call }
  /** `example` is a call that would have been right. */
  | { readonly ok: false; readonly refusal: Refusal; readonly example: Readonly<Record<string, unknown>> };

export function parseCall(args: unknown): ParsedCall {
  const { action, ...given } = withoutNothing(args);
  if (!isAction(action)) return unknownAction(action);
  const shape: ActionShape = ACTIONS[action];
  const fault = misfit(action, shape, given);
  if (fault !== undefined) return mistake(action, fault);
  const fields = readFields(given);
  return fields.ok ? { ok: true, call: { action, ...fields.value } } : mistake(action, fields.refusal);
}

/** The example of an action, as a whole call. */
export function exampleOf(action: Action): Readonly<Record<string, unknown>> {
  return { action, ...ACTIONS[action].example };
}

function withoutNothing(args: unknown): Record<string, unknown> {
  if (typeof args !== "object" || args === null || Array.isArray(args)) return {};
  return Object.fromEntries(Object.entries(args).filter(([, value]) => !isNothing(value)));
}

function isNothing(value: unknown): boolean {
  return value === undefined || value === null || value === "" || (Array.isArray(value) && value.length === 0);
}

/** What of the arguments' names is wrong: one that the action does not take, or one that is missing. */
function misfit(action: Action, shape: ActionShape, given: object): Refusal | undefined {
  const takes: readonly string[] = [...shape.takes, "key", "name"];
  const stranger = Object.keys(given).find((name) => !takes.includes(name));
  if (stranger !== undefined)
    return refusal("bad_request", `${action} does not take "${echo(stranger)}"; it takes ${takes.join(", ")}`);
  const missing = shape.needs.find((name) => !Object.hasOwn(given, name));
  if (missing !== undefined)
    return refusal(missing === "text" ? "bad_text" : "bad_request", `${action} needs ${missing}`);
  return undefined;
}

function readFields(given: Readonly<Record<string, unknown>>): Result<Omit<Call, "action">> {
  const fields: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(given)) {
    const read = check(FIELDS[name as Argument] as v.GenericSchema, value, name);
    if (!read.ok) return read;
    fields[name] = read.value;
  }
  return ok(fields as Omit<Call, "action">);
}

function unknownAction(action: unknown): ParsedCall {
  const shown = typeof action === "string" ? `unknown action "${echo(action)}"` : "action is missing";
  const error = `${shown}; it must be one of ${Object.keys(ACTIONS).join(", ")}`;
  return { ok: false, refusal: refusal("unknown_action", error), example: exampleOf("listen") };
}

function mistake(action: Action, fault: Refusal): ParsedCall {
  return { ok: false, refusal: fault, example: exampleOf(action) };
}

function echo(input: string): string {
  return showLine(quote(input));
}

/** A short string that is looked up or taken apart later. */
function words(name: string): v.GenericSchema<unknown, string> {
  return v.pipe(
    v.unknown(),
    v.string(`bad_request ${name} must be a string`),
    v.check((value) => value.length <= WORDS_LENGTH, `bad_request ${name} must be at most ${WORDS_LENGTH} characters`),
  );
}
