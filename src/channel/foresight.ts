/**
 * Whether a command can change anything as things stand: what is surely refused costs no write, tells
 * the index nothing and proves no key. Says yes in doubt; the rules themselves decide.
 */
import type { Change, Limits, Refusal } from "../protocol/index.ts";
import { mayModerate, refuseCaller } from "./identity.ts";
import { joinRefusal } from "./join.ts";
import { overruled } from "./moderation.ts";
import { pausedRefusal } from "./paused.ts";
import type { Caller, ChannelState } from "./state.ts";

export interface Outlook {
  /** Unix milliseconds. */
  readonly now: number;
  readonly limits: Limits;
}

/** Whether `list` could show what comes of it. */
export function mayShow(state: ChannelState, caller: Caller, action: Change["action"], outlook: Outlook): boolean {
  if (refuseCaller(state, caller, outlook.now) !== undefined) return false;
  const known = state.participants.get(caller.key);
  // A proof that is news changes the name.
  if (caller.verified && known?.verified === false) return action !== "read";
  const isMember = known?.member === true;
  switch (action) {
    case "read":
      return false;
    case "send":
    case "leave":
      return isMember && pausedRefusal(state, caller) === undefined;
    case "join":
      return refusedEntry(state, caller, outlook) === undefined;
    default:
      return mayModerate(state, caller) && overruled(state, caller, outlook.now) === undefined;
  }
}

/** Why one who is no member may not join, if so. */
export function refusedEntry(state: ChannelState, caller: Caller, { now, limits }: Outlook): Refusal | undefined {
  return state.members.has(caller.key) ? undefined : joinRefusal(state, caller, limits, now);
}
