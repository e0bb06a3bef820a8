/** Read positions: durable, one a participant, forward only (LIS3). */
import { type Caller, refuseAct } from "./access.ts";
import type { Context, Outcome } from "./outcome.ts";
import { type ChannelState, memberOf, putParticipant } from "./state.ts";

/** Everything up to `seq` is done with; beyond the newest message counts as the newest. */
export function read(state: ChannelState, caller: Caller, seq: number, { now }: Context): Outcome {
  const why = refuseAct(state, caller, "read", now);
  if (why !== undefined) return { type: "refused", refusal: why };
  const participant = memberOf(state, caller.key);
  const position = Math.min(seq, state.last_seq);
  if (position <= participant.read_seq) return { type: "read", seq: participant.read_seq };
  putParticipant(state, { ...participant, read_seq: position, seen_at: now });
  return { type: "read", seq: position };
}
