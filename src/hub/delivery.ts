/**
 * From outcomes to frames: every socket gets what it is due of a turn, in seq order, with its own
 * acks at their place (SOC3, SOC4). Called right after the write, in the same turn; the output gate
 * holds all of it until the write is durable (DUR1).
 */
import type { Entry, Outcome } from "../channel/index.ts";
import {
  ackFrame,
  batchFrame,
  errorFrame,
  EVERYONE,
  messageFrame,
  type Refusal,
  replyFrame,
  systemFrame,
  utf8Length,
} from "../protocol/index.ts";
import type { Arrival, Decided, Reply } from "./arrival.ts";
import type { Connection } from "./connection.ts";
import type { Connections } from "./connections.ts";
import type { Listeners } from "./listeners.ts";
import type { Pacing, Size } from "./pacing.ts";

/** Mentioned keys that an ack lists as offline. */
const OFFLINE_MAX = 128;

/** A turn's frames as most sockets get them: joined once, sent to all. */
interface Shared {
  readonly frames: readonly string[];
  readonly bytes: number;
  readonly batch: string;
  readonly first_seq: number;
  readonly last_seq: number;
  /** The members all entries have in common; undefined when membership changed within the turn. */
  readonly members: ReadonlySet<string> | undefined;
}

/** One command's part of the turn. */
interface Part {
  readonly arrival: Arrival;
  readonly entry: Entry | undefined;
  /** For its author's socket. */
  readonly reply: string | undefined;
  /** For everybody else. */
  readonly frame: string;
}

export class Delivery {
  readonly #connections: Connections;
  readonly #pacing: Pacing;
  readonly #listeners: Listeners;
  /** How many keys of a set of members are pushed to; counted once a turn. */
  #reach: { readonly members: ReadonlySet<string>; readonly count: number } | undefined;

  constructor(connections: Connections, pacing: Pacing, listeners: Listeners) {
    this.#connections = connections;
    this.#pacing = pacing;
    this.#listeners = listeners;
  }

  /** Sends everything a turn decided, and settles what came over HTTP. */
  deliver(decided: readonly Decided[], now: number): void {
    this.#reach = undefined;
    const parts = decided.map(({ arrival, outcome }) => this.#part(arrival, outcome, now));
    const shared = shareFrames(parts);
    const authors = new Set(parts.map((part) => part.arrival.caller.key));
    const others: Connection[] = [];
    const turn = { now, first_seq: shared.first_seq, last_seq: shared.last_seq };
    // Authors first: their acks must not wait for a thousand readers.
    for (const connection of this.#connections.all()) {
      if (shared.members !== undefined && !authors.has(connection.key)) others.push(connection);
      else this.#pushOwn(connection, parts, turn);
    }
    if (shared.frames.length > 0) for (const connection of others) this.#pushShared(connection, shared, now);
    if (shared.frames.length > 0) this.#pacing.boundChannel(shared.last_seq, now);
    for (const { outcome } of decided) if (outcome.type === "done" && outcome.closes) this.#close(outcome.closes, now);
    this.#listeners.wake(parts.flatMap(({ entry }) => (entry === undefined ? [] : [entry.message])));
  }

  #close({ key, refusal }: { readonly key: string; readonly refusal: Refusal }, now: number): void {
    for (const connection of this.#connections.ofKey(key)) this.#connections.drop(connection, refusal, now);
  }

  #part(arrival: Arrival, outcome: Outcome, now: number): Part {
    const reply = this.#replyTo(arrival, outcome, now);
    arrival.settle?.(reply);
    const { entry } = outcome;
    if (entry !== undefined) this.#pacing.note(entry);
    const isSystem = entry?.message.msg_type === "system";
    const frame = entry === undefined ? "" : isSystem ? systemFrame(entry.json) : messageFrame(entry.json);
    return { arrival, entry, reply: arrival.origin && encodeReply(arrival, reply), frame };
  }

