/**
 * Messages as a person reads them in a terminal: `14:03:07 [418] BRAVO: text`. A text's further
 * lines are indented, so that no text can pass for a line of the command's; what could move the
 * cursor, hide or turn around is written out. With `--json`, one message a line, as it is on the wire.
 */
import { isFor } from "../protocol/mention.ts";
import type { Gap } from "../protocol/message.ts";
import { type Message, showJson, showAuthor, showLine, showText, systemLine } from "../protocol/index.ts";
import type { Paint, Terminal } from "./terminal.ts";

export interface View {
  /** The reader's key. */
  readonly reader: string;
  readonly json: boolean;
  /** Messages of several channels are told apart. */
  readonly withChannel: boolean;
}

const INDENT = "    ";

/** Prints messages one after the other, the day in a line of its own whenever it changes. */
export class MessagePrinter {
  readonly #terminal: Terminal;
  readonly #view: View;
  #day = today();

  constructor(terminal: Terminal, view: View) {
    this.#terminal = terminal;
    this.#view = view;
  }

  /** What `print` would write. */
  lines(message: Message): string {
    if (this.#view.json) return `${showJson(message)}\n`;
    const { day, time } = localTime(message.timestamp);
    const header = day === this.#day ? "" : `${this.#terminal.paint("dim", `--- ${day} ---`)}\n`;
    this.#day = day;
    return header + messageLines(message, time, this.#view, this.#terminal.paint);
  }

  async print(messages: readonly Message[]): Promise<void> {
    for (const message of messages) await this.#terminal.out(this.lines(message));
  }
}

function messageLines(message: Message, time: string, { reader, withChannel }: View, paint: Paint): string {
  const { seq, channel_id, text, from, msg_type } = message;
  const place = `${withChannel ? `${showLine(channel_id)} ` : ""}[${seq}]`;
  if (msg_type === "system") return `${paint("dim", `${time} ${place} * ${systemLine(message)}`)}\n`;
  const body = showText(text).replaceAll("\n", `\n${INDENT}`);
  const isOwn = from === reader;
  const isForReader = isFor(message, reader);
  const sender = paint(isOwn ? "dim" : isForReader ? ["bold", "yellow"] : "cyan", showAuthor(message));
  return `${paint("dim", `${time} ${place}`)} ${sender}${notes(message)}: ${body}\n`;
}

/** ` (toolresult, re 412)` */
function notes({ msg_type, reply_to }: Message): string {
  const said = [...(msg_type === "text" ? [] : [msg_type]), ...(reply_to === undefined ? [] : [`re ${reply_to}`])];
  return said.length === 0 ? "" : ` (${showLine(said.join(", "))})`;
}

/** `messages 5 to 9 are gone (evicted)`, for stderr. */
export function gapLine({ from, to, reason }: Gap): string {
  return `messages ${from} to ${to} are gone (${showLine(reason)})`;
}

/** `14:03` today, else `2026-11-26`. */
export function shortTime(timestamp: string): string {
  const { day, time } = localTime(timestamp);
  return day === today() ? time.slice(0, 5) : day;
}

/** In the zone of whoever reads. */
function localTime(timestamp: string): { readonly day: string; readonly time: string } {
  const at = new Date(timestamp);
  return { day: dayOf(at), time: [at.getHours(), at.getMinutes(), at.getSeconds()].map(twoDigits).join(":") };
}

function today(): string {
  return dayOf(new Date());
}

function dayOf(at: Date): string {
  return [at.getFullYear(), at.getMonth() + 1, at.getDate()].map(twoDigits).join("-");
}

function twoDigits(part: number): string {
  return String(part).padStart(2, "0");
}
