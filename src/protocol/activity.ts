/**
 * Which channels a listen to all takes, where there are more than it can (LIS1): those in which
 * something was said last. What it leaves out is told, so that nothing goes unheard unnoticed.
 */
import { LISTEN_CHANNELS } from "./limits.ts";
import type { ChannelSummary } from "./message.ts";

/** Channels that a listen did not look at. */
export interface LeftOut {
  readonly count: number;
  /** Their ids, at most 32, the most active first. */
  readonly channels: readonly string[];
}

export interface Chosen<T> {
  /** In the order in which they were given. */
  readonly channels: readonly T[];
  /** The most active first. */
  readonly left_out: readonly T[];
}

/** Ids of a `LeftOut` at most. */
const NAMED = 32;

type Active = Pick<ChannelSummary, "id" | "created_at" | "active_at">;

export function mostActive<T extends Active>(all: readonly T[], most: number = LISTEN_CHANNELS): Chosen<T> {
  if (all.length <= most) return { channels: all, left_out: [] };
  const latest = all.toSorted((a, b) => (activeAt(a) < activeAt(b) ? 1 : -1));
  const chosen = new Set(latest.slice(0, most));
  return { channels: all.filter((one) => chosen.has(one)), left_out: latest.slice(most) };
}

/** As a field of an answer: nothing where nothing was left out. */
export function leftOut(channels: readonly Pick<ChannelSummary, "id">[]): { readonly left_out?: LeftOut } {
  if (channels.length === 0) return {};
  return { left_out: { count: channels.length, channels: channels.slice(0, NAMED).map(({ id }) => id) } };
}

/** A hub of before says of a channel only when it was made. */
function activeAt({ active_at, created_at }: Active): string {
  return active_at ?? created_at;
}
