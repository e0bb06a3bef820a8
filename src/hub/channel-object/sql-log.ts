/**
 * The ring of batches: the messages of a turn are one row of `log`, keyed by its first seq. A row
 * leaves once all it holds is out of the ring and out of the dedupe window; the next row written
 * takes its place, so that a lone message costs exactly one row written and the log does not grow.
 */
import {
  boundRange,
  collectPage,
  type Entry,
  type Head,
  leaving,
  type MessageLog,
  packRows,
  ringStart,
  type Page,
  type Range,
  type Row,
  type SendRecord,
  splitBody,
  type StoredRow,
} from "../../channel/index.ts";
import { KINDS } from "../../protocol/index.ts";
import { SignedRows } from "./signed-rows.ts";

/** A statement that changes storage, with its values. */
export type Write = readonly [query: string, ...values: SqlStorageValue[]];

/** Oldest rows that are looked up ahead at most: a busy log overwrites one a turn. */
const OLDEST_AHEAD = 64;

export class SqlLog implements MessageLog {
  /** What the object had used of its day when the newest row was written, as `head` last saw it (USE1). */
  used = "";
  readonly #sql: SqlStorage;
  readonly #signed: SignedRows;
  /** All bytes ever written; undefined: not asked yet. */
  #total: number | undefined;
  /** The oldest rows, as far as they were looked up. */
  #oldest: Place[] = [];
  /** How many of them the next look takes: few after a wake, when the next message may be the last. */
  #ahead = 1;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    this.#signed = new SignedRows(sql);
  }

  head(): Head | undefined {
    const last = this.#last();
    this.used = last?.used ?? "";
    return last && { last_seq: last.seq + last.count - 1, last_ts: last.ts };
  }

  append(entries: readonly Entry[], now: number): void {
    for (const [query, ...values] of this.writes(entries, now)) this.#sql.exec(query, ...values);
  }

  /** What stores the messages of a turn. It must be run, or `forget` be called. `used` is told how many statements. */
  writes(entries: readonly Entry[], now: number, used: (rows: number) => string = () => ""): Write[] {
    const rows = packRows(entries);
    const newest = entries.at(-1)?.message.seq ?? 0;
    let total = this.#total ?? this.#last()?.total ?? 0;
    const free = this.#freeRows({ newest, total, now }, rows.length + 1);
    const kept = free.flatMap(({ seq, ts }): Write[] => this.#signed.keep(seq, ts, now, holdsSigned));
    const lingering = free[rows.length];
    const day = used(kept.length + rows.length + (lingering === undefined ? 0 : 1));
    const writes = rows.map((row, at) => {
      total += row.bytes;
      return writeRow({ ...row, total, day }, free[at]?.seq);
    });
    this.#total = total;
    if (lingering !== undefined) writes.push(["DELETE FROM log WHERE seq = ?", lingering.seq]);
    return [...kept, ...writes];
  }

  /** Storage is not what was written: nothing that was remembered of it counts. */
  forget(): void {
    this.#total = undefined;
    this.#oldest = [];
    this.#ahead = 1;
    this.#signed.forget();
  }

  page(asked: Range): Page {
    const range = boundRange(asked, this.head()?.last_seq ?? 0);
    const columns = "seq, count, bytes, body";
    // The row that holds `after + 1` starts at or before it.
    const from = "coalesce((SELECT max(seq) FROM log WHERE seq <= ? + 1), 0)";
    const order = range.keep === "newest" ? "DESC" : "ASC";
    const rows = this.#sql.exec<StoredRow & Record<string, SqlStorageValue>>(
      `SELECT ${columns} FROM log WHERE seq >= ${from} AND seq < ? ORDER BY seq ${order}`,
      range.after,
      range.before,
    );
    return collectPage(rows, range);
  }

  message(seq: number): string | undefined {
    const [row] = this.#sql.exec<{ seq: number; count: number; body: string }>(
      "SELECT seq, count, body FROM log WHERE seq <= ? ORDER BY seq DESC LIMIT 1",
      seq,
    );
    return row === undefined || seq >= row.seq + row.count ? undefined : splitBody(row.body)[seq - row.seq];
  }

  *sends(since: number): Iterable<SendRecord> {
    const rows = this.#sql.exec<{ ts: number; sends: string }>("SELECT ts, sends FROM log ORDER BY seq DESC");
    for (const { ts, sends } of rows) {
      if (ts < since) return;
      yield* decodeSends(sends, ts).toReversed();
    }
    for (const { ts, sends } of this.#signed.since(since)) yield* decodeSends(sends, ts).toReversed();
  }

  #last(): (Place & { used: string }) | undefined {
    const [row] = this.#sql.exec<Place & { used: string }>(
      "SELECT seq, count, ts, total, used FROM log ORDER BY seq DESC LIMIT 1",
    );
    return row;
  }

  /** Takes the oldest rows that nobody needs once `newest` is stored, at most `most` of them. */
  #freeRows({ newest, total, now }: { newest: number; total: number; now: number }, most: number): readonly Place[] {
    if (ringStart(newest) === 1) return [];
    const totalBefore = (seq: number): number | undefined => this.#totalBefore(seq);
    const free = leaving(this.#lookAhead(most).slice(0, most), { newest, total, now, totalBefore });
    this.#oldest.splice(0, free.length);
    return free;
  }

  #lookAhead(most: number): readonly Place[] {
    if (this.#oldest.length >= most) return this.#oldest;
    this.#ahead = Math.min(this.#ahead * 2, OLDEST_AHEAD);
    const query = "SELECT seq, count, ts, total FROM log ORDER BY seq LIMIT ?";
    this.#oldest = this.#sql.exec<Place>(query, Math.max(most, this.#ahead)).toArray();
    return this.#oldest;
  }

  #totalBefore(seq: number): number | undefined {
    const query = "SELECT total FROM log WHERE seq < ? ORDER BY seq DESC LIMIT 1";
    return this.#sql.exec<{ total: number }>(query, seq).toArray()[0]?.total;
  }
}

