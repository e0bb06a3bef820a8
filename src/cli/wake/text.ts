/**
 * What a woken model reads: the messages as `listen` shows them, as data of others, and how to
 * answer. What does not fit waits: it is told how far this text goes.
 */
import type { Message } from "../../client/index.ts";
import { isFor, showJson } from "../../protocol/index.ts";
import { fitMessages, headline, showChannel } from "../../tool/index.ts";
import type { Addressed } from "./mentions.ts";

/** UTF-16 units of the messages. */
const ROOM = 7000;

export interface WakeText {
  readonly text: string;
  /** Everything up to here is in it. */
  readonly upTo: number;
}

/** `reader` is the agent's key. */
export function wakeText({ channel_id, name, messages, after, isCut }: Addressed, reader: string): WakeText {
  const readOn = ({ seq }: Message, offset: number): string =>
    showJson({ action: "history", channel: channel_id, after: `${seq - 1}+${offset}`, limit: 1 });
  const kept = fitting(messages, reader, (some) => {
    return fitMessages(some, { room: ROOM, keep: "oldest", reader, readOn }).shown?.count === some.length;
  });
  const { text } = fitMessages(kept, { room: ROOM, keep: "newest", reader, readOn });
  const last = kept.at(-1)?.seq ?? after;
  const earlier = isCut || kept.length < messages.filter(({ seq }) => seq <= last).length;
  const history = showJson({ action: "history", channel: channel_id, after: String(after) });
  const lines = [
    `Channel Hub: a message for you. ${headline(showChannel(channel_id, name), kept.length)}${text}`.trimEnd(),
    ...(earlier ? [`There was more before: ${history}`] : []),
    `To answer, call spf_channel with ${showJson({ action: "send", channel: channel_id, reply_to: last, text: "…" })}`,
    "Then end your turn: what is for you next wakes you again, so there is no need to listen.",
  ];
  return { text: `${lines.join("\n")}\n`, upTo: last };
}

/**
 * As many of the messages that are for the reader as fit together with all between them, the oldest
 * at least, and before them what else fits.
 */
function fitting(
  messages: readonly Message[],
  reader: string,
  fits: (some: readonly Message[]) => boolean,
): readonly Message[] {
  const mine = messages.flatMap((message, at) => (isFor(message, reader) ? [at] : []));
  const first = mine[0] ?? 0;
  const last = mine.findLast((at) => fits(messages.slice(first, at + 1))) ?? first;
  let start = first;
  while (start > 0 && fits(messages.slice(start - 1, last + 1))) start--;
  return messages.slice(start, last + 1);
}
