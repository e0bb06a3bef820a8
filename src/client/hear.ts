/**
 * What a frame does to a connection. On a live link every number comes, in order: the client asks
 * for its own messages too (`echo=1`) and leaves them out itself, so that a number that is missing
 * is a fault of the link and not a guess.
 */
import type { ErrorFrame } from "../protocol/frame.ts";
import type { HistoryMeta, Message } from "../protocol/message.ts";
import {
  askOn,
  changed,
  type Connected,
  type ConnectionState,
  type Context,
  type Effect,
  expecting,
  isDue,
  type Phase,
  READ_ON,
  SAY_BYTES,
  SAY_MESSAGES,
  sayProgress,
  type Step,
} from "./connection-state.ts";
import { close, giveUp, withDrop } from "./ending.ts";
import { type Failure, failure } from "./hub-error.ts";
import type { Page, PlainFrame } from "./read-frame.ts";

interface Heard {
  readonly frames: readonly PlainFrame[];
  /** Length of the text they came in. */
  readonly bytes: number;
}

/** The hub asked to wait with the next page, without saying how long. */
const ASK_AGAIN_MS = 1000;
/** Hosts tell of a close only when the hub has let go of the connection, which may take it seconds. */
const CLOSE_MS = 1000;

export function hear(before: ConnectionState, { frames, bytes }: Heard, context: Context): Step {
  let state = alive(before, context);
  const effects: Effect[] = [];
  for (const frame of frames) {
    if (state.phase.name !== "connecting" && state.phase.name !== "connected") break;
    const next = hearFrame(state, frame, context);
    state = next.state;
    effects.push(...next.effects);
  }
  const progress = noteProgress(before, state, bytes);
  return { state: progress.state, effects: [...effects, ...progress.effects] };
}

/** Any frame shows that the link lives, also while its pong stands behind a long queue. */
function alive(state: ConnectionState, { now, settings }: Context): ConnectionState {
  const { phase } = state;
  if (phase.name !== "connected") return state;
  const asked = phase.pong_by === undefined ? {} : expecting(now, settings.pong_ms);
  return { ...state, phase: { ...phase, heard_at: now, ...asked } };
}

function noteProgress(before: ConnectionState, state: ConnectionState, bytes: number): Step {
  const messages = (state.place?.seq ?? 0) - (before.place?.seq ?? 0);
  if (state.phase.name !== "connected" || messages <= 0) return { state, effects: [] };
  const { unsaid } = state;
  const sum = { messages: unsaid.messages + messages, bytes: unsaid.bytes + bytes };
  const noted = { ...state, unsaid: sum };
  return sum.messages >= SAY_MESSAGES || sum.bytes >= SAY_BYTES ? sayProgress(noted) : { state: noted, effects: [] };
}

function hearFrame(state: ConnectionState, frame: PlainFrame, context: Context): Step {
  const { phase } = state;
  if (frame.type === "error") return hearError(state, frame, context);
  if (frame.type === "history") return hearPage(state, frame, context);
  if (phase.name !== "connected") return giveUp(state, outOfOrder(frame), context);
  switch (frame.type) {
    case "message":
      return hearMessage(state, frame.data, context);
    case "system":
      if (typeof frame.data === "object") return hearMessage(state, frame.data, context);
      return { state: moved(state, phase, frame), effects: [{ type: "answered", frame }] };
    case "ack": {
      // While behind, an ack runs ahead of the pages that will bring its message in order.
      const heard = phase.mode === "live" ? hearMessage(state, frame.data, context) : { state, effects: [] };
      return { state: heard.state, effects: [{ type: "answered", frame }, ...heard.effects] };
    }
    case "lagging":
      // The hub kept back everything of that turn, acks included, so commands on the wire go again.
      return {
        state: { ...state, phase: { ...phase, mode: "behind" } as const },
        effects: [askOn(state), { type: "rewind" }],
      };
  }
}

function outOfOrder(frame: PlainFrame): Failure {
  return failure("bad_frame", `the first frame must be the history, got ${frame.type}`);
}

function hearError(state: ConnectionState, frame: ErrorFrame, { now }: Context): Step {
  const { code, data, fatal, ref } = frame;
  const { phase } = state;
  const why: Failure = { code, message: data, status: 0, ...pick(frame) };
  if (fatal && FINAL_CODES.has(code)) return withDrop(close(state, why));
  if (fatal) return { state: { ...state, fault: why, phase: closingBy(phase, now + CLOSE_MS) }, effects: [] };
  if (ref === READ_ON && phase.name === "connected") {
    const ask_at = now + (frame.retry_after_ms ?? ASK_AGAIN_MS);
    return { state: { ...state, phase: { ...phase, ask_at } }, effects: [{ type: "fault", why }] };
  }
  const isAnswer = frame.client_msg_id !== undefined || ref !== undefined;
  return { state, effects: [isAnswer ? { type: "answered", frame } : { type: "fault", why }] };
}

/**
 * Codes whose close is final, by the protocol's table, which is too large for a client; a test holds
 * them equal. The close itself is not waited for: it may come late, and coming back would be wrong.
 */
export const FINAL_CODES: ReadonlySet<string> = new Set([
  "key_revoked",
  "pass_expired",
  "forbidden",
  "channel_not_found",
  "channel_deleted",
  "frame_too_large",
  "replaced",
]);

/** The close that follows says whether to come back; one that does not arrive is found out by coming back. */
function closingBy(phase: Phase, at: number): Phase {
  if (phase.name === "connecting") return { ...phase, until: at };
  return phase.name === "connected" ? { ...phase, pong_by: at } : phase;
}

