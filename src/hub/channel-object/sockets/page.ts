/** A history page on its way to a socket (SOC2). */
import type { HistoryAnswer } from "../../../channel/index.ts";
import { type HistoryCommand, historyFrame, utf8Length } from "../../../protocol/index.ts";
import type { Connection } from "./connection.ts";

export interface Page {
  readonly frame: string;
  readonly bytes: number;
  /** Seq of its last message. */
  readonly last: number;
  readonly meta: HistoryAnswer["meta"];
  /** A first frame has none. */
  readonly asked?: HistoryCommand | undefined;
}

export function pageOf({ messages, last, meta }: HistoryAnswer, asked?: HistoryCommand): Page {
  const frame = historyFrame(messages, meta, asked?.ref);
  return { frame, bytes: utf8Length(frame), last, meta, asked };
}

/** One that reaches the newest message from a position ends `behind`, in the turn from which on everything is live again. */
export function givePage(connection: Connection, { frame, bytes, last, meta, asked }: Page): void {
  const isReadOn = asked?.after !== undefined && asked.before === undefined;
  if (isReadOn && meta.complete && connection.mode === "behind") connection.setMode("live");
  connection.reader.reply(bytes, asked === undefined || isReadOn ? last : 0);
  connection.send(frame);
}
