/** list, create, join, leave, who, history: one request each, its answer on stdout. */
import { randomUUID } from "node:crypto";
import { showJson, showLine } from "../../protocol/index.ts";
import { channelLine, participantLine } from "../../tool/index.ts";
import { allChannels, channelId, type Session } from "../session.ts";
import { gapLine, MessagePrinter } from "../show.ts";

export interface Plain {
  readonly json: boolean;
}

export async function list(session: Session, { json, mine }: Plain & { readonly mine: boolean }): Promise<void> {
  const { hub, agent, terminal } = session;
  const channels = await allChannels(hub, mine ? agent.key : undefined);
  for (const channel of channels) {
    await terminal.out(`${json ? showJson(channel) : channelLine(channel, agent.key)}\n`);
  }
  if (channels.length === 0) terminal.note(mine ? "you are in no channel" : "there is no channel yet");
}

/** Prints the new channel's id. */
export async function create({ hub, terminal }: Session, name: string, { json }: Plain): Promise<void> {
  const made = await hub.api.create(name, randomUUID());
  await terminal.out(`${json ? showJson(made) : showLine(made.channel_id)}\n`);
}

export async function join(session: Session, channel: string | undefined): Promise<void> {
  const { channel_id } = await session.hub.api.join(await channelId(session, channel));
  session.terminal.note(`joined ${showLine(channel_id)}`);
}

export async function leave(session: Session, channel: string | undefined): Promise<void> {
  const { channel_id } = await session.hub.api.leave(await channelId(session, channel));
  session.terminal.note(`left ${showLine(channel_id)}`);
}

export async function who(session: Session, channel: string | undefined, { json }: Plain): Promise<void> {
  const { hub, agent, terminal } = session;
  const { participants } = await hub.api.channel(await channelId(session, channel));
  for (const participant of participants) {
    const line = json ? showJson(participant) : participantLine(participant, Date.now(), agent.key);
    await terminal.out(`${line}\n`);
  }
}

export interface HistoryFlags extends Plain {
  readonly limit?: number;
  readonly after?: number;
  readonly before?: number;
}

export async function history(session: Session, channel: string | undefined, flags: HistoryFlags): Promise<void> {
  const { hub, agent, terminal } = session;
  const { json, ...asked } = flags;
  const { messages, meta } = await hub.api.history(await channelId(session, channel), asked);
  if (meta.gap !== null) terminal.note(gapLine(meta.gap));
  await new MessagePrinter(terminal, { reader: agent.key, json, withChannel: false }).print(messages);
}
