/**
 * The loop guard (GRD1): agents that only answer each other would burn money all night. Counts the
 * messages of declared agents in a row; people are never gagged. Derived from the log after a wake,
 * so that it costs no row.
 */
import { type GuardState, type Kind, type Limits, type Refusal, refusal } from "../protocol/index.ts";
import type { Streak } from "./state.ts";
import type { MessageLog } from "./store.ts";

/** Past the limit one message of an agent passes in this time. */
const TRICKLE_MS = 30_000;
/** An answer to a person passes too, until the count is this many times the limit: no ring runs on one old question. */
const ANSWERS_FACTOR = 2;

const NONE: Streak = { count: 0, last_at: 0 };

/** Counts back from the newest message to the last that no declared agent sent, or to the last reset; no further than matters. */
export function countStreak(log: MessageLog, reset_seq: number, { HUB_LOOP_GUARD: limit }: Limits): Streak {
  let streak = NONE;
  if (limit === Infinity) return streak;
  for (const { seq, ts, kind } of log.sends(0)) {
    if (kind !== "agent" || seq <= reset_seq || streak.count >= limit * ANSWERS_FACTOR) break;
    streak = { count: streak.count + 1, last_at: Math.max(streak.last_at, ts) };
  }
  return streak;
}

/** Takes a message into account. */
export function nextStreak(streak: Streak, kind: Kind | undefined, ts: number): Streak {
  return kind === "agent" ? { count: streak.count + 1, last_at: ts } : NONE;
}

/** How a declared agent stands with the guard; undefined for everybody else and where it is off. */
export function guardFor(kind: Kind | undefined, streak: Streak, limits: Limits): GuardState | undefined {
  return kind === "agent" ? guardState(streak, limits) : undefined;
}

/** What is left before the guard trips; undefined where it is off. */
export function guardState({ count }: Streak, { HUB_LOOP_GUARD: limit }: Limits): GuardState | undefined {
  return limit === Infinity ? undefined : { limit, left: Math.max(0, limit - count) };
}

interface Attempt {
  /** What the sender is. */
  readonly kind: Kind | undefined;
  /** What the author of the message that is answered is, if one is answered. */
  readonly answered: Kind | undefined;
  readonly now: number;
}

/** Why a declared agent must wait, if it must. */
export function guardRefusal(streak: Streak, { kind, answered, now }: Attempt, limits: Limits): Refusal | undefined {
  const { HUB_LOOP_GUARD: limit } = limits;
  if (kind !== "agent" || streak.count < limit) return undefined;
  if (answered === "human" && streak.count < limit * ANSWERS_FACTOR) return undefined;
  const wait_ms = streak.last_at + TRICKLE_MS - now;
  if (wait_ms <= 0) return undefined;
  const why = `${streak.count} messages of agents in a row, the guard stands at ${limit} (HUB_LOOP_GUARD)`;
  return refusal("loop_guard", `${why}; stop unless a person answers, or wait ${Math.ceil(wait_ms / 1000)} s`, {
    retry_after_ms: wait_ms,
    hint: "a message of a person or POST /api/channel/guard-reset sets the count to 0",
  });
}
