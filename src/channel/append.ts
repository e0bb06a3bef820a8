/** Gives a decided message its place: number, id and time (ORD1–ORD3). */
import { type ChannelEvent, type Message, utf8Length } from "../protocol/index.ts";
import type { SendRecord } from "./recent-sends.ts";
import { isNamesake } from "./mentions.ts";
import type { ChannelState, Entry } from "./state.ts";

type Content = Omit<Message, "id" | "channel_id" | "seq" | "timestamp">;

/** Digits of a seq inside an id: 10¹² messages a channel. */
const SEQ_DIGITS = 12;

interface Placing {
  /** Unix milliseconds. */
  readonly now: number;
  /** The message's recipients. */
  readonly members: ReadonlySet<string>;
  /** What identifies a send, its place apart; absent for system messages. */
  readonly use?: Omit<SendRecord, "seq" | "ts">;
}

/** The next message of the channel. */
export function append(state: ChannelState, content: Content, { now, members, use }: Placing): Entry {
  const seq = state.last_seq + 1;
  const ts = Math.max(now, state.last_ts);
  const message: Message = {
    id: messageId(state.record.number, seq, ts),
    channel_id: state.id,
    seq,
    from: content.from,
    from_name: content.from_name,
    text: content.text,
    timestamp: new Date(ts).toISOString(),
    msg_type: content.msg_type,
    verified: content.verified,
    mentions: content.mentions,
    reply_to: content.reply_to,
    client_msg_id: content.client_msg_id,
    namesake: content.namesake,
    event: content.event,
  };
  const json = JSON.stringify(message);
  const send = use && { seq, ts, ...use };
  const entry: Entry = { message, json, bytes: utf8Length(json), ts, members, send };
  state.last_seq = seq;
  state.last_ts = ts;
  state.unsaved.entries.push(entry);
  return entry;
}

/** A message of the hub itself. */
export function appendSystem(state: ChannelState, text: string, event: ChannelEvent, placing: Placing): Entry {
  const told = isNamesake(state, event.key, event.name) ? { ...event, namesake: true as const } : event;
  return append(
    state,
    { from: "system", from_name: "System", text, msg_type: "system", verified: true, event: told },
    placing,
  );
}

/** `msg-{ts}-{N}{seq}`, built as text: the number would be too large for a double. */
function messageId(channel: number, seq: number, ts: number): string {
  return `msg-${ts}-${channel}${String(seq).padStart(SEQ_DIGITS, "0")}`;
}
