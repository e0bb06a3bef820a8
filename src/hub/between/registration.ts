/**
 * Whether a channel and the index still speak of the same channel (IDX5). Files can be lost, or come
 * back from a copy: then a number may stand for another conversation, or a position for messages
 * that nobody has any more. Pure; the keeper asks, once for each channel and process.
 */
import type { ChannelRecord } from "../../channel/index.ts";

/** What the index knows of a channel. */
export interface Registration extends ChannelRecord {
  /** Changes that the channel announced (IDX3). */
  readonly change: number;
  /** Chosen anew each time the owner says that state was restored; empty before the first time. */
  readonly generation: string;
  /** The epoch before the last one; empty: there was none. The channel may not have heard of its end yet. */
  readonly renewed_from: string;
}

/** What the channel has stored of the same. */
export type Stored = Pick<Registration, "epoch" | "change" | "generation">;

/**
 * `same`: go on. `renewed`: the channel takes over the epoch that the index has already. `older`: the
 * channel's data are, or may be, of an earlier time than what was acknowledged. `stranger`: another channel's.
 */
export type Kinship = "same" | "renewed" | "older" | "stranger";

export function kinship(stored: Stored, registered: Registration): Kinship {
  const isOfNow = stored.generation === registered.generation;
  // A change is announced before it is stored, so one of them may have been lost in a crash, with nothing acknowledged.
  if (stored.epoch === registered.epoch) return isOfNow && registered.change <= stored.change + 1 ? "same" : "older";
  if (registered.renewed_from === "" || stored.epoch !== registered.renewed_from) return "stranger";
  // Who took the new epoch over announced its first change in it: then this is a copy of before.
  return isOfNow && registered.change <= stored.change ? "renewed" : "older";
}

/** Random, so that a position of another life of the channel is never taken for one of this: 16 hex digits. */
export function newEpoch(): string {
  return [...crypto.getRandomValues(new Uint8Array(8))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
