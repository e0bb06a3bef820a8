/**
 * An agent's connection as a pure machine: `step(state, event, context)` gives the next state and
 * what is to be done about it. `ChannelClient` does it. Touches no host, knows no socket: a link is
 * a number, and whatever is said of an older link is ignored.
 */
import { mayReconnect } from "../protocol/error.ts";
import {
  askOn,
  changed,
  type Connected,
  type ConnectionEvent,
  type ConnectionState,
  type Context,
  type Effect,
  NOTHING_UNSAID,
  type Step,
} from "./connection-state.ts";
import { close, giveUp, lossOf, lost, withDrop } from "./ending.ts";
import { hear } from "./hear.ts";
import { failure, isTemporary } from "./hub-error.ts";

export function step(state: ConnectionState, event: ConnectionEvent, context: Context): Step {
  if (state.phase.name === "closed" || isStale(state, event)) return { state, effects: [] };
  switch (event.type) {
    case "connect":
      return state.phase.name === "disconnected" ? open(state, context) : { state, effects: [] };
    case "frames":
      return hear(state, event, context);
    case "pong":
      return { state: ponged(state), effects: [] };
    case "lost":
      return lost(state, lossOf(state, event), mayReconnect(event.code), context);
    case "refused":
      return lost(state, event.why, isTemporary(event.why), context);
    case "time":
      return tick(state, context);
    case "disconnect":
      return withDrop(close(state, event.why));
  }
}

/** Something is said of a link that was let go. */
function isStale({ phase, link }: ConnectionState, event: ConnectionEvent): boolean {
  return "link" in event && (event.link !== link || phase.name === "disconnected");
}

/** When the next `time` event is due; undefined: nothing is waited for. */
export function deadline({ phase }: ConnectionState): number | undefined {
  switch (phase.name) {
    case "connecting":
      return phase.until;
    case "connected":
      return Math.min(phase.pong_by ?? phase.ping_at, phase.ask_at ?? Infinity);
    case "disconnected":
      return phase.retry_at;
    case "closed":
      return undefined;
  }
}

function open(state: ConnectionState, { now, settings }: Context): Step {
  const phase = { name: "connecting", until: now + settings.open_ms } as const;
  const link = state.link + 1;
  const opening: ConnectionState = { ...state, phase, link, fault: undefined, unsaid: NOTHING_UNSAID };
  const reason = state.wasConnected ? "connecting again" : "connecting";
  return { state: opening, effects: [changed(opening, "connecting", reason), { type: "open", link }] };
}

function ponged(state: ConnectionState): ConnectionState {
  const { phase } = state;
  return phase.name === "connected" ? { ...state, phase: { ...phase, pong_by: undefined } } : state;
}

function tick(state: ConnectionState, context: Context): Step {
  const { phase } = state;
  const { now, settings } = context;
  if (phase.name === "disconnected") return now >= phase.retry_at ? open(state, context) : { state, effects: [] };
  if (phase.name === "connected") return beat(state, phase, context);
  if (phase.name === "closed" || now < phase.until) return { state, effects: [] };
  const silence = failure("network", `the hub gave no first frame within ${settings.open_ms / 1000} s`);
  return giveUp(state, state.fault ?? silence, context);
}

/** What a living link does as time passes. */
function beat(state: ConnectionState, phase: Connected, context: Context): Step {
  const { now, settings } = context;
  if (phase.pong_by !== undefined && now >= phase.pong_by) {
    const silence = failure("network", `no sign of the hub for ${settings.pong_ms / 1000} s`);
    return giveUp(state, state.fault ?? silence, context);
  }
  const effects: Effect[] = [];
  const next = { ...phase };
  if (phase.pong_by === undefined && now >= phase.ping_at) {
    effects.push({ type: "say", text: "ping" });
    Object.assign(next, { pong_by: now + settings.pong_ms, ping_at: now + settings.ping_ms });
  }
  if (phase.ask_at !== undefined && now >= phase.ask_at) {
    effects.push(askOn(state));
    next.ask_at = undefined;
  }
  return { state: { ...state, phase: next }, effects };
}
