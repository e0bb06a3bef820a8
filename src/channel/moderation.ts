/** What the creator, once proven, and the hub's admins may do to a channel and those in it (GRD2). */
import {
  type ChannelEvent,
  type KickCommand,
  type ModerationCommand,
  quote,
  refusal,
  type Refusal,
} from "../protocol/index.ts";
import { type Caller, kicked, refuseAct } from "./access.ts";
import { appendSystem } from "./append.ts";
import type { Context, Outcome } from "./outcome.ts";
import { forgetLeavers, rememberModerator } from "./identity.ts";
import { resolveTo } from "./mentions.ts";
import { type ChannelState, putParticipant } from "./state.ts";

const MINUTE_MS = 60_000;

export function moderate(state: ChannelState, caller: Caller, command: ModerationCommand, context: Context): Outcome {
  const why = refuseAct(state, caller, command.action, context.now);
  if (why !== undefined) return { type: "refused", refusal: why };
  rememberModerator(state, caller, context.now);
  switch (command.action) {
    case "kick":
      return kick(state, caller, command, context);
    case "pause":
      return setPaused(state, caller, true, context);
    case "resume":
      return setPaused(state, caller, false, context);
    case "guard_reset":
      return resetGuard(state, caller, context);
  }
}

/** Takes somebody out and keeps it out for a while. Everybody gets the message, the kicked as its last. */
function kick(state: ChannelState, caller: Caller, { target, minutes }: KickCommand, { now }: Context): Outcome {
  const meant = resolveTo(state, target);
  const participant = typeof meant === "string" ? state.participants.get(meant) : undefined;
  if (participant === undefined)
    return { type: "refused", refusal: noTarget(state, target, typeof meant === "string" ? [] : meant) };
  const kicked_until = now + minutes * MINUTE_MS;
  const { name, member } = participant;
  const members = state.members;
  putParticipant(state, { ...participant, member: false, kicked_until, seen_at: now });
  forgetLeavers(state, now);
  const by = { key: caller.key, name: nameOf(state, caller) };
  const event: ChannelEvent = { kind: "kick", key: participant.key, name, by, minutes };
  const said = `${name} was removed from the channel for ${minutes} min by ${by.name}`;
  const closes = { key: participant.key, refusal: kicked(state, kicked_until) };
  if (!member) return { type: "done", seq: state.last_seq, closes };
  const entry = appendSystem(state, said, event, { now, members });
  return { type: "done", seq: entry.message.seq, entry, closes };
}

function setPaused(state: ChannelState, caller: Caller, paused: boolean, { now }: Context): Outcome {
  const { settings, last_seq } = state;
  const paused_by_admin = paused && (caller.admin === true || settings.paused_by_admin);
  if (settings.paused === paused && settings.paused_by_admin === paused_by_admin)
    return { type: "done", seq: last_seq };
  changeSettings(state, { paused, paused_by_admin });
  if (settings.paused === paused) return { type: "done", seq: last_seq };
  const said = paused ? "paused" : "resumed";
  return announce(state, caller, { kind: paused ? "pause" : "resume", said: `The channel was ${said}`, now });
}

function resetGuard(state: ChannelState, caller: Caller, { now }: Context): Outcome {
  changeSettings(state, { guard_reset_seq: state.last_seq });
  state.streak = { count: 0, last_at: 0 };
  return announce(state, caller, { kind: "guard_reset", said: "The loop guard was reset", now });
}

function changeSettings(state: ChannelState, change: Partial<ChannelState["settings"]>): void {
  state.settings = { ...state.settings, ...change };
  state.unsaved.settings = true;
}

interface Announcement {
  readonly kind: "pause" | "resume" | "guard_reset";
  readonly said: string;
  readonly now: number;
}

function announce(state: ChannelState, caller: Caller, { kind, said, now }: Announcement): Outcome {
  const name = nameOf(state, caller);
  const entry = appendSystem(
    state,
    `${said} by ${name}`,
    { kind, key: caller.key, name },
    { now, members: state.members },
  );
  return { type: "done", seq: entry.message.seq, entry };
}

function nameOf(state: ChannelState, caller: Caller): string {
  return state.participants.get(caller.key)?.name ?? caller.name ?? caller.key;
}

function noTarget(state: ChannelState, target: string, carriers: readonly string[]): Refusal {
  const error = `target must be the key, or the name of just one, participant, got ${quote(target)}`;
  const [first] = carriers;
  const which =
    first === undefined ? "" : `; ${quote(target)} may be any of ${carriers.join(", ")}: write key=${first}`;
  const hint = `GET /api/channel/${state.id} lists the participants`;
  return refusal("bad_request", error + which, { hint });
}
