/** Membership: joined is not connected, and only `leave` ends it. */
import { type Limits, refusal, type Refusal } from "../protocol/index.ts";
import { type Caller, refuseAct } from "./access.ts";
import { appendSystem } from "./append.ts";
import type { Context, Outcome } from "./outcome.ts";
import { churnRefusal } from "./churn.ts";
import { forgetLeavers, noteCaller } from "./identity.ts";
import { type ChannelState, memberOf, type Participant, putParticipant } from "./state.ts";

/** Joins under `given`, or does nothing but rename when the caller already has (MEM1). */
export function join(
  state: ChannelState,
  caller: Caller,
  given: string | undefined,
  { now, limits }: Context,
): Outcome {
  const known = state.participants.get(caller.key);
  if (known?.member) {
    introduce(state, caller, given, now);
    return { type: "joined", seq: state.last_seq, epoch: state.record.epoch };
  }
  const why = joinRefusal(state, caller, limits, now) ?? churnRefusal(state, caller, now);
  if (why !== undefined) return { type: "refused", refusal: why };
  const joined = newMember(state, caller, given, now);
  putParticipant(state, joined);
  if (known === undefined) noteCaller(state, caller, now);
  const { name } = joined;
  const event = { kind: "join", key: caller.key, name } as const;
  const entry = appendSystem(state, `${name} joined the channel`, event, { now, members: state.members });
  return { type: "joined", seq: entry.message.seq, epoch: state.record.epoch, entry };
}

/** Why somebody may not join as things stand; a member may always. */
export function joinRefusal(state: ChannelState, caller: Caller, limits: Limits, now: number): Refusal | undefined {
  return refuseAct(state, caller, "join", now) ?? noPlace(state, caller, limits.HUB_MAX_PARTICIPANTS);
}

/** The row of one who joins; what is known of a key that was here before stays. */
function newMember(state: ChannelState, caller: Caller, given: string | undefined, now: number): Participant {
  const known = state.participants.get(caller.key);
  const { kicked_until: _served, ...before } = known ?? {};
  const kind = caller.kind ?? known?.kind;
  return {
    ...before,
    key: caller.key,
    name: given ?? caller.name ?? (known?.verified === true ? known.name : caller.key),
    member: true,
    verified: caller.verified || known?.verified === true,
    read_seq: state.last_seq + 1,
    joined_seq: state.last_seq + 1,
    seen_at: now,
    ...(kind !== undefined && { kind }),
  };
}

/** Leaves. The leave message is the last that reaches the leaver. */
export function leave(state: ChannelState, caller: Caller, { now }: Context): Outcome {
  const why = refuseAct(state, caller, "leave", now) ?? churnRefusal(state, caller, now);
  if (why !== undefined) return { type: "refused", refusal: why };
  const participant = memberOf(state, caller.key);
  const { key, name } = participant;
  const event = { kind: "leave", key, name } as const;
  const entry = appendSystem(state, `${name} left the channel`, event, { now, members: state.members });
  putParticipant(state, { ...participant, member: false, seen_at: now });
  forgetLeavers(state, now);
  return { type: "left", seq: entry.message.seq, entry };
}

/** Takes over what a member says of itself: a new name or kind, a key now proven. Returns its row. */
export function introduce(
  state: ChannelState,
  caller: Caller,
  given: string | undefined,
  now: number,
): Participant | undefined {
  const known = state.participants.get(caller.key);
  if (!known?.member) return known;
  const name = given ?? known.name;
  const kind = caller.kind ?? known.kind;
  const verified = caller.verified || known.verified;
  if (name === known.name && kind === known.kind && verified === known.verified) return known;
  const renamed = { ...known, name, verified, seen_at: now, ...(kind !== undefined && { kind }) };
  putParticipant(state, renamed);
  return renamed;
}

/** The last of a large channel's places are kept for admins: one in so many. */
const KEPT = 16;

function noPlace(state: ChannelState, { key, admin }: Caller, most: number): Refusal | undefined {
  if (state.members.has(key)) return undefined;
  const places = admin === true || most === Infinity ? most : most - Math.floor(most / KEPT);
  return state.members.size < places ? undefined : channelFull(state, places);
}

function channelFull(state: ChannelState, most: number): Refusal {
  return refusal(
    "channel_full",
    `channel ${state.id} has ${most} participants, the most it may have (HUB_MAX_PARTICIPANTS)`,
  );
}
