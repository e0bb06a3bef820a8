/**
 * What every answer has in common: it fits its budget, says what waits in other channels, and ends
 * with the exact next call.
 */
import type { Agent, CancelSignal, ChannelUnread, HubPort } from "./port.ts";
import { type ErrorCode, refusal, type Refusal, type Result, showJson, showLine } from "../protocol/index.ts";
import type { Call } from "./arguments.ts";
import { type Memory, NAMED_MAX, type Span } from "./memory.ts";
import { clip, showChannel, someOf } from "./names.ts";

/** Seconds that the calls in answers wait: well below what hosts allow a call. */
export const ADVISED_WAIT = 45;
/** UTF-16 units of an answer when the host gives no budget. */
export const BUDGET = 8000;
/** A smaller budget is taken for this one: less has no room for a line and what to do next. */
export const BUDGET_MIN = 4000;
/** UTF-16 units kept for the line with the next call: 16 positions, the longest key and name. */
const NEXT_ROOM = 1100;
/** Channels named in the line of unread counts. */
const UNREAD_SHOWN = 8;
/** UTF-16 units of a refusal's text. */
const ERROR_SHOWN = 700;

export interface CallContext {
  /** Unix milliseconds. */
  readonly now: number;
  /** UTF-16 units the answer may have; 8,000 when left out. */
  readonly budget?: number;
  readonly signal?: CancelSignal;
  /** A message for the agent starts a turn of its model: it need not wait. */
  readonly wakes?: boolean;
  /** What an agent was shown, as far as it is remembered (HST2); without it, nothing is. */
  readonly memory?: (agent: Agent) => Memory;
  /** Told every now and then while a listen waits. Seconds. */
  readonly progress?: (waited: number, wait: number) => void;
}

/** One call on its way: who asks, for what, where. */
export interface Turn {
  readonly port: HubPort;
  readonly call: Call;
  readonly context: CallContext;
  /** What the agent was shown; of nobody, nothing is remembered. */
  readonly memory: Memory;
}

/** A turn of somebody. */
export interface AgentTurn extends Turn {
  readonly agent: Agent;
}

export type Fields = Readonly<Record<string, unknown>>;

export interface Answer {
  /** The lines, in at most `room` UTF-16 units, each ended by a line break. */
  readonly body: (room: number, nameOf: NameOf) => Body;
  /** What waits elsewhere, where it was asked for. */
  readonly unread?: UnreadCounts;
  /** Channels whose unread messages are in the body itself. */
  readonly reading?: readonly string[];
}

/** An answer, or a refusal, with what helps if that does not follow from its code. */
export type Answered<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly refusal: Refusal; readonly help?: Help };

/** A call that helps after a refusal: to be made as it is, or an example to be filled in. */
export type Help = { readonly next: Fields } | { readonly example: Fields };

export interface Body {
  readonly text: string;
  /** Messages that are in the text (HST2). */
  readonly shows?: readonly Showing[];
  /** Fields of the call that comes next; asked for once what is shown is remembered. */
  readonly next: () => Fields;
}

/** What an answer shows of a channel: everything from where the place is known up to a seq, or a span. */
export interface Showing {
  readonly channel_id: string;
  readonly epoch: string;
  readonly shown: number | Span;
}

/** Name of a channel by its id, while known. */
export type NameOf = (channel_id: string) => string | undefined;

export interface ToolAnswer {
  readonly text: string;
  readonly isError: boolean;
  /** Of an error: for the log. */
  readonly code?: ErrorCode;
}

/** An answer whose body is short whatever it holds. */
export function brief(text: (nameOf: NameOf) => string, next: () => Fields): Answer {
  return { body: (_room, nameOf) => ({ text: `${text(nameOf)}\n`, next }) };
}

export type UnreadCounts = Result<readonly ChannelUnread[]>;

