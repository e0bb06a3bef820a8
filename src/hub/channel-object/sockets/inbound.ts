/**
 * A frame arrives on a socket: measured, parsed, and queued in its place. Synchronous, so that the
 * frames of one socket take effect in the order of their arrival.
 */
import { refuseSpeaking } from "../../../channel/index.ts";
import {
  type Command,
  type ErrorCode,
  errorFrame,
  FRAME_BYTES,
  isLongerThan,
  type Named,
  parseCommand,
  type ParsedFrame,
  refusal,
  type Refusal,
} from "../../../protocol/index.ts";
import type { Connection } from "./connection.ts";
import { type RateKey, rateKey } from "../../between/rates.ts";

/** What of a channel object an arriving frame needs. */
export interface InboundPort {
  /** Queues a command. */
  arrive(connection: Connection, command: Exclude<Command, { action: "seen" | "history" }>, named: Named): void;
  /** Notes how far the client says that it has read. */
  seen(connection: Connection, seq: number): void;
  /** Notes that the client reads on by itself. */
  asks(connection: Connection): void;
  /** Notes what a frame shows to have been read, and that it came. */
  shows(connection: Connection, seq: number): void;
  heard(connection: Connection, now: number): void;
  /** Answers with a page, after what arrived before. */
  sendHistory(connection: Connection, command: Extract<Command, { action: "history" }>): void;
  /** Answers with an error frame, after what arrived before. */
  sendError(connection: Connection, frame: string): void;
  /** For the log: a frame was refused before it became a command. */
  refused(connection: Connection, code: ErrorCode): void;
  /** Ends the connection, after what arrived before. */
  drop(connection: Connection, why: Refusal): void;
  /** Takes one from the key's rate. */
  limit(key: RateKey, now: number): Refusal | undefined;
}

/** Binary frames say nothing to a hub; this many within the window end the connection. */
const STRIKES = 3;
const STRIKE_WINDOW_MS = 10_000;

export function receive(channel: InboundPort, connection: Connection, data: string | ArrayBuffer, now: number): void {
  connection.heard_at = now;
  if (typeof data !== "string") return strike(channel, connection, now);
  if (isLongerThan(data, FRAME_BYTES)) return channel.drop(connection, frameTooLarge());
  const parsed = parseCommand(data);
  if (parsed.ok && parsed.command.action === "seen") {
    return channel.seen(connection, parsed.command.seq);
  }
  noteFrame(channel, connection, parsed, now);
  const named = parsed.ok ? namedIn(parsed.command) : parsed.named;
  const limited = channel.limit(rateKey(connection.caller), now);
  const refused = limited ?? (parsed.ok ? undefined : parsed.refusal);
  if (refused !== undefined) return refuse(channel, connection, refused, named);
  if (!parsed.ok) return;
  const holds = heldBy(parsed.command);
  if (holds !== undefined) channel.shows(connection, holds);
  if (parsed.command.action === "history") return channel.sendHistory(connection, parsed.command);
  const silent = refuseSpeaking(connection.caller);
  if (silent !== undefined) return refuse(channel, connection, silent, named);
  if (parsed.command.action !== "seen") channel.arrive(connection, parsed.command, named);
}

/** An ask is noted before the frame counts as a sign of reading: who asks is not caught up as well. */
function noteFrame(channel: InboundPort, connection: Connection, parsed: ParsedFrame, now: number): void {
  if (parsed.ok && parsed.command.action === "history") channel.asks(connection);
  channel.heard(connection, now);
}

function refuse(channel: InboundPort, connection: Connection, why: Refusal, named: Named): void {
  channel.refused(connection, why.code);
  channel.sendError(connection, errorFrame(why, named));
}

function strike(channel: InboundPort, connection: Connection, now: number): void {
  connection.strikes = [...connection.strikes.filter((at) => now - at < STRIKE_WINDOW_MS), now];
  if (connection.strikes.length < STRIKES) return;
  const why = `${STRIKES} binary frames within ${STRIKE_WINDOW_MS / 1000} s; send JSON text frames`;
  channel.drop(connection, refusal("flooding", why));
}

function frameTooLarge(): Refusal {
  return refusal("frame_too_large", `a frame must be at most ${FRAME_BYTES} bytes; send a long text as a link`);
}

/** What a reply repeats of its command. */
function namedIn(command: Command): Named {
  const id = command.action === "send" ? command.client_msg_id : undefined;
  return { ...(command.ref !== undefined && { ref: command.ref }), ...(id !== undefined && { client_msg_id: id }) };
}

/** The newest message that the author of a command must have read to write it. */
function heldBy(command: Command): number | undefined {
  switch (command.action) {
    case "history":
      return command.after;
    case "send":
      return command.reply_to;
    case "read":
      return command.seq;
    default:
      return undefined;
  }
}