  #replyTo({ caller, named }: Arrival, outcome: Outcome, now: number): Reply {
    if (outcome.type !== "sent") return { outcome };
    const { duplicate, mentions, unresolved, guard, entry } = outcome;
    const delivered = entry === undefined ? 0 : this.#delivered(entry, caller.key);
    const offline = this.#offline(mentions, entry, now);
    const more = offline.length - OFFLINE_MAX;
    const away = { offline: offline.slice(0, OFFLINE_MAX), ...(more > 0 && { offline_more: more }) };
    return { outcome, extras: { ...named, duplicate, delivered, ...away, unresolved, ...(guard && { guard }) } };
  }

  /** Mentioned keys that are neither connected nor waiting. */
  #offline(mentions: readonly string[], entry: Entry | undefined, now: number): readonly string[] {
    const offline: string[] = [];
    const keys = mentions.includes(EVERYONE) ? (entry?.members ?? []) : mentions;
    for (const key of keys) {
      if (key === entry?.message.from) continue;
      if (!this.#connections.isConnected(key, now) && !this.#listeners.isListening(key)) offline.push(key);
    }
    return offline;
  }

  /** Other participants whom a message reaches: on a socket, or because they wait for it. */
  #delivered({ message, members }: Entry, author: string): number {
    if (this.#reach?.members !== members) this.#reach = { members, count: this.#connections.pushedTo(members) };
    let { count } = this.#reach;
    if (members.has(author) && this.#connections.isPushedTo(author)) count--;
    for (const key of this.#listeners.reached(message, members)) if (!this.#connections.isPushedTo(key)) count++;
    return count;
  }

  #pushShared(connection: Connection, shared: Shared, now: number): void {
    if (connection.mode !== "live" || shared.members === undefined || !connection.isAmong(shared.members)) return;
    const frames = connection.batch ? [shared.batch] : shared.frames;
    const { bytes, first_seq, last_seq } = shared;
    const size = { bytes, messages: shared.frames.length, first_seq, last_seq };
    this.#pacing.push(connection, frames, size, now);
  }

  /** The slow path: a socket of an author, or a turn in which somebody joined or left. */
  #pushOwn(connection: Connection, parts: readonly Part[], { now, first_seq, last_seq }: Turn): void {
    const due = parts.flatMap((part) => {
      const frame = frameFor(connection, part);
      return frame === undefined ? [] : [{ part, frame }];
    });
    if (due.length === 0) return;
    const frames = due.map(({ frame }) => frame);
    const packed = connection.batch && frames.length > 1 ? [batchFrame(frames)] : frames;
    const size = { ...sizeOf(connection, due), first_seq, last_seq };
    if (connection.mode !== "trailing" && this.#pacing.push(connection, packed, size, now)) return;
    // Too far behind for messages; what it asked is answered all the same, for that is stored.
    for (const { part, frame } of due)
      if (part.arrival.origin === connection) this.#pacing.reply(connection, frame, part.entry?.message.seq);
  }
}

interface Turn {
  readonly now: number;
  readonly first_seq: number;
  readonly last_seq: number;
}

interface Due {
  readonly part: Part;
  readonly frame: string;
}

/** What a socket is due of a turn: messages, and replies to its own commands. */
function sizeOf(
  connection: Connection,
  due: readonly Due[],
): Pick<Size, "bytes" | "messages" | "replied" | "replied_seq"> {
  let [bytes, messages, replied, replied_seq] = [0, 0, 0, 0];
  for (const { part, frame } of due) {
    const size = part.entry?.bytes ?? utf8Length(frame);
    if (part.arrival.origin === connection) {
      replied += size;
      replied_seq = part.entry?.message.seq ?? replied_seq;
    } else {
      bytes += size;
      messages++;
    }
  }
  return { bytes, messages, replied, replied_seq };
}

/** What `connection` is due of a part: its own reply, a message for its key, or nothing. */
function frameFor(connection: Connection, { arrival, entry, reply, frame }: Part): string | undefined {
  if (arrival.origin === connection) return reply;
  if (entry === undefined || connection.mode !== "live" || !connection.isAmong(entry.members)) return undefined;
  // No echo to the sender: its ack is the echo.
  const isOwn = entry.message.from === connection.key;
  return isOwn && !connection.echo ? undefined : frame;
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
