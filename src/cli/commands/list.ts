/** `list`: the channels, one a line in columns, with what is unread in those that you are in. */
import type { ChannelDetails, Message } from "../../client/index.ts";
import { type ChannelSummary, showJson, showLine } from "../../protocol/index.ts";
import { inBatches } from "../batches.ts";
import { columns } from "../columns.ts";
import { allChannels } from "../channels.ts";
import type { Session } from "../session.ts";
import { shortTime } from "../show.ts";

interface Row extends ChannelSummary {
  /** Of a channel you are in. */
  readonly unread?: number;
  /** When the newest message was said; of a channel you are in. */
  readonly last_activity?: string;
}

/** Requests at once. */
const AT_ONCE = 8;

export async function list(
  session: Session,
  { json, mine }: { readonly json: boolean; readonly mine: boolean },
): Promise<void> {
  const { hub, agent, terminal } = session;
  const channels = await allChannels(hub, mine ? agent.key : undefined);
  const rows = await inBatches(channels, AT_ONCE, (channel) => rowOf(session, channel));
  if (json) for (const row of rows) await terminal.out(`${showJson(row)}\n`);
  else if (rows.length > 0) await terminal.out(columns([HEAD, ...rows.map(cellsOf)]));
  if (channels.length === 0) terminal.note(mine ? "you are in no channel" : "there is no channel yet");
}

async function rowOf({ hub, agent }: Session, channel: ChannelSummary): Promise<Row> {
  if (!channel.participants.some(({ key }) => key === agent.key)) return channel;
  // A channel that went away meanwhile is shown as it was.
  const [details, newest] = await Promise.all([
    hub.api.channel(channel.id).catch(() => undefined),
    hub.api.history(channel.id, { limit: 1 }).catch(() => undefined),
  ]);
  return { ...channel, ...unreadIn(details, agent.key), ...activityIn(newest?.messages) };
}

function unreadIn(details: ChannelDetails | undefined, own: string): Pick<Row, "unread"> {
  const unread = details?.participants.find(({ key }) => key === own)?.unread;
  return unread === undefined ? {} : { unread };
}

function activityIn(messages: readonly Message[] = []): Pick<Row, "last_activity"> {
  const newest = messages.at(-1);
  return newest === undefined ? {} : { last_activity: newest.timestamp };
}

const HEAD = ["ID", "UNREAD", "JOINED", "ONLINE", "MESSAGES", "LAST", "NAME"];

function cellsOf({ id, name, unread, last_activity, ...counts }: Row): readonly string[] {
  return [
    showLine(id),
    unread === undefined ? "-" : String(unread),
    String(counts.participant_count),
    String(counts.connected_count),
    String(counts.message_count),
    last_activity === undefined ? "-" : shortTime(last_activity),
    showLine(name),
  ];
}
