/**
 * listen: what is new, in one channel or in all the agent has joined, waiting for it if asked to.
 * Nothing new is an ordinary answer. What was shown counts as read only once the next call passes
 * its `after`, so an answer that got lost comes again.
 */
import { map, ok, refusal, type Refusal, showLine } from "../protocol/index.ts";
import {
  ADVISED_WAIT,
  type AgentTurn,
  type Answer,
  type Answered,
  type Body,
  type Fields,
  type Help,
  type NameOf,
  nextCall,
  readOnCall,
} from "./answer.ts";
import { gapLine, headline } from "./headline.ts";
import { shown } from "./membership.ts";
import { fitMessages } from "./messages.ts";
import { clip, showChannel } from "./names.ts";
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
    return { ok: false, ...manyPlaces(chosen.id) };
  const query = { ...queryOf(turn), channel_id: chosen.id, ...(position && { after: position.seq }) };
  const heard = await turn.port.listen(query, waitingOf(turn));
  return map(heard, (answer) => ({
    body: (room, nameOf) => bodyOfOne(turn, answer, room, shown(chosen, nameOf)),
    reading: [chosen.id],
  }));
}

async function listenToAll(turn: AgentTurn, positions: readonly Position[]): Promise<Answered<Answer>> {
  const { key } = turn.agent;
  const moves = positions.map(({ channel_id = "", seq }) => turn.port.read({ channel_id, key, seq }));
  const notes = (await Promise.all(moves)).flatMap((moved) =>
    moved.ok ? [] : [`! ${clip(showLine(moved.refusal.error), NOTE_SHOWN)}\n`],
  );
  const heard = await turn.port.listenAll(queryOf(turn), waitingOf(turn));
  return map(heard, ({ channels }) => ({
    body: (room, nameOf) => bodyOfAll(turn, channels, { room, nameOf, notes: notes.join("") }),
    reading: channels.map(({ channel_id }) => channel_id),
  }));
}

/** UTF-16 units of a note on a position that could not be moved. */
const NOTE_SHOWN = 80;

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

function manyPlaces(channel: string): { readonly refusal: Refusal; readonly help: Help } {
  const error = 'with channel, after is one seq of that channel, such as "418"';
  return { refusal: refusal("bad_limit", error), help: { next: { action: "listen", channel, wait: ADVISED_WAIT } } };
}

function bodyOfOne(turn: AgentTurn, answer: ListenAnswer, room: number, channel: string): Body {
  const part = partOf(turn, answer, { room, channel, isFirst: true });
  const where = turn.call.channel === undefined ? undefined : answer.channel_id;
  const next = listenCall(turn, part.isMore, { channel: where, after: String(part.next) });
  return { text: part.text === "" ? nothing(turn) : part.text, next };
}

interface Space {
  readonly room: number;
  readonly nameOf: NameOf;
  /** Lines about positions that could not be moved. */
  readonly notes: string;
}

/** A channel that has less room than this waits for the next call. */
const PART_ROOM = 1600;
/** The line that names the channels that wait. */
const POSTPONED_ROOM = 250;

function bodyOfAll(turn: AgentTurn, answers: readonly ListenAnswer[], { room, nameOf, notes }: Space): Body {
  const firstWithMessages = answers.find(({ messages }) => messages.length > 0);
  let text = notes;
  let isMore = false;
  const positions: string[] = [];
  const postponed: string[] = [];
  for (const answer of answers) {
    const { channel_id } = answer;
    const space = room - text.length - POSTPONED_ROOM;
    if (space < PART_ROOM) {
      postponed.push(channel_id);
      continue;
    }
    const channel = showChannel(channel_id, nameOf(channel_id));
    const part = partOf(turn, answer, { room: space, channel, isFirst: answer === firstWithMessages });
    text += part.text;
    isMore ||= part.isMore;
    positions.push(`${channel_id}:${part.next}`);
  }
  if (postponed.length > 0) text += `…more in ${postponed.join(", ")}\n`;
  const after = positions.length === 0 ? undefined : positions.join(",");
  const next = listenCall(turn, isMore || postponed.length > 0, { after });
  return { text: text === notes ? `${notes}${nothing(turn)}` : text, next };
}

interface Part {
  readonly text: string;
  /** Up to here the channel has been shown. */
  readonly next: number;
  /** More can be had at once. */
  readonly isMore: boolean;
}

/** `…1000 more, at least`, and its line break. */
const MORE_ROOM = 30;

interface PartSpace {
  readonly room: number;
  /** The channel as it is shown. */
  readonly channel: string;
  /** Whether it is the answer's first part with messages. */
  readonly isFirst: boolean;
}

function partOf(turn: AgentTurn, answer: ListenAnswer, { room, channel, isFirst }: PartSpace): Part {
  const { channel_id, messages, more, others } = answer;
  const gap = gapLine(answer.gap);
  const passed = others === 0 ? "" : `${others} not for you; history shows them.\n`;
  if (messages.length === 0) {
    const text = gap + passed === "" ? "" : `${channel}: ${gap}${passed}`;
    return { text, next: answer.next, isMore: more };
  }
  const head = `${headline(channel, messages.length, isFirst)}${gap}`;
  const { text, shown: range } = fitMessages(messages, {
    room: room - head.length - passed.length - MORE_ROOM,
    keep: "oldest",
    reader: turn.agent.key,
    readOn: ({ seq }, offset) => nextCall(turn.call, readOnCall(channel_id, seq, offset)),
  });
  const left = messages.length - (range?.count ?? 0);
  if (left === 0) return { text: `${head}${text}${passed}${more ? "…more\n" : ""}`, next: answer.next, isMore: more };
  const rest = `…${left} more${more ? ", at least" : ""}\n`;
  return { text: `${head}${text}${rest}`, next: range?.last ?? answer.next, isMore: true };
}

function nothing({ call }: AgentTurn): string {
  return call.for === "me" ? "Nothing for you.\n" : "Nothing new.\n";
}

/** The next listen: at once while more is left, else waiting. */
function listenCall({ call }: AgentTurn, isLeft: boolean, place: Fields): Fields {
  const wait = isLeft ? undefined : call.wait === undefined || call.wait === 0 ? ADVISED_WAIT : call.wait;
  return { action: "listen", ...place, for: call.for, limit: call.limit, wait };
}