export function compose(turn: Turn, answer: Answer): ToolAnswer {
  const { memory } = turn;
  if (answer.unread?.ok === true) for (const { channel_id, name } of answer.unread.value) memory.name(channel_id, name);
  const waiting = unreadLine(answer.unread, answer.reading);
  const budget = Math.max(turn.context.budget ?? BUDGET, BUDGET_MIN);
  const body = answer.body(budget - waiting.length - NEXT_ROOM, (id) => memory.nameOf(id));
  // A caller who has left gets no answer: it comes again.
  if (turn.context.signal?.aborted !== true) for (const showing of body.shows ?? []) remember(memory, showing);
  return { text: `${body.text}${waiting}Next: ${nextCall(turn.call, body.next())}`, isError: false };
}

function remember(memory: Memory, { channel_id, epoch, shown }: Showing): void {
  const place = memory.at(channel_id, epoch);
  if (typeof shown === "number") place.show(shown);
  else place.showSpan(shown);
}

/**
 * The listen that comes next, in all channels. Its `after` says that what was shown arrived: it names
 * `where`, and the channels where that is so and the hub does not know it yet.
 */
export function nextListen({ memory }: Turn, where?: string | ReadonlyMap<string, number>): Fields {
  const named = new Map(typeof where === "object" ? where : []);
  for (const [id, place] of memory.places) {
    if (named.has(id)) continue;
    const start = id === where ? place.top : place.start("bare");
    if (start !== undefined && start > 0) named.set(id, start);
  }
  const newest = [...memory.places].findLast(([, { position = 0 }]) => position > 0);
  if (named.size === 0 && newest !== undefined) named.set(newest[0], newest[1].position ?? 0);
  const after = [...named].slice(0, NAMED_MAX).map(([channel_id, seq]) => `${channel_id}:${seq}`);
  return { action: "listen", after: after.length === 0 ? undefined : after.join(","), wait: ADVISED_WAIT };
}

/** A refusal as an agent can use it: what was wrong, and a call that is right. */
export function answerRefusal({ code, error, retry_after_ms, by_client }: Refusal, help: Help): ToolAnswer {
  const shown = clip(showLine(error), ERROR_SHOWN).replace(/\.$/, "");
  const retry = retry_after_ms === undefined ? "" : ` Retry in ${Math.ceil(retry_after_ms / 1000)} s.`;
  const last = "next" in help ? `Next: ${showJson(help.next)}` : `Example: ${showJson(help.example)}`;
  return { text: `Error ${by_client ?? code}: ${shown}.${retry}\n${last}`, isError: true, code };
}

/** A call as JSON, with the identity that `call` was made with. */
export function nextCall(call: Identified, fields: Fields): string {
  return showJson(withIdentity(call, fields));
}

export function withIdentity({ key, name }: Identified, fields: Fields): Fields {
  return {
    ...fields,
    ...(key !== undefined && !Object.hasOwn(fields, "key") && { key }),
    ...(name !== undefined && { name }),
  };
}

/** How to read a long message from an offset on. */
export function readOnCall(channel: string, seq: number, offset: number): Fields {
  return { action: "history", channel, after: `${seq - 1}+${offset}`, limit: 1 };
}

/** What of a call says who makes it. */
export type Identified = { readonly [A in "key" | "name"]?: Call[A] };

/** The refusal of an action that needs to know who asks. */
export function nobody(action: string): Refusal {
  const ways = "set the headers x-hub-agent (your key) and x-hub-name, or pass the arguments key and name";
  return refusal("bad_key", `${action} needs an identity: ${ways}`);
}

/** `Unread: ch-4 "ops" 3.`, without those that are being read. */
function unreadLine(unread: UnreadCounts | undefined, reading: readonly string[] = []): string {
  if (unread === undefined) return "";
  if (!unread.ok) return `Unread: unknown (${unread.refusal.code}).\n`;
  const waiting = unread.value.filter((channel) => channel.unread > 0 && !reading.includes(channel.channel_id));
  const unknown = unread.value.filter(({ isLeftOut }) => isLeftOut === true).length;
  const left = unknown === 0 ? "" : `Not looked at: ${unknown} of your channels; leave those you do not need.\n`;
  if (waiting.length === 0) return left;
  const shown = waiting.map(({ channel_id, name, unread: count }) => `${showChannel(channel_id, name)} ${count}`);
  return `Unread: ${someOf(shown, UNREAD_SHOWN)}.\n${left}`;
}
