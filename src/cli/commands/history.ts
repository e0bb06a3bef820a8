/** `history`: what was said, oldest first, as much of it as is asked for. */
import type { Message } from "../../client/index.ts";
import { HISTORY_DEFAULT } from "../../protocol/index.ts";
import { backwards, forwards, type Stretch } from "../past.ts";
import { channelId } from "../channels.ts";
import type { Session } from "../session.ts";
import { gapLine, MessagePrinter } from "../show.ts";

export interface HistoryFlags extends Stretch {
  readonly json: boolean;
  readonly limit?: number;
  /** Unix milliseconds. */
  readonly since?: number;
  readonly grep?: RegExp;
}

/** Without `--limit`: the newest 50, or everything since a time or after a number. */
export async function history(session: Session, channel: string | undefined, flags: HistoryFlags): Promise<void> {
  const { agent, terminal } = session;
  const id = await channelId(session, channel);
  const isBounded = flags.since !== undefined || flags.after !== undefined;
  const limit = flags.limit ?? (isBounded ? Infinity : HISTORY_DEFAULT);
  const found = await (flags.after === undefined ? newest : oldest)(session, id, { ...flags, limit });
  const printer = new MessagePrinter(terminal, { reader: agent.key, json: flags.json, withChannel: false });
  await printer.print(found);
  if (found.length === 0 && flags.grep !== undefined) terminal.note("nothing there matches");
}

type Asked = HistoryFlags & { readonly limit: number };

async function newest({ hub, terminal }: Session, id: string, asked: Asked): Promise<readonly Message[]> {
  const { before, limit, since = 0 } = asked;
  const parts: Message[][] = [];
  let count = 0;
  for await (const { messages, gap } of backwards(hub, id, before, sizeOf(asked))) {
    if (gap !== null) terminal.note(gapLine(gap));
    const wanted = messages.filter((message) => isWanted(message, asked)).slice(-Math.min(limit - count, 1e9));
    parts.unshift(wanted);
    count += wanted.length;
    const isOlder = Date.parse(messages[0]?.timestamp ?? "") < since;
    if (count >= limit || isOlder) break;
  }
  return parts.flat();
}

async function oldest({ hub, terminal }: Session, id: string, asked: Asked): Promise<readonly Message[]> {
  const found: Message[] = [];
  for await (const { messages, gap } of forwards(hub, id, asked, sizeOf(asked))) {
    if (gap !== null) terminal.note(gapLine(gap));
    found.push(...messages.filter((message) => isWanted(message, asked)));
    if (found.length >= asked.limit) break;
  }
  return found.slice(0, asked.limit);
}

/** How many the first answer need hold: where something is looked for, as many as there can be. */
function sizeOf({ limit, grep }: Asked): number {
  return grep === undefined ? limit : Infinity;
}

function isWanted({ text, timestamp }: Message, { since = 0, grep }: HistoryFlags): boolean {
  return Date.parse(timestamp) >= since && grep?.test(text) !== false;
}