function pick({ hint, retry_after_ms, client_msg_id }: ErrorFrame): Partial<Failure> {
  return {
    ...(hint !== undefined && { hint }),
    ...(retry_after_ms !== undefined && { retry_after_ms }),
    ...(client_msg_id !== undefined && { client_msg_id }),
  };
}

/** The reply to a join or leave stands at its number in place of the message (SOC4). */
function moved(
  state: ConnectionState,
  phase: Connected,
  { data, seq, epoch }: { data: string; seq: number; epoch?: string },
): ConnectionState {
  if (data === "Read" || state.place === undefined) return state;
  const isMember = data === "Joined";
  if (phase.mode === "behind") return { ...state, isMember };
  const place = { epoch: epoch ?? state.place.epoch, seq: Math.max(seq, state.place.seq) };
  return { ...state, isMember, place };
}

/** A message that came live, or with an ack. */
function hearMessage(state: ConnectionState, message: Message, context: Context): Step {
  const seq = state.place?.seq ?? 0;
  if (message.seq <= seq) return { state, effects: [] };
  if (message.seq > seq + 1 && state.isMember) {
    const lacking = `message ${seq + 1} is missing before ${message.seq}`;
    const why = failure("hole", `${lacking}; reading on from ${seq}`);
    const next = giveUp(state, why, context);
    return { state: next.state, effects: [{ type: "fault", why }, ...next.effects] };
  }
  const taken = take(state, [message], context);
  return { state: taken.state, effects: [...shown([message], context), ...taken.effects] };
}

/** Own messages that carry the id of a send: they settle it, wherever its ack is. */
function shown(messages: readonly Message[], { settings }: Context): Effect[] {
  const own = messages.filter(({ from, client_msg_id }) => from === settings.key && client_msg_id !== undefined);
  return own.map((message) => ({ type: "shown", message }));
}

/** Moves the position over messages that follow it, and tells those that are due. */
function take(state: ConnectionState, messages: readonly Message[], { settings }: Context): Step {
  const last = messages.at(-1);
  if (last === undefined) return { state, effects: [] };
  const effects = messages
    .filter((message) => isDue(settings, message))
    .map((message): Effect => ({ type: "tell", event: { type: "message", message } }));
  const isMember = messages.reduce((was, message) => membership(was, message, settings.key), state.isMember);
  return { state: { ...state, isMember, place: { epoch: state.place?.epoch, seq: last.seq } }, effects };
}

/** Another socket of this key, or a call over HTTP, may have left or joined for it. */
function membership(was: boolean, { event }: Message, key: string): boolean {
  if (event?.key !== key) return was;
  return event.kind === "join" ? true : event.kind === "leave" ? false : was;
}

/** The first frame, or a page that was asked for by `askOn`. */
function hearPage(state: ConnectionState, { data, meta, ref }: Page, context: Context): Step {
  const isFirst = state.phase.name === "connecting";
  if (!isFirst && ref !== READ_ON) return { state, effects: [] };
  const start = startOf(state, data, meta);
  const messages = data.filter(({ seq }) => seq > start);
  const why = faultIn(messages, start, meta);
  if (why !== undefined) {
    const next = giveUp(state, why, context);
    return { state: next.state, effects: [{ type: "fault", why }, ...next.effects] };
  }
  const opened = enter({ ...state, place: { epoch: meta.epoch, seq: start } }, meta, context);
  const taken = take(opened.state, messages, context);
  // Connecting joins: whatever the page says of earlier comings and goings, the agent is a member now.
  const now = isFirst ? { ...taken.state, isMember: true } : taken.state;
  const gap: Effect[] = meta.gap === null ? [] : [{ type: "tell", event: { type: "gap", gap: meta.gap } }];
  const next: Effect = meta.complete ? { type: "current" } : askOn(now);
  // What the page shows comes before the link counts as connected, since then what is unanswered goes again.
  return { state: now, effects: [...shown(messages, context), ...opened.effects, ...gap, ...taken.effects, next] };
}

/** The number after which the page's messages are news. */
function startOf({ place }: ConnectionState, data: readonly Message[], { gap, last_seq }: HistoryMeta): number {
  const before = (data[0]?.seq ?? last_seq + 1) - 1;
  if (place === undefined) return before;
  switch (gap?.reason) {
    // Another channel under the same id: nothing of it was seen.
    case "epoch_changed":
      return before;
    // The hub holds less than it once said: what it holds was seen.
    case "ahead":
      return last_seq;
    case "evicted":
      return gap.to;
    case undefined:
      return place.seq;
  }
}

function faultIn(messages: readonly Message[], start: number, meta: HistoryMeta): Failure | undefined {
  const at = messages.findIndex(({ seq }, index) => seq !== start + 1 + index);
  if (at >= 0) return failure("hole", `message ${start + 1 + at} is missing in a page of history`);
  const end = start + messages.length;
  if (meta.complete ? end < meta.last_seq : messages.length === 0)
    return failure("hole", `a page of history ends at ${end}, before ${meta.last_seq}`);
  return undefined;
}

/** A page makes the link live, or leaves it behind with the next one to ask for. */
function enter(state: ConnectionState, { complete }: HistoryMeta, { now, settings }: Context): Step {
  const mode = complete ? "live" : "behind";
  if (state.phase.name === "connected") return { state: { ...state, phase: { ...state.phase, mode } }, effects: [] };
  const { ping_ms, pong_ms } = settings;
  const times = { since: now, heard_at: now, ping_at: now + ping_ms, pong_by: undefined, pong_ms, ask_at: undefined };
  const next: ConnectionState = { ...state, wasConnected: true, phase: { name: "connected", mode, ...times } };
  return { state: next, effects: [changed(next, "connected", "the hub answered")] };
}
