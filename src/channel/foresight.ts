/**
 * Whether a command can change anything as things stand: what is surely refused costs no write, tells
 * the index nothing and proves no key. Says yes in doubt; the rules themselves decide.
 */
import { type Caller, refuseAct } from "./access.ts";
import type { Change, Limits } from "../protocol/index.ts";
import { refuseCaller } from "./identity.ts";
import { joinRefusal } from "./join.ts";
import type { ChannelState } from "./state.ts";

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
  if (action === "read") return false;
  if (action === "join") return joinRefusal(state, caller, outlook.limits, outlook.now) === undefined;
  return refuseAct(state, caller, action, outlook.now) === undefined;
}