function holdsSigned(sends: string): boolean {
  return decodeSends(sends, 0).some(({ signed }) => signed === true);
}

function writeRow(row: Row & { total: number; day: string }, replaced: number | undefined): Write {
  const values = [row.seq, row.count, row.ts, row.bytes, row.total, encodeSends(row.sends), row.body, row.day];
  if (replaced === undefined) return ["INSERT INTO log VALUES (?, ?, ?, ?, ?, ?, ?, ?)", ...values];
  return [REPLACE, ...values, replaced];
}

const REPLACE =
  "UPDATE log SET seq = ?, count = ?, ts = ?, bytes = ?, total = ?, sends = ?, body = ?, used = ? WHERE seq = ?";

type Place = { seq: number; count: number; ts: number; total: number };

/** As stored before the body: [seq, from, flags, id, to], the last two where they exist. */
type StoredSend = [seq: number, from: string, flags: number, id?: string | null, to?: readonly string[]];

/** Flags of a stored send: bit 0, the sender was proven; two bits of what it said it is; whether it was signed. */
const VERIFIED = 1;
const KIND_SHIFT = 1;
const KIND_MASK = 3;
const SIGNED = 8;

function encodeSends(sends: readonly SendRecord[]): string {
  return JSON.stringify(
    sends.map(({ seq, from, verified, signed, kind, id, to }): StoredSend => {
      const kindFlags = (kind === undefined ? 0 : KINDS.indexOf(kind) + 1) << KIND_SHIFT;
      const flags = (verified ? VERIFIED : 0) | kindFlags | (signed ? SIGNED : 0);
      if (to !== undefined) return [seq, from, flags, id ?? null, to];
      return id === undefined ? [seq, from, flags] : [seq, from, flags, id];
    }),
  );
}

function decodeSends(json: string, ts: number): SendRecord[] {
  const sends = JSON.parse(json) as StoredSend[];
  return sends.map(([seq, from, flags, id, to]) => {
    const kind = KINDS[((flags >> KIND_SHIFT) & KIND_MASK) - 1];
    const verified = (flags & VERIFIED) !== 0;
    const signed = (flags & SIGNED) === 0 ? {} : { signed: true as const };
    const use = { ...(kind && { kind }), ...(typeof id === "string" && { id }), ...(to && { to }) };
    return { seq, ts, from, verified, ...signed, ...use };
  });
}
