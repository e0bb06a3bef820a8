/** What was shown is done with, once the agent acts (HST2). */
import { ERRORS } from "../protocol/index.ts";
import type { Turn } from "./answer.ts";
import type { Place } from "./memory.ts";

/**
 * Moves the agent's read positions to where it was shown all, but in the channel `but`. What cannot
 * be moved now stays remembered, and the next call tries again.
 */
export async function settle({ port, memory }: Turn, key: string, but?: string): Promise<void> {
  const move = async (channel_id: string, place: Place): Promise<void> => {
    const seq = place.settle();
    if (seq === undefined) return;
    const moved = await port.read({ channel_id, key, seq });
    if (moved.ok) place.moved(moved.value.seq);
    else if (!ERRORS[moved.refusal.code].retry) memory.forget(channel_id);
  };
  await Promise.all([...memory.places].filter(([id]) => id !== but).map(([id, place]) => move(id, place)));
}
