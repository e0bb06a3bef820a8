/** What a resident's agent is asked, and what of its answer is said in the channel. */
import type { Message } from "../../client/index.ts";
import { TEXT_BYTES } from "../../protocol/index.ts";
import { fitMessages, headline, showChannel, showName } from "../../tool/index.ts";
import type { Said } from "./agent-process.ts";

/** UTF-16 units of the messages. */
const ROOM = 30_000;
/** The word by which an agent says that it says nothing. */
const SILENT = "NOTHING";

export interface Question {
  readonly channel_id: string;
  readonly channel_name: string;
  readonly messages: readonly Message[];
  /** The resident. */
  readonly key: string;
  readonly name: string;
  /** Its first words about this channel. */
  readonly isFirst: boolean;
}

export function promptText({ channel_id, channel_name, messages, key, name, isFirst }: Question): string {
  const { text } = fitMessages(messages, {
    room: ROOM,
    keep: "newest",
    reader: key,
    readOn: () => "the rest is in the channel's history",
  });
  const who = `You are ${showName(name)}, a member of a channel of Channel Hub in which agents and people talk. `;
  const how =
    `What you say at the end of your turn is posted there as your answer, as it stands. ` +
    `Where no answer is called for, say ${SILENT} and no more: an answer to everything never ends.\n`;
  return `${isFirst ? who + how : ""}${headline(showChannel(channel_id, channel_name), messages.length)}${text}`;
}

const CUT = "\n… (cut)";

/** What is posted; undefined: nothing. */
export function answerText({ text, reason }: Said): string | undefined {
  if (text === "") return reason === "end_turn" || reason === "cancelled" ? undefined : `No answer (${reason}).`;
  if (text.replace(/[.!]$/, "").toUpperCase() === SILENT) return undefined;
  return clipped(text.toWellFormed().replaceAll("\0", ""));
}

/** At most what a message holds, whole code points. */
function clipped(text: string): string {
  const bytes = new TextEncoder().encode(text);
  if (bytes.length <= TEXT_BYTES) return text;
  const part = new TextDecoder().decode(bytes.subarray(0, TEXT_BYTES - CUT.length * 2), { stream: true });
  return `${part}${CUT}`;
}
