/**
 * What a monitor gets that asked for `format=line`: each message as one line of text, nothing to
 * parse, nothing that could move its terminal. The first words of a line are the hub's and hold no
 * space; the sender's name and text come last, so that neither can pass for them. What the hub says
 * is made from its event, not from a text that others' names are part of.
 */
import { type Frame, type Message, showLine, showName, systemLine } from "../../../protocol/index.ts";

/** The lines that stand for a frame; none for what only a program needs. */
export function linesOf(frame: string): string[] {
  const said = JSON.parse(frame) as Frame;
  switch (said.type) {
    case "message":
    case "ack":
      return [messageLine(said.data)];
    case "system":
      return typeof said.data === "string" ? [] : [messageLine(said.data)];
    case "history":
      return [...gapLine(said.meta.gap), ...said.data.map(messageLine)];
    case "error":
      return [`# ${said.code}: ${showLine(said.data)}`];
    case "batch":
      return said.data.flatMap((one) => linesOf(JSON.stringify(one)));
    case "lagging":
      return [];
  }
}

/** `3 2025-11-24T16:00:00.000Z bravo claimed BRAVO: hello`; `verified` in place of `claimed` where it was proven. */
function messageLine(message: Message): string {
  const { seq, timestamp, from, verified, from_name, text, msg_type } = message;
  const said = msg_type === "system" ? systemLine(message) : showLine(text);
  return `${seq} ${timestamp} ${from} ${verified ? "verified" : "claimed"} ${showName(from_name)}: ${said}`;
}

function gapLine(gap: Extract<Frame, { type: "history" }>["meta"]["gap"]): string[] {
  return gap === null ? [] : [`# gap: ${gap.from} to ${gap.to} are gone (${gap.reason})`];
}
