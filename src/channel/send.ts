/** Sends: once for each id, by members only, stored verbatim (DUR3, SOC4). */
import { type Kind, type Message, refusal, type Refusal, type SendCommand } from "../protocol/index.ts";
import { type Caller, refuseAct } from "./access.ts";
import { append } from "./append.ts";
import type { Context, Outcome } from "./outcome.ts";
import { countStreak, guardFor, guardRefusal, nextStreak } from "./guard.ts";
import { introduce } from "./join.ts";
import { isNamesake, resolveMentions } from "./mentions.ts";
import type { SendRecord } from "./recent-sends.ts";
import { NONCE_MS, windowStart } from "./retention.ts";
import { type ChannelState, firstSeq } from "./state.ts";

export function send(state: ChannelState, caller: Caller, command: SendCommand, context: Context): Outcome {
  // The lookup precedes the membership check: a retry gets its first ack even after its author left.
  // By a clock that never goes back, as the messages' own times do: else a step of the clock would
  // make a retry new or not depending on whether the channel slept meanwhile.
  const now = Math.max(context.now, state.last_ts);
  const first = firstSend(state, caller, command, { ...context, now });
  if (first !== undefined) return repeat(first, command);
  const why = replayRefusal(state, caller, command, { ...context, now }) ?? sendRefusal(state, caller, command, now);
  return why === undefined ? accept(state, caller, command, context) : { type: "refused", refusal: why };
}

/** Why a signed send does not count, though nothing of the first is left to be shown (IDN2). */
function replayRefusal(
  state: ChannelState,
  { key: from, kid, admin, nonce }: Caller,
  { client_msg_id: id = nonce }: SendCommand,
  { log, now }: Context,
): Refusal | undefined {
  if (nonce === undefined || id === undefined) return undefined;
  return state.signedSends.refuse({ from, id, kid, admin }, now, () => log.sends(now - NONCE_MS));
}

function sendRefusal(state: ChannelState, caller: Caller, { reply_to }: SendCommand, now: number): Refusal | undefined {
  const why = refuseAct(state, caller, "send", now);
  if (why !== undefined) return why;
  const isRetained = reply_to === undefined || (reply_to >= firstSeq(state) && reply_to <= state.last_seq);
  return isRetained ? undefined : notRetained(state, reply_to);
}

function accept(state: ChannelState, caller: Caller, command: SendCommand, context: Context): Outcome {
  const { text, msg_type, reply_to, client_msg_id, to } = command;
  const answered = reply_to === undefined ? undefined : storedMessage(state, context.log, reply_to)?.from;
  const kind = caller.kind ?? kindOf(state, caller.key);
  const streak = (state.streak ??= countStreak(context.log, state.settings.guard_reset_seq, context.limits));
  const attempt = { kind, answered: kindOf(state, answered), now: context.now };
  const why = guardRefusal(streak, attempt, context.limits);
  if (why !== undefined) return { type: "refused", refusal: why };
  const sender = introduce(state, caller, command.name, context.now);
  const { mentions, unresolved } = resolveMentions(state, caller.key, { text, to, answered });
  const from_name = sender?.name ?? caller.key;
  const content = {
    from: caller.key,
    from_name,
    text,
    msg_type,
    verified: caller.verified,
    mentions: mentions.length > 0 ? mentions : undefined,
    reply_to,
    client_msg_id,
    namesake: isNamesake(state, caller.key, from_name) ? (true as const) : undefined,
  };
  const signed = caller.nonce === undefined ? undefined : (true as const);
  const use = { from: caller.key, verified: caller.verified, signed, kind, id: client_msg_id, to };
  const entry = append(state, content, { now: context.now, members: state.members, use });
  if (entry.send !== undefined) state.sends.add(entry.send, entry.ts);
  if (signed && client_msg_id !== undefined) state.signedSends.add({ ...caller, from: caller.key, id: client_msg_id });
  state.streak = nextStreak(streak, kind, entry.ts);
  const guard = guardFor(kind, state.streak, context.limits);
  return { type: "sent", message: entry.json, duplicate: false, mentions, unresolved, entry, ...(guard && { guard }) };
}

function kindOf(state: ChannelState, key: string | undefined): Kind | undefined {
  return key === undefined ? undefined : state.participants.get(key)?.kind;
}

interface FirstSend {
  readonly record: SendRecord;
  readonly message: Message;
}

function firstSend(
  state: ChannelState,
  caller: Caller,
  command: SendCommand,
  { log, now }: Context,
): FirstSend | undefined {
  if (command.client_msg_id === undefined) return undefined;
  const { key: from, verified } = caller;
  const use = { from, verified, id: command.client_msg_id };
  const record = state.sends.find(use, now, () => log.sends(windowStart(now)));
  if (record === undefined) return undefined;
  const message = storedMessage(state, log, record.seq);
  return message === undefined ? undefined : { record, message };
}

/** The first ack again, if the content is the same. */
function repeat({ record, message }: FirstSend, command: SendCommand): Outcome {
  const isSame =
    message.text === command.text &&
    message.msg_type === command.msg_type &&
    message.reply_to === command.reply_to &&
    isSameList(record.to, command.to);
  if (!isSame) return { type: "refused", refusal: idConflict(message) };
  return { type: "sent", message: JSON.stringify(message), duplicate: true, mentions: [], unresolved: [] };
}

function isSameList(a: readonly string[] = [], b: readonly string[] = []): boolean {
  return a.length === b.length && a.every((entry, at) => entry === b[at]);
}

/** A message by number, of this turn or of an earlier one. */
function storedMessage(state: ChannelState, log: Context["log"], seq: number): Message | undefined {
  const unsaved = state.unsaved.entries.find((entry) => entry.message.seq === seq);
  if (unsaved !== undefined) return unsaved.message;
  const json = log.message(seq);
  return json === undefined ? undefined : (JSON.parse(json) as Message);
}

function notRetained(state: ChannelState, reply_to: number): Refusal {
  const kept = `${firstSeq(state)} to ${state.last_seq}`;
  return refusal("bad_request", `reply_to must be the seq of a retained message, ${kept}, got ${reply_to}`);
}

function idConflict(message: Message): Refusal {
  const used = `client_msg_id ${message.client_msg_id} was used for other content (message ${message.seq})`;
  return refusal("idempotency_conflict", `${used}; use a new id for a new message`);
}
