/**
 * The one place where a channel's commands are decided, whichever way they came in: check, append,
 * outcome. Pure and synchronous; the shell stores `state.unsaved` and then delivers.
 */
import type { Change } from "../protocol/index.ts";
import type { Caller } from "./access.ts";
import { appendSystem } from "./append.ts";
import { noteCaller, refuseCaller } from "./identity.ts";
import { join, leave } from "./join.ts";
import { moderate } from "./moderation.ts";
import type { Context, Outcome } from "./outcome.ts";
import { read } from "./read.ts";
import { send } from "./send.ts";
import { type ChannelRecord, type ChannelState, DEFAULT_SETTINGS, putParticipant, restoreChannel } from "./state.ts";

export function handle(state: ChannelState, caller: Caller, command: Change, context: Context): Outcome {
  // A replayed send is answered with its first ack, so its nonce is remembered with the sends.
  const isSend = command.action === "send" && caller.nonce !== undefined;
  const speaker = isSend ? { ...caller, nonce: undefined } : caller;
  const refused = refuseCaller(state, speaker, context.now);
  if (refused !== undefined) return { type: "refused", refusal: refused };
  // What is proven and used up stays so, whatever becomes of the command.
  noteCaller(state, speaker, context.now);
  return decide(state, caller, command, context);
}

function decide(state: ChannelState, caller: Caller, command: Change, context: Context): Outcome {
  switch (command.action) {
    case "send":
      return send(state, caller, command, context);
    case "join":
      return join(state, caller, command.name, context);
    case "leave":
      return leave(state, caller, context);
    case "read":
      return read(state, caller, command.seq, context);
    case "kick":
    case "pause":
    case "resume":
    case "guard_reset":
      return moderate(state, caller, command, context);
  }
}

/** A channel that was just made: its creator joined, its first message written (IDX2). */
export function createChannel(record: ChannelRecord): ChannelState {
  const { created_by: key, creator_name: name, creator_kind: kind, created_at } = record;
  const state = restoreChannel(record, { last_seq: 0, last_ts: 0 }, [], DEFAULT_SETTINGS);
  const verified = record.creator_verified === true;
  const creator = { key, name, member: true, verified, read_seq: 1, joined_seq: 1, seen_at: created_at };
  putParticipant(state, kind === undefined ? creator : { ...creator, kind });
  const text = `Channel '${record.name}' created by ${name}`;
  appendSystem(state, text, { kind: "created", key, name }, { now: created_at, members: state.members });
  return state;
}
