/**
 * Who may do what in a channel (GRD1, GRD2, MEM1, SOC9): the one place where it is decided. How
 * surely somebody is who it says is judged before (`identity.ts`); how often it may and whether
 * there is room, after. Whom the hub lets in at all its doors have decided.
 */
import { type Change, type Kind, notParticipant, refusal, type Refusal } from "../protocol/index.ts";
import type { ChannelState } from "./state.ts";

/** Who asks something of a channel, as the hub's doors found out; never taken from a body again. */
export interface Viewer {
  /** An agent's; of one who only looks on, `~` and its hub key's name, which no agent can have (IDN4). */
  readonly key: string;
  /** The key is proven, not only claimed. */
  readonly verified: boolean;
  readonly kind?: Kind | undefined;
  /** Admitted with a hub key of admin scope. */
  readonly admin?: boolean | undefined;
  /** Names the hub key that admitted it: what it uses up is counted by that, for keys cost nothing to make. */
  readonly kid?: string | undefined;
  /** When what admitted it ends, in Unix milliseconds. */
  readonly until?: number | undefined;
  /** The only channels it reaches, where a pass names them (ACC1). */
  readonly within?: readonly string[] | undefined;
  /** Only looks on: is no participant, never speaks, and no position moves (SOC9). */
  readonly observes?: boolean | undefined;
}

/** A viewer that acts under its key. */
export interface Caller extends Viewer {
  /** What its connection calls it: the name of a join that gives none. */
  readonly name?: string | undefined;
  /** Of a signed request or a ticket: what makes it one of its kind. A socket's frames have none. */
  readonly nonce?: string | undefined;
}

/** To look on, to follow as a participant, to end the channel, or to change it by a command. */
export type Act = "look" | "listen" | "delete" | Change["action"];

/** Why a viewer may not do this as things stand. `now` in Unix milliseconds. */
export function refuseAct(state: ChannelState, viewer: Viewer, act: Act, now: number): Refusal | undefined {
  switch (act) {
    case "look":
      // Whom the hub admits may read each of its channels.
      return undefined;
    case "listen":
      return viewer.observes === true ? undefined : refuseStranger(state, viewer);
    case "delete":
      return refuseDelete(state.record, viewer) ?? overruled(state, viewer, now);
    default:
      return refuseChange(state, viewer, act, now);
  }
}

function refuseChange(state: ChannelState, viewer: Viewer, action: Change["action"], now: number): Refusal | undefined {
  switch (action) {
    case "read":
      return refuseStranger(state, viewer);
    case "join":
      return isMember(state, viewer) ? undefined : (refuseKicked(state, viewer, now) ?? refusePaused(state, viewer));
    case "send":
    case "leave":
      return refuseStranger(state, viewer) ?? refusePaused(state, viewer);
    case "kick":
    case "pause":
    case "resume":
    case "guard_reset":
      return mayModerate(state, viewer) ? overruled(state, viewer, now) : notAllowed(state);
  }
}

/** Whether a channel is one of those that the viewer reaches; to all others it is as if it were not there. */
export function isWithinReach({ within }: Viewer, id: string): boolean {
  return within === undefined || within.includes(id);
}

/** Why a viewer may do nothing that concerns the whole hub. */
export function refuseConfined({ within }: Viewer): Refusal | undefined {
  if (within === undefined) return undefined;
  return refusal("forbidden_scope", `this pass is for ${within.join(", ")} alone, and this concerns the whole hub`);
}

/** Why somebody that the hub admitted may not speak, in whatever channel. */
export function refuseSpeaking({ observes }: Viewer): Refusal | undefined {
  if (observes !== true) return undefined;
  return refusal("forbidden_scope", "this socket only reads; to speak, connect with a hub key of scope agent");
}

/** Whether what a viewer does as a moderator counts, whatever else stands against it. */
export function mayModerate(state: ChannelState, viewer: Viewer): boolean {
  return viewer.admin === true || isCreator(state.record, viewer);
}

/** Why a viewer may delete no channel at all: it must be somebody. */
export function refuseNobody({ admin, verified }: Viewer): Refusal | undefined {
  if (admin === true || verified) return undefined;
  const text = "prove that you are the channel's creator by signing, or use a hub key of scope admin";
  return refusal("signature_required", text);
}

/** Why a viewer may not delete this channel, as far as its record tells: so no channel is woken for a stranger. */
export function refuseDelete(record: Creation, viewer: Viewer): Refusal | undefined {
  if (viewer.admin === true || isCreator(record, viewer)) return undefined;
  const text = "a channel is deleted by its creator, whose key must be proven, or with a hub key of scope admin";
  return refusal("forbidden", text);
}

interface Creation {
  readonly created_by: string;
}

/** The creator counts only when proven: its key is public. */
function isCreator({ created_by }: Creation, { key, verified }: Viewer): boolean {
  return verified && key === created_by;
}

function isMember(state: ChannelState, { key }: Viewer): boolean {
  return state.members.has(key);
}

function refuseStranger(state: ChannelState, viewer: Viewer): Refusal | undefined {
  return isMember(state, viewer) ? undefined : notParticipant(state.id);
}

/** An admin's measure is above the creator until it is over or lifted. */
function overruled(state: ChannelState, viewer: Viewer, now: number): Refusal | undefined {
  if (viewer.admin === true) return undefined;
  const text = "an admin of the hub paused this channel; only an admin may do this until it is resumed";
  if (state.settings.paused_by_admin) return refusal("forbidden", text);
  return refuseKicked(state, viewer, now);
}

/** While it is paused nobody speaks, comes or goes. On a hub with one key all are admins, so an admin must be no agent. */
function refusePaused(state: ChannelState, { key, kind, admin }: Viewer): Refusal | undefined {
  if (!state.settings.paused) return undefined;
  if (admin === true && (kind ?? state.participants.get(key)?.kind) !== "agent") return undefined;
  return refusal("paused", `channel ${state.id} is paused; wait until it is resumed`);
}

function refuseKicked(state: ChannelState, { key }: Viewer, now: number): Refusal | undefined {
  const until = state.participants.get(key)?.kicked_until ?? 0;
  return until > now ? kicked(state, until) : undefined;
}

/** What somebody is told that was taken out. `until` in Unix milliseconds. */
export function kicked(state: ChannelState, until: number): Refusal {
  const time = new Date(until).toISOString();
  return refusal("forbidden", `you were removed from ${state.id} and may join again after ${time}`);
}

function notAllowed(state: ChannelState): Refusal {
  return refusal("forbidden", `only an admin of the hub, or the proven creator of ${state.id}, may do this`);
}
