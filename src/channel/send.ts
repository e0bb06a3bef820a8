/** Sends: once for each id, by members only, stored verbatim (DUR3, SOC4). */
import { type Message, notParticipant, refusal, type SendCommand } from "../protocol/index.ts";
import { append } from "./append.ts";
import type { Context, Outcome } from "./channel.ts";
import { introduce } from "./join.ts";
import { resolveMentions } from "./mentions.ts";
import { type SendRecord, sendRecord, windowStart } from "./recent-sends.ts";
import { type Caller, type ChannelState, firstSeq } from "./state.ts";
import type { MessageLog } from "./store.ts";

export function send(state: ChannelState, caller: Caller, command: SendCommand, context: Context): Outcome {
  // The lookup precedes the membership check: a retry gets its first ack even after its author left.
  // By a clock that never goes back, as the messages' own times do: else a step of the clock would
  // make a retry new or not depending on whether the channel slept meanwhile.
  const now = Math.max(context.now, state.last_ts);
  const first = firstSend(state, caller, command, { ...context, now });
  if (first !== undefined) return repeat(first, command);
  if (!state.members.has(caller.key)) return { type: "refused", refusal: notParticipant(state.id) };
  const { reply_to } = command;
  if (reply_to !== undefined && (reply_to < firstSeq(state) || reply_to > state.last_seq)) {
    return { type: "refused", refusal: notRetained(state, reply_to) };
  }
  return accept(state, caller, command, context);
}

function accept(state: ChannelState, caller: Caller, command: SendCommand, context: Context): Outcome {
  const sender = introduce(state, caller, command.name, context.now);
  const { text, msg_type, reply_to, client_msg_id } = command;
  const answered = reply_to === undefined ? undefined : storedMessage(state, context.log, reply_to)?.from;
  const { mentions, unresolved } = resolveMentions(state, caller.key, { text, to: command.to, answered });
  const content = {
    from: caller.key,
    from_name: sender?.name ?? caller.key,
    text,
    msg_type,
    verified: caller.verified,
    ...(mentions.length > 0 && { mentions }),
    ...(reply_to !== undefined && { reply_to }),
    ...(client_msg_id !== undefined && { client_msg_id }),
  };
  const entry = append(state, content, {
    now: context.now,
    members: state.members,
    send: (seq, ts) => sendRecord(seq, ts, caller, command),
  });
  if (entry.send) state.sends.add(entry.send, entry.ts);
  return { type: "sent", message: entry.json, duplicate: false, mentions, unresolved, entry };
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
  const asked = sendRecord(0, now, caller, command);
  const record = state.sends.find(asked, now, () => log.sends(windowStart(now)));
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
function storedMessage(state: ChannelState, log: MessageLog, seq: number): Message | undefined {
  const unsaved = state.unsaved.entries.find((entry) => entry.message.seq === seq);
  if (unsaved !== undefined) return unsaved.message;
  const json = log.message(seq);
  return json === undefined ? undefined : (JSON.parse(json) as Message);
}

function notRetained(state: ChannelState, reply_to: number): ReturnType<typeof refusal> {
  const kept = `${firstSeq(state)} to ${state.last_seq}`;
  return refusal("bad_request", `reply_to must be the seq of a retained message, ${kept}, got ${reply_to}`);
}

function idConflict(message: Message): ReturnType<typeof refusal> {
  const used = `client_msg_id ${message.client_msg_id} was used for other content (message ${message.seq})`;
  return refusal("idempotency_conflict", `${used}; use a new id for a new message`);
}
