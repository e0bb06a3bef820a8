/** How links end: the next attempt, or none. Close codes and statuses decide, by the protocol's table. */
import { mayReconnect } from "../protocol/error.ts";
import { waitFor } from "./backoff.ts";
import {
  changed,
  type ConnectionState,
  type Context,
  type Effect,
  NOTHING_UNSAID,
  type Step,
} from "./connection-state.ts";
import { type Failure, failure } from "./hub-error.ts";

/** Lets go of a link that is of no use any more, and comes back for what it did not bring. */
export function giveUp(state: ConnectionState, why: Failure, context: Context): Step {
  return withDrop(lost(state, why, true, context));
}

/** The link is gone: waits for the next attempt, or it was the last. */
export function lost(state: ConnectionState, why: Failure, mayRetry: boolean, context: Context): Step {
  if (!state.isMember) return close(state, leftBehind());
  if (!mayRetry) return close(state, why);
  const { now, roll, settings } = context;
  const attempt = wasStable(state, context) ? 0 : state.attempt;
  const retry_at = now + waitFor(settings.backoff, attempt, roll, why.retry_after_ms);
  const waiting: ConnectionState = {
    ...state,
    phase: { name: "disconnected", retry_at },
    attempt: attempt + 1,
    trouble: why,
  };
  const effects: Effect[] = state.phase.name === "connected" ? [{ type: "rewind" }] : [];
  return { state: waiting, effects: [...effects, changed(waiting, why.code, why.message)] };
}

function wasStable({ phase }: ConnectionState, { now, settings }: Context): boolean {
  return phase.name === "connected" && now - phase.since >= settings.stable_ms;
}

function leftBehind(): Failure {
  return failure("left", "the link ended after the agent had left the channel; connect again to come back");
}

/** What the hub said before it closed, or else its close frame. */
export function lossOf({ fault }: ConnectionState, { code, reason }: { code: number; reason: string }): Failure {
  const said = reason === "" ? `the link broke (${code})` : `the hub closed the link: ${reason} (${code})`;
  return fault ?? failure("network", said);
}

/**
 * Whether a close is the hub's last word. Its codes alone are not: what stands in between closes too,
 * 1009 above all, so the hub must have said why, in a frame or as the close's reason.
 */
export function isFinal({ fault }: ConnectionState, { code, reason }: { code: number; reason: string }): boolean {
  if (mayReconnect(code)) return false;
  return fault !== undefined || (code === 1009 ? reason === "frame_too_large" : /^[a-z][a-z_]*$/.test(reason));
}

export function close(state: ConnectionState, why: Failure): Step {
  const closed: ConnectionState = { ...state, phase: { name: "closed", why }, unsaid: NOTHING_UNSAID };
  return { state: closed, effects: [changed(closed, why.code, why.message)] };
}

/** The drop comes first: nothing of the old link is heard after the change was told. */
export function withDrop({ state, effects }: Step): Step {
  return { state, effects: [{ type: "drop" }, ...effects] };
}
