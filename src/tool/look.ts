/** list, who, status: which channels there are, who is in one, and where the agent itself stands. */
import { type ChannelSummary, map, ok, type ParticipantDetail, showLine } from "../protocol/index.ts";
import { type AgentTurn, type Answer, type Answered, type Body, type Fields, nextListen, type Turn } from "./answer.ts";
import { clip, counted, showChannel, showName, showSender } from "./names.ts";
import type { ChannelDetails, ChannelUnread, ListAnswer, Status } from "./port.ts";
import { parseCursor } from "./position.ts";
import { chooseChannel } from "./resolve.ts";

/** `key` of the agent, if there is one. */
export async function list(turn: Turn, key: string | undefined): Promise<Answered<Answer>> {
  const { after, limit } = turn.call;
  const cursor = after === undefined ? ok(0) : parseCursor(after);
  if (!cursor.ok) return cursor;
  const page = await turn.port.list({ cursor: cursor.value, ...(limit !== undefined && { limit }) });
  return map(page, (found) => ({ body: (room) => listBody(turn, found, room, key) }));
}

function listBody(turn: Turn, { channels, count, next_cursor }: ListAnswer, room: number, key?: string): Body {
  const { call } = turn;
  if (channels.length === 0 && call.after === undefined)
    return { text: "There is no channel yet.\n", next: () => ({ action: "create", channel: "ops" }) };
  const head = `${counted(count, "channel")}.\n`;
  const { text, kept } = fitLines(
    channels.map((channel) => channelLine(channel, key)),
    room - head.length,
  );
  const last = channels[kept - 1];
  const isAll = kept === channels.length && next_cursor === undefined;
  if (isAll || last === undefined) return { text: `${head}${text}`, next: () => afterList(turn, channels, key) };
  return { text: `${head}${text}…more\n`, next: () => ({ action: "list", after: last.id, limit: call.limit }) };
}

function afterList(turn: Turn, channels: readonly ChannelSummary[], key: string | undefined): Fields {
  const [first] = channels;
  if (first === undefined || channels.some((channel) => isIn(channel, key))) return nextListen(turn);
  return { action: "join", channel: first.id };
}

/** `ch-7 "ops": 3 joined, 1 connected, 12 messages, you are in it` */
export function channelLine(channel: ChannelSummary, key: string | undefined): string {
  const { id, name, participant_count, connected_count, message_count } = channel;
  const counts = `${participant_count} joined, ${connected_count} connected, ${counted(message_count, "message")}`;
  return `${showChannel(id, name)}: ${counts}${isIn(channel, key) ? ", you are in it" : ""}`;
}

function isIn({ participants }: ChannelSummary, key: string | undefined): boolean {
  return key !== undefined && participants.some((participant) => participant.key === key);
}

export async function who(turn: Turn, key: string | undefined): Promise<Answered<Answer>> {
  const chosen = await chooseChannel(turn, key);
  if (!chosen.ok) return chosen;
  const detail = await turn.port.channel({ channel_id: chosen.value.id });
  return map(detail, (channel) => ({ body: (room) => whoBody(turn, channel, room, key) }));
}

function whoBody(turn: Turn, channel: ChannelDetails, room: number, key?: string): Body {
  const { call, context, memory } = turn;
  const { id, name, participant_count, connected_count, message_count, paused, participants } = channel;
  const counts = `${participant_count} joined, ${connected_count} connected, ${counted(message_count, "message")}`;
  const head = `${showChannel(id, name)}: ${counts}${paused ? ", paused" : ""}.\n`;
  const start = participants.findIndex((participant) => participant.key === call.after) + 1;
  const rest = participants.slice(start);
  const { text, kept } = fitLines(
    rest.map((participant) => participantLine(participant, context.now, key)),
    room - head.length,
  );
  const own = participants.find((participant) => participant.key === key);
  if (own !== undefined) memory.at(id, channel.epoch).moved(own.read_seq);
  const last = rest[kept - 1];
  if (kept === rest.length || last === undefined)
    return { text: `${head}${text}`, next: () => nextListen(turn, own && id) };
  const next = { action: "who", channel: id, after: last.key };
  return { text: `${head}${text}…${rest.length - kept} more\n`, next: () => next };
}

/** `BRAVO ✓ (key bravo, agent): connected, 3 unread` */
export function participantLine(participant: ParticipantDetail, now: number, reader: string | undefined): string {
  const { key, name, verified, kind, connected, last_seen, unread } = participant;
  const notes = [key === reader ? "you" : "", name === key ? "" : `key ${showLine(key)}`, kind ?? ""];
  const said = notes.filter((note) => note !== "").join(", ");
  const presence = connected ? "connected" : `last seen ${ago(now - Date.parse(last_seen))} ago`;
  return `${showSender(name, verified)}${said === "" ? "" : ` (${said})`}: ${presence}${unread > 0 ? `, ${unread} unread` : ""}`;
}

const MINUTE_MS = 60_000;

function ago(ms: number): string {
  const minutes = Math.max(0, Math.floor(ms / MINUTE_MS));
  if (minutes < 60) return `${minutes} min`;
  return minutes < 48 * 60 ? `${Math.floor(minutes / 60)} h` : `${Math.floor(minutes / (24 * 60))} days`;
}

export async function status(turn: AgentTurn): Promise<Answered<Answer>> {
  const { key } = turn.agent;
  const [held, mine] = await Promise.all([turn.port.status({ key }), turn.port.unread({ key, after: new Map() })]);
  if (!held.ok) return held;
  if (!mine.ok) return mine;
  return ok({ body: (room: number) => statusBody(turn, held.value, mine.value, room) });
}

function statusBody(turn: AgentTurn, held: Status, mine: readonly ChannelUnread[], room: number): Body {
  const { agent, memory } = turn;
  for (const { channel_id, position, name, isLeftOut } of mine) {
    if (isLeftOut !== true) memory.at(channel_id).moved(position);
    memory.name(channel_id, name);
  }
  const called = agent.name === undefined ? "" : `${showName(agent.name)}, `;
  const places = mine.length === 0 ? "You are in no channel." : `You are in ${mine.length}:`;
  const head = `You are ${called}key ${showLine(agent.key)}, at ${clip(showLine(held.hub), HUB_SHOWN)}. ${places}\n`;
  const { text, kept } = fitLines(
    mine.map((channel) => placeLine(channel, held)),
    room - head.length,
  );
  const left = mine.length - kept;
  return {
    text: `${head}${text}${left > 0 ? `…${left} more\n` : ""}`,
    next: () => (mine.length === 0 ? { action: "list" } : nextListen(turn)),
  };
}

/** UTF-16 units of the hub's URL. */
const HUB_SHOWN = 200;

/** `ch-7 "ops": 3 unread, connected, 2 buffered` */
function placeLine({ channel_id, name, unread, isLeftOut }: ChannelUnread, { connections }: Status): string {
  const held = connections.find((connection) => connection.channel_id === channel_id);
  const link =
    held === undefined ? "" : `, ${held.connected ? "connected" : "reconnecting"}, ${held.buffered} buffered`;
  return `${showChannel(channel_id, name)}: ${isLeftOut === true ? "not looked at" : `${unread} unread`}${link}`;
}

/** `…1000 more` and its line break. */
const MORE_ROOM = 16;

/** As many lines as there is room for. */
function fitLines(lines: readonly string[], room: number): { readonly text: string; readonly kept: number } {
  let text = "";
  let kept = 0;
  for (const line of lines) {
    if (text.length + line.length + 1 + MORE_ROOM > room) break;
    text += `${line}\n`;
    kept += 1;
  }
  return { text, kept };
}
