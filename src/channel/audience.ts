/**
 * Who hears of a turn: sockets, those who wait, and whoever else is to be told. What an author learns
 * of them (`delivered`, `offline`) is put together here, whatever they are.
 */
import { type AckExtras, EVERYONE } from "../protocol/index.ts";
import type { Entry } from "./state.ts";
import type { Decided, Reply, Turn } from "./turn.ts";

/** Keys that are mentioned and away, as an ack lists them. */
const OFFLINE_MAX = 128;

/** Keys of members that a message reaches through an audience. */
export type Reached = Pick<ReadonlySet<string>, "size" | "has"> & Iterable<string>;

/** Somebody who hears of what was committed. Never throws; one that fails concerns nobody else. */
export interface Audience {
  /** Called once for each turn, after its write and in its order. */
  hear(turn: Turn, now: number): void;
  reached(entry: Entry): Reached;
  /** Whether a key would be told at once. */
  isPresent(key: string, now: number): boolean;
}

/** What a command's author is told. */
export function replyTo(audiences: readonly Audience[], { arrival, outcome }: Decided, now: number): Reply {
  if (outcome.type !== "sent") return { outcome };
  const { duplicate, mentions, unresolved, guard, entry } = outcome;
  const delivered = entry === undefined ? 0 : countReached(audiences, entry, arrival.caller.key);
  const away = offlineAmong(audiences, { mentions, entry, now });
  return { outcome, extras: { ...arrival.named, duplicate, delivered, ...away, unresolved, ...(guard && { guard }) } };
}

/** Other participants whom a message reaches, whatever way it takes: each counts once. */
function countReached(audiences: readonly Audience[], entry: Entry, author: string): number {
  const all: Reached[] = [];
  let count = 0;
  for (const audience of audiences) {
    const reached = audience.reached(entry);
    if (all.length === 0) count = reached.size;
    else for (const key of reached) if (!all.some((earlier) => earlier.has(key))) count++;
    all.push(reached);
  }
  return all.some((reached) => reached.has(author)) ? count - 1 : count;
}

interface Mentioned {
  readonly mentions: readonly string[];
  readonly entry: Entry | undefined;
  readonly now: number;
}

/** Mentioned keys that nobody can reach now. */
function offlineAmong(
  audiences: readonly Audience[],
  { mentions, entry, now }: Mentioned,
): Pick<AckExtras, "offline" | "offline_more"> {
  const keys = mentions.includes(EVERYONE) ? [...(entry?.members ?? [])] : mentions;
  const isAway = (key: string): boolean => !audiences.some((audience) => audience.isPresent(key, now));
  const away = keys.filter((key) => key !== entry?.message.from && isAway(key));
  const more = away.length - OFFLINE_MAX;
  return { offline: away.slice(0, OFFLINE_MAX), ...(more > 0 && { offline_more: more }) };
}
