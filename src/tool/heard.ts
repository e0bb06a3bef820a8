/** What a listen heard, as lines: each channel's part, what was left out of it, and the listen that comes next. */
import {
  ADVISED_WAIT,
  type AgentTurn,
  type Body,
  type Fields,
  nextCall,
  nextListen,
  readOnCall,
  type Showing,
} from "./answer.ts";
import { gapLine, headline, repeatedLine } from "./headline.ts";
import type { Start } from "./memory.ts";
import { fitMessages } from "./messages.ts";
import { showChannel } from "./names.ts";
import type { ListenAnswer, NamedListenAnswer } from "./port.ts";

interface PartSpace {
  readonly room: number;
  /** The channel as it is shown. */
  readonly channel: string;
  readonly start: Start;
  /** Whether something was said of others' words before. */
  readonly isCautioned?: boolean;
  /** Whether there is something to read in other channels. */
  readonly isWaitingElsewhere?: boolean;
}

export function bodyOfOne(turn: AgentTurn, answer: ListenAnswer, space: PartSpace): Body {
  const part = partOf(turn, answer, space);
  const isAlone = turn.call.channel === undefined;
  const place = isAlone ? { after: String(part.next) } : { channel: answer.channel_id, after: String(part.next) };
  const next = (): Fields => {
    const listen = space.isWaitingElsewhere === true ? nextListenAfter(turn, [part]) : { action: "listen", ...place };
    return { ...listen, ...onwards(turn, part.isMore || space.isWaitingElsewhere === true) };
  };
  return { text: part.text === "" ? nothing(turn) : part.text, shows: [part.showing], next };
}

interface Space {
  readonly room: number;
  /** Lines about positions that could not be moved. */
  readonly notes: string;
  readonly startOf: (channel_id: string) => Start;
}

/** A channel that has less room than this waits for the next call. */
const PART_ROOM = 1600;
/** The line that names the channels that wait. */
const POSTPONED_ROOM = 250;

export function bodyOfAll(turn: AgentTurn, answers: readonly NamedListenAnswer[], space: Space): Body {
  const { room, notes, startOf } = space;
  let text = notes;
  let isCautioned = false;
  const parts: Part[] = [];
  const postponed: string[] = [];
  for (const answer of answers) {
    const { channel_id, name } = answer;
    const left = room - text.length - POSTPONED_ROOM;
    if (left < PART_ROOM) {
      postponed.push(channel_id);
      continue;
    }
    const channel = showChannel(channel_id, name);
    const part = partOf(turn, answer, { room: left, channel, start: startOf(channel_id), isCautioned });
    isCautioned ||= part.hasMessages;
    text += part.text;
    parts.push(part);
  }
  if (postponed.length > 0) text += `…more in ${postponed.join(", ")}\n`;
  const isMore = postponed.length > 0 || parts.some((part) => part.isMore);
  const next = (): Fields => ({ ...nextListenAfter(turn, parts), ...onwards(turn, isMore) });
  const shows = parts.map(({ showing }) => showing);
  return { text: text === notes ? `${notes}${nothing(turn)}` : text, shows, next };
}

/** Names what this answer showed, up to where it did; of other channels, what the hub does not know yet. */
function nextListenAfter(turn: AgentTurn, parts: readonly Part[]): Fields {
  const shown = new Map(parts.map(({ showing, next }) => [showing.channel_id, next]));
  return nextListen(turn, shown);
}

interface Part {
  readonly text: string;
  readonly hasMessages: boolean;
  readonly showing: Showing;
  /** Up to here the channel has been shown. */
  readonly next: number;
  /** More can be had at once. */
  readonly isMore: boolean;
}

/** `…1000 more, at least`, and its line break. */
const MORE_ROOM = 30;

function partOf(turn: AgentTurn, answer: ListenAnswer, { room, channel, start, isCautioned }: PartSpace): Part {
  const { channel_id, epoch, more, others } = answer;
  const place = turn.memory.at(channel_id, epoch);
  const messages = answer.messages.filter(({ seq }) => !place.leavesOut(seq, start));
  const gap = gapLine(answer.gap);
  const again = repeatedLine(place.shownOf(messages.map(({ seq }) => seq)));
  const passed = others === 0 ? "" : `${others} not for you; history shows them.\n`;
  const part = (text: string, next: number, isMore: boolean): Part => {
    return { text, hasMessages: messages.length > 0, showing: { channel_id, epoch, shown: next }, next, isMore };
  };
  if (messages.length === 0) return part(gap + passed === "" ? "" : `${channel}: ${gap}${passed}`, answer.next, more);
  const head = `${headline(channel, messages.length, isCautioned !== true)}${gap}${again}`;
  const { text, shown: range } = fitMessages(messages, {
    room: room - head.length - passed.length - MORE_ROOM,
    keep: "oldest",
    reader: turn.agent.key,
    readOn: ({ seq }, offset) => nextCall(turn.call, readOnCall(channel_id, seq, offset)),
  });
  const left = messages.length - (range?.count ?? 0);
  if (left === 0) return part(`${head}${text}${passed}${more ? "…more\n" : ""}`, answer.next, more);
  const rest = `…${left} more${more ? ", at least" : ""}\n`;
  return part(`${head}${text}${rest}`, range?.last ?? answer.next, true);
}

function nothing({ call, context }: AgentTurn): string {
  const said = call.for === "me" ? "Nothing for you." : "Nothing new.";
  return context.wakes === true ? `${said} End your turn; you will be woken.\n` : `${said}\n`;
}

/** The rest of the next listen: at once while more is left, else waiting. */
function onwards({ call }: AgentTurn, isLeft: boolean): Fields {
  const wait = isLeft ? undefined : call.wait === undefined || call.wait === 0 ? ADVISED_WAIT : call.wait;
  return { for: call.for, limit: call.limit, wait };
}
