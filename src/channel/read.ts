/** Read positions: durable, one a participant, forward only (LIS3). */
import { notParticipant } from "../protocol/index.ts";
import type { Context, Outcome } from "./outcome.ts";
import { type Caller, type ChannelState, putParticipant } from "./state.ts";

/** Everything up to `seq` is done with; beyond the newest message counts as the newest. */
export function read(state: ChannelState, caller: Caller, seq: number, { now }: Context): Outcome {
  const participant = state.participants.get(caller.key);
  if (!participant?.member) return { type: "refused", refusal: notParticipant(state.id) };
  const position = Math.min(seq, state.last_seq);
  if (position <= participant.read_seq) return { type: "read", seq: participant.read_seq };
  putParticipant(state, { ...participant, read_seq: position, seen_at: now });
  return { type: "read", seq: position };
}
