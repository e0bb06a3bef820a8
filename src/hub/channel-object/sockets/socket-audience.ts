/** The sockets hear of a turn: each gets what it is due, in seq order, its own acks at their place (SOC3, SOC4). */
import {
  type Audience,
  dueTo,
  type Entry,
  type Reached,
  type Shared,
  sizeOf,
  type Turn,
} from "../../../channel/index.ts";
import { batchFrame } from "../../../protocol/index.ts";
import type { Connection } from "./connection.ts";
import type { Connections } from "./connections.ts";
import type { Pacing } from "./pacing.ts";

export class SocketAudience implements Audience {
  readonly #connections: Connections;
  readonly #pacing: Pacing;
  /** How many keys of a set of members are pushed to; counted once a turn. */
  #reach: { readonly members: ReadonlySet<string>; readonly reached: Reached } | undefined;

  constructor(connections: Connections, pacing: Pacing) {
    this.#connections = connections;
    this.#pacing = pacing;
  }

  hear(turn: Turn, now: number): void {
    this.#reach = undefined;
    const { parts, shared, authors } = turn;
    for (const { entry } of parts) if (entry !== undefined) this.#pacing.note(entry);
    const others: Connection[] = [];
    // Authors first: their acks must not wait for a thousand readers.
    const own: Connection[] = [];
    for (const connection of this.#connections.all()) {
      if (shared.members !== undefined && !authors.has(connection.key)) others.push(connection);
      else own.push(connection);
    }
    const worstLast = this.#pacing.begin(others, shared.bytes);
    for (const connection of own) this.#pushOwn(connection, turn, now);
    if (shared.frames.length > 0) {
      for (const connection of worstLast) this.#pushShared(connection, shared, now);
      this.#pacing.boundChannel(shared.last_seq, now);
    }
    for (const { reply } of parts) if (reply.outcome.type === "done") this.#close(reply.outcome.closes, now);
  }

  reached({ members }: Entry): Reached {
    if (this.#reach?.members !== members) this.#reach = { members, reached: this.#connections.pushedTo(members) };
    return this.#reach.reached;
  }

  isPresent(key: string, now: number): boolean {
    return this.#connections.isConnected(key, now);
  }

  #close(closes: Extract<Turn["parts"][number]["reply"]["outcome"], { type: "done" }>["closes"], now: number): void {
    if (closes === undefined) return;
    for (const connection of this.#connections.ofKey(closes.key))
      this.#connections.drop(connection, closes.refusal, now);
  }

  #pushShared(connection: Connection, shared: Shared, now: number): void {
    if (connection.mode !== "live" || shared.members === undefined || !connection.isAmong(shared.members)) return;
    const frames = connection.batch ? [shared.batch] : shared.frames;
    const { bytes, first_seq, last_seq } = shared;
    const size = { bytes, messages: shared.frames.length, first_seq, last_seq };
    this.#pacing.push(connection, frames, size, now);
  }

  /** The slow path: a socket of an author, or a turn in which somebody joined or left. */
  #pushOwn(connection: Connection, turn: Turn, now: number): void {
    const due = dueTo(connection, turn);
    if (due.length === 0) return;
    const frames = due.map(({ frame }) => frame);
    const packed = connection.batch && frames.length > 1 ? [batchFrame(frames)] : frames;
    const { first_seq, last_seq } = turn.shared;
    const size = { ...sizeOf(connection, due), first_seq, last_seq };
    if (connection.mode !== "trailing" && this.#pacing.push(connection, packed, size, now)) return;
    // Too far behind for messages; what it asked is answered all the same, for that is stored.
    for (const { part, frame } of due)
      if (part.arrival.origin === connection) this.#pacing.reply(connection, frame, part.entry?.message.seq);
  }
}
