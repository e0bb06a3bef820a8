/**
 * A turn, from decisions to frames: what each command's author is told, and what everybody else
 * hears, in the order of seq (SOC3, SOC4). Pure: who the readers are and how they are reached is the
 * audiences' affair.
 */
import {
  ackFrame,
  type AckExtras,
  batchFrame,
  type Change,
  errorFrame,
  messageFrame,
  type Named,
  replyFrame,
  systemFrame,
  utf8Length,
} from "../protocol/index.ts";
import type { Outcome } from "./outcome.ts";
import type { Caller } from "./access.ts";
import type { Entry } from "./state.ts";

/** A socket, as far as it matters for what it is due. */
export interface Recipient {
  readonly key: string;
  /** Only a live one is pushed messages. */
  readonly mode: "live" | "behind" | "trailing";
  /** Whether it wants its own messages too. */
  readonly echo: boolean;
  /** Whether what is said to `members` is said to it. */
  isAmong(members: ReadonlySet<string>): boolean;
}

/** A command that arrived. */
export interface Arrival {
  readonly caller: Caller;
  readonly command: Change;
  readonly named: Named;
  /** The socket it came in on; over HTTP, none. */
  readonly origin?: Recipient;
  /** Takes the reply over HTTP. */
  readonly settle?: (reply: Reply) => void;
}

type Sent = Extract<Outcome, { type: "sent" }>;

/** What a command's author is told. */
export type Reply =
  | { readonly outcome: Sent; readonly extras: AckExtras }
  | { readonly outcome: Exclude<Outcome, Sent>; readonly extras?: undefined };

export interface Decided {
  readonly arrival: Arrival;
  readonly outcome: Outcome;
}

/** One command's part of the turn. */
export interface Part {
  readonly arrival: Arrival;
  readonly entry: Entry | undefined;
  readonly reply: Reply;
  /** For its author's socket; over HTTP, none. */
  readonly answer: string | undefined;
  /** For everybody else; empty where it made no message. */
  readonly frame: string;
}

/** A turn's frames as most sockets get them: joined once, sent to all. */
export interface Shared {
  readonly frames: readonly string[];
  readonly bytes: number;
  readonly batch: string;
  readonly first_seq: number;
  readonly last_seq: number;
  /** The members all entries have in common; undefined when membership changed within the turn. */
  readonly members: ReadonlySet<string> | undefined;
}

export interface Turn {
  readonly parts: readonly Part[];
  readonly shared: Shared;
  /** Keys whose sockets get something of their own. */
  readonly authors: ReadonlySet<string>;
}

export function makeTurn(decided: readonly Decided[], replyTo: (one: Decided) => Reply): Turn {
  const parts = decided.map((one) => partOf(one, replyTo(one)));
  return { parts, shared: shareFrames(parts), authors: new Set(parts.map((part) => part.arrival.caller.key)) };
}

function partOf({ arrival, outcome }: Decided, reply: Reply): Part {
  const { entry } = outcome;
  const isSystem = entry?.message.msg_type === "system";
  const frame = entry === undefined ? "" : isSystem ? systemFrame(entry.json) : messageFrame(entry.json);
  return { arrival, entry, reply, answer: arrival.origin && encodeReply(arrival, reply), frame };
}

function shareFrames(parts: readonly Part[]): Shared {
  const told = parts.filter((part) => part.entry !== undefined);
  const frames = told.map((part) => part.frame);
  const [first] = told;
  const members = first?.entry?.members;
  const isUniform = told.every((part) => part.entry?.members === members);
  const bytes = told.reduce((sum, part) => sum + (part.entry?.bytes ?? 0), 0);
  const first_seq = first?.entry?.message.seq ?? 0;
  const last_seq = told.at(-1)?.entry?.message.seq ?? 0;
  const batch = frames.length > 1 ? batchFrame(frames) : (frames[0] ?? "");
  return { frames, bytes, batch, first_seq, last_seq, members: isUniform ? (members ?? new Set()) : undefined };
}

/** A part of the turn that a socket is due, with the frame it gets. */
export interface Due {
  readonly part: Part;
  readonly frame: string;
}

/** What one socket is due, in order. */
export function dueTo(recipient: Recipient, { parts }: Turn): readonly Due[] {
  return parts.flatMap((part) => {
    const frame = frameFor(recipient, part);
    return frame === undefined ? [] : [{ part, frame }];
  });
}

/** Its own reply, a message for its key, or nothing. */
function frameFor(recipient: Recipient, { arrival, entry, answer, frame }: Part): string | undefined {
  if (arrival.origin === recipient) return answer;
  if (entry === undefined || recipient.mode !== "live" || !recipient.isAmong(entry.members)) return undefined;
  // No echo to the sender: its ack is the echo.
  const isOwn = entry.message.from === recipient.key;
  return isOwn && !recipient.echo ? undefined : frame;
}

/** What is due, in bytes: messages, and replies to the socket's own commands with the seq of the newest. */
export interface DueSize {
  readonly bytes: number;
  readonly messages: number;
  readonly replied: number;
  readonly replied_seq: number;
}

export function sizeOf(recipient: Recipient, due: readonly Due[]): DueSize {
  let [bytes, messages, replied, replied_seq] = [0, 0, 0, 0];
  for (const { part, frame } of due) {
    const size = part.entry?.bytes ?? utf8Length(frame);
    if (part.arrival.origin === recipient) {
      replied += size;
      replied_seq = part.entry?.message.seq ?? replied_seq;
    } else {
      bytes += size;
      messages++;
    }
  }
  return { bytes, messages, replied, replied_seq };
}

function encodeReply({ named }: Arrival, { outcome, extras }: Reply): string {
  if (extras !== undefined) return ackFrame(outcome.message, extras);
  switch (outcome.type) {
    case "refused":
      return errorFrame(outcome.refusal, named);
    case "joined":
      return replyFrame("Joined", { seq: outcome.seq, epoch: outcome.epoch, ...named });
    case "left":
      return replyFrame("Left channel", { seq: outcome.seq, ...named });
    case "done":
      throw new Error("moderation came in on a socket");
    case "read":
      return replyFrame("Read", { seq: outcome.seq, ...named });
  }
}
