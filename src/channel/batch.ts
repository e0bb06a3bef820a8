/**
 * How decided messages lie in storage: the messages of one turn are one row, up to the bounds
 * below. The body is their JSON joined by a comma and a line break, a break that JSON text itself
 * never holds: rows are read by joining, and cut by splitting, without being parsed (DUR2).
 */
import { utf8Length } from "../protocol/index.ts";
import type { SendRecord } from "./recent-sends.ts";
import type { Entry } from "./state.ts";
import type { Page, Range } from "./store.ts";

/** Messages of a row at most. */
export const ROW_MESSAGES = 64;
/** UTF-8 bytes of a row's body at most; a single message always has its row. The platform takes 2 MB. */
export const ROW_BYTES = 512 * 1024;

const SEPARATOR = ",\n";

/** A row of the log. */
export interface Row {
  /** The first message's seq. */
  readonly seq: number;
  readonly count: number;
  /** Unix milliseconds of its last message. */
  readonly ts: number;
  readonly bytes: number;
  readonly sends: readonly SendRecord[];
  readonly body: string;
}

/** Packs the messages of a turn, in order. */
export function packRows(entries: readonly Entry[]): Row[] {
  const rows: Row[] = [];
  let group: Entry[] = [];
  let bytes = 0;
  for (const entry of entries) {
    const size = entry.bytes + SEPARATOR.length;
    if (group.length > 0 && (group.length === ROW_MESSAGES || bytes + size > ROW_BYTES)) {
      rows.push(...packRow(group, bytes));
      group = [];
      bytes = 0;
    }
    group.push(entry);
    bytes += size;
  }
  rows.push(...packRow(group, bytes));
  return rows;
}

function packRow(entries: readonly Entry[], bytes: number): Row[] {
  const [first] = entries;
  const last = entries.at(-1);
  if (first === undefined || last === undefined) return [];
  const sends = entries.flatMap((entry) => (entry.send === undefined ? [] : [entry.send]));
  const body = entries.map((entry) => entry.json).join(SEPARATOR);
  return [{ seq: first.message.seq, count: entries.length, ts: last.ts, bytes, sends, body }];
}

/** The messages of a row, as JSON. */
export function splitBody(body: string): string[] {
  return body.split(SEPARATOR);
}

/** What reading needs of a row. */
export type StoredRow = Pick<Row, "seq" | "count" | "bytes" | "body">;

/**
 * The part of a range that its limit leaves. Numbers have no holes, so rows are asked for exactly:
 * a statement that is read to its end is used again, one that is left halfway is compiled anew.
 */
export function boundRange(range: Range, last_seq: number): Range {
  const { after, limit, keep } = range;
  const before = Math.min(range.before, last_seq + 1);
  if (keep === "newest") return { ...range, before, after: Math.max(after, before - limit - 1) };
  return { ...range, before: Math.min(before, after + limit + 1) };
}

/** Collects a page from the rows of a bounded range; they come from the end that is kept. */
export function collectPage(rows: Iterable<StoredRow>, range: Range): Page {
  const pieces: Piece[] = [];
  let count = 0;
  let bytes = 0;
  for (const row of rows) {
    const piece = takeFrom(row, range, {
      messages: range.limit - count,
      bytes: range.bytes - bytes,
      isEmpty: count === 0,
    });
    pieces.push(piece);
    count += piece.count;
    bytes += piece.bytes;
    if (piece.isCut) break;
  }
  const last = Math.max(range.after, ...pieces.map((piece) => piece.last));
  if (range.keep === "newest") pieces.reverse();
  const bodies = pieces.flatMap((piece) => (piece.count === 0 ? [] : [piece.body]));
  return { messages: bodies.join(","), count, last };
}

interface Piece {
  readonly body: string;
  readonly count: number;
  readonly bytes: number;
  readonly last: number;
  /** True: the row had more in the range than there was room for. */
  readonly isCut: boolean;
}

interface Room {
  readonly messages: number;
  readonly bytes: number;
  /** The first message of a page always fits. */
  readonly isEmpty: boolean;
}

function takeFrom(row: StoredRow, range: Range, room: Room): Piece {
  const end = row.seq + row.count;
  if (row.seq > range.after && end <= range.before && row.count <= room.messages && row.bytes <= room.bytes) {
    return { body: row.body, count: row.count, bytes: row.bytes, last: end - 1, isCut: false };
  }
  return takeSome(row, range, room);
}

function takeSome(row: StoredRow, range: Range, room: Room): Piece {
  const wanted = splitBody(row.body)
    .map((json, at) => ({ json, seq: row.seq + at }))
    .filter(({ seq }) => seq > range.after && seq < range.before);
  if (range.keep === "newest") wanted.reverse();
  const taken: typeof wanted = [];
  let bytes = 0;
  for (const message of wanted) {
    const size = utf8Length(message.json) + SEPARATOR.length;
    const isFirst = room.isEmpty && taken.length === 0;
    if (taken.length >= room.messages || (!isFirst && bytes + size > room.bytes)) break;
    taken.push(message);
    bytes += size;
  }
  const isCut = taken.length < wanted.length;
  if (range.keep === "newest") taken.reverse();
  const last = taken.at(-1)?.seq ?? range.after;
  return { body: taken.map(({ json }) => json).join(SEPARATOR), count: taken.length, bytes, last, isCut };
}
