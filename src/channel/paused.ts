/** A paused channel (GRD2): nobody speaks, comes or goes but an admin that is no declared agent. */
import { refusal, type Refusal } from "../protocol/index.ts";
import type { Caller, ChannelState } from "./state.ts";

/** On a hub with one key all are admins, so it is not enough to be one. */
export function pausedRefusal(state: ChannelState, { key, kind, admin }: Caller): Refusal | undefined {
  if (!state.settings.paused) return undefined;
  if (admin === true && (kind ?? state.participants.get(key)?.kind) !== "agent") return undefined;
  return refusal("paused", `channel ${state.id} is paused; wait until it is resumed`);
}
