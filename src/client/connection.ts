/**
 * An agent's connection as a pure machine: `step(state, event, context)` gives the next state and
 * what is to be done about it. `ChannelClient` does it. Touches no host, knows no socket: a link is
 * a number, and whatever is said of an older link is ignored.
 */
import {
  askOn,
  changed,
  type Connected,
  type ConnectionEvent,
  type ConnectionState,
  type Context,
  type Effect,
  expecting,
  NOTHING_UNSAID,
  type Step,
} from "./connection-state.ts";
import { close, giveUp, isFinal, lossOf, lost, withDrop } from "./ending.ts";
import { hear } from "./hear.ts";
import { failure, isTemporary } from "./hub-error.ts";

export function step(state: ConnectionState, event: ConnectionEvent, context: Context): Step {
  if (state.phase.name === "closed" || isStale(state, event)) return { state, effects: [] };
  switch (event.type) {
    case "connect":
      return hurry(state, context);
    case "said":
      return said(state, context);
    case "garbage":
      return garbage(state, event.text, context);
    case "frames":
      return hear(state, event, context);
    case "pong":
      return { state: ponged(state, context), effects: [] };
    case "lost":
      return lost(state, lossOf(state, event), !isFinal(state, event), context);
    case "renew":
      return state.phase.name === "connected" ? giveUp(state, event.why, context) : { state, effects: [] };
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

function ponged(state: ConnectionState, { now }: Context): ConnectionState {
  const { phase } = state;
  return phase.name === "connected" ? { ...state, phase: { ...phase, pong_by: undefined, heard_at: now } } : state;
}

/** Somebody will not wait: the next attempt is now, one that hangs begins anew, a link that is up is probed. */
function hurry(state: ConnectionState, context: Context): Step {
  const { phase } = state;
  const { now, settings } = context;
  if (phase.name === "disconnected") return open(state, context);
  if (phase.name === "connected") return probe(state, phase, context);
  const hangs = phase.name === "connecting" && now >= phase.until - settings.open_ms + settings.probe_ms;
  return hangs ? withDrop(open(state, context)) : { state, effects: [] };
}

/** A link that was silent may be dead, and would take what was said along. */
function said(state: ConnectionState, context: Context): Step {
  const { phase } = state;
  const isSilent = phase.name === "connected" && context.now - phase.heard_at >= context.settings.silent_ms;
  return isSilent ? probe(state, phase, context) : { state, effects: [] };
}

function probe(state: ConnectionState, phase: Connected, { now, settings }: Context): Step {
  const asked = expecting(now, settings.probe_ms);
  if (phase.pong_by === undefined) {
    const next = { ...state, phase: { ...phase, ...asked, ping_at: now + settings.ping_ms } };
    return { state: next, effects: [{ type: "say", text: "ping" }] };
  }
  // A pong that was due while the machine slept may still come.
  const isSooner = phase.pong_by <= now || asked.pong_by < phase.pong_by;
  return { state: isSooner ? { ...state, phase: { ...phase, ...asked } } : state, effects: [] };
}

/** Before the first frame it shows that no hub is there; later it is a fault that the link copes with. */
function garbage(state: ConnectionState, text: string, context: Context): Step {
  const why = failure("bad_frame", `no frame of a hub: ${text.slice(0, 100)}`);
  return state.phase.name === "connecting" ? giveUp(state, why, context) : { state, effects: [{ type: "fault", why }] };
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
    const silence = failure("network", `no sign of the hub for ${phase.pong_ms / 1000} s`);
    return giveUp(state, state.fault ?? silence, context);
  }
  const effects: Effect[] = [];
  const next = { ...phase };
  if (phase.pong_by === undefined && now >= phase.ping_at) {
    effects.push({ type: "say", text: "ping" });
    Object.assign(next, expecting(now, settings.pong_ms), { ping_at: now + settings.ping_ms });
  }
  if (phase.ask_at !== undefined && now >= phase.ask_at) {
    effects.push(askOn(state));
    next.ask_at = undefined;
  }
  return { state: { ...state, phase: next }, effects };
}
