/**
 * listen: what is new, in one channel or in all the agent has joined, waiting for it if asked to.
 * Nothing new is an ordinary answer. What it shows is remembered, and done with once the agent acts
 * (HST2); an answer that got lost comes again.
 */
import { type LeftOut, map, ok, refusal, type Refusal, showLine } from "../protocol/index.ts";
import { ADVISED_WAIT, type AgentTurn, type Answer, type Answered, type Help } from "./answer.ts";
import { bodyOfAll, bodyOfOne } from "./heard.ts";
import type { Memory, Start } from "./memory.ts";
import { shown } from "./membership.ts";
import { clip, counted, someOf } from "./names.ts";
import type { ListenAnswer, ListenQuery, Waiting } from "./port.ts";
import { parsePositions, type Position } from "./position.ts";
import { type Chosen, chooseChannel } from "./resolve.ts";

export async function listen(turn: AgentTurn): Promise<Answered<Answer>> {
  const { channel, after } = turn.call;
  const positions = after === undefined ? ok([]) : parsePositions(after);
  if (!positions.ok) return positions;
  const isOfOne = positions.value.some(({ channel_id }) => channel_id === undefined);
  if (channel === undefined && !isOfOne) return await listenToAll(turn, positions.value);
  const chosen = await chooseChannel(turn, turn.agent.key);
  return chosen.ok ? await listenToOne(turn, chosen.value, positions.value) : chosen;
}

async function listenToOne(turn: AgentTurn, chosen: Chosen, positions: readonly Position[]): Promise<Answered<Answer>> {
  const [position, ...others] = positions;
  if (others.length > 0 || (position?.channel_id ?? chosen.id) !== chosen.id)
    return { ok: false, ...manyPlaces(turn, chosen.id) };
  const start = position === undefined ? turn.memory.find(chosen.id)?.start("bare") : undefined;
  const query = {
    ...queryOf(turn),
    channel_id: chosen.id,
    ...(position && { after: position.seq }),
    ...(start !== undefined && { start }),
  };
  const heard = await turn.port.listen(query, waitingOf(turn));
  if (!heard.ok) return heard;
  const kind = position === undefined ? "bare" : "named";
  learn(turn.memory, heard.value, kind, position?.seq);
  const { key } = turn.agent;
  const unread = await turn.port.unread({ key, after: tops(turn.memory) });
  const isWaitingElsewhere = unread.ok && unread.value.some((one) => one.channel_id !== chosen.id && one.unread > 0);
  return ok({
    body: (room, nameOf) => {
      const channel = shown(chosen, nameOf);
      return bodyOfOne(turn, heard.value, { room, channel, start: kind, isWaitingElsewhere });
    },
    unread,
    reading: [chosen.id],
  });
}

async function listenToAll(turn: AgentTurn, positions: readonly Position[]): Promise<Answered<Answer>> {
  const { memory, port } = turn;
  const { key } = turn.agent;
  const named = new Map(positions.map(({ channel_id = "", seq }) => [channel_id, seq]));
  const moves = [...named].map(async ([channel_id, seq]) => {
    const moved = await port.read({ channel_id, key, seq });
    if (moved.ok) memory.at(channel_id).moved(moved.value.seq);
    return moved.ok ? "" : `! ${clip(showLine(moved.refusal.error), NOTE_SHOWN)}\n`;
  });
  const notes = (await Promise.all(moves)).join("");
  const startOf = (channel_id: string): Start =>
    named.has(channel_id) ? "named" : named.size === 0 ? "bare" : "beside";
  const starts = new Map<string, number>();
  for (const [id, place] of memory.places) {
    const start = startOf(id) === "named" ? undefined : place.start(startOf(id));
    if (start !== undefined) starts.set(id, start);
  }
  // What arrived of earlier answers stands in `after`.
  for (const place of memory.places.values()) place.doubt();
  const heard = await port.listenAll({ ...queryOf(turn), starts }, waitingOf(turn));
  return map(heard, ({ channels, left_out }) => {
    for (const { name, ...answer } of channels) {
      learn(memory, answer, startOf(answer.channel_id));
      if (name !== undefined) memory.name(answer.channel_id, name);
    }
    const all = notes + leftOutLine(left_out);
    return { body: (room) => bodyOfAll(turn, channels, { room, notes: all, startOf }) };
  });
}

/** Channels named that a listen did not look at. */
const LEFT_OUT_SHOWN = 8;

/** `Not listened to: 3 channels, ch-2, ch-1, ch-4; listen with channel, or leave some.` */
function leftOutLine(left_out: LeftOut | undefined): string {
  if (left_out === undefined) return "";
  const { count, channels } = left_out;
  const some = someOf(channels.map(showLine), LEFT_OUT_SHOWN, count - channels.length);
  return `Not listened to: ${counted(count, "channel")}, ${some}; listen with channel, or leave some.\n`;
}

/** UTF-16 units of a note on a position that could not be moved. */
const NOTE_SHOWN = 80;

/** What an answer tells of the read position: where it was passed, or where the look began. */
function learn(memory: Memory, { channel_id, epoch, ...heard }: ListenAnswer, start: Start, after?: number): void {
  const place = memory.at(channel_id, epoch);
  if (heard.gap?.reason === "ahead") return;
  if (after !== undefined) return place.moved(after);
  const from = heard.gap?.from ?? heard.next - heard.messages.length - heard.own - heard.others + 1;
  // Where a look began that was not told where to: the read position, which somebody else may have moved.
  if (start !== "named" && from - 1 > (place.start(start) ?? -1)) place.moved(from - 1);
}

/** What was shown is not unread, whether the hub knows it yet or not. */
function tops({ places }: Memory): ReadonlyMap<string, number> {
  return new Map([...places].map(([id, { top }]) => [id, top]));
}

function queryOf({ agent, call: { wait, for: whose, limit } }: AgentTurn): ListenQuery {
  return {
    key: agent.key,
    ...(wait !== undefined && { wait }),
    ...(whose !== undefined && { for: whose }),
    ...(limit !== undefined && { limit }),
  };
}

function waitingOf({ context: { signal, progress } }: AgentTurn): Waiting {
  return { ...(signal && { signal }), ...(progress && { progress }) };
}

function manyPlaces(turn: AgentTurn, channel: string): { readonly refusal: Refusal; readonly help: Help } {
  const error = 'with channel, after is one seq of that channel, such as "418"';
  const place = turn.memory.find(channel);
  const next = { action: "listen", channel, after: place && String(place.top), wait: ADVISED_WAIT };
  return { refusal: refusal("bad_limit", error), help: { next } };
}
