/**
 * The ring of batches: the messages of a turn are one row of `log`, keyed by its first seq. A row
 * leaves once all it holds is out of the ring and out of the dedupe window; the next row written
 * takes its place, so that a lone message costs exactly one row written and the log does not grow.
 */
import {
  collectPage,
  type Entry,
  type Head,
  type MessageLog,
  packRows,
  type Page,
  type Range,
  type Row,
  type SendRecord,
  splitBody,
  type StoredRow,
  windowStart,
} from "../channel/index.ts";
import { KINDS, RING_MESSAGES } from "../protocol/index.ts";

/** Messages and bytes kept for deduplication beyond the ring, at most. */
const WINDOW_MESSAGES = 30_000;
const WINDOW_BYTES = 32 * 1024 * 1024;

export class SqlLog implements MessageLog {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  head(): Head | undefined {
    const [row] = this.#sql.exec<Place>("SELECT seq, count, ts, total FROM log ORDER BY seq DESC LIMIT 1");
    return row && { last_seq: row.seq + row.count - 1, last_ts: row.ts };
  }

  append(entries: readonly Entry[], now: number): void {
    const rows = packRows(entries);
    const newest = entries.at(-1)?.message.seq ?? 0;
    const [last] = this.#sql.exec<Place>("SELECT seq, count, ts, total FROM log ORDER BY seq DESC LIMIT 1");
    const free = this.#freeRows(newest, rows.length + 1, now);
    let total = last?.total ?? 0;
    for (const row of rows) {
      total += row.bytes;
      this.#write(row, total, free.shift());
    }
    const [lingering] = free;
    if (lingering !== undefined) this.#sql.exec("DELETE FROM log WHERE seq = ?", lingering);
  }

  page(range: Range): Page {
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
  }

  #write(row: Row, total: number, replaced: number | undefined): void {
    const values = [row.seq, row.count, row.ts, row.bytes, total, encodeSends(row.sends), row.body];
    if (replaced === undefined) this.#sql.exec("INSERT INTO log VALUES (?, ?, ?, ?, ?, ?, ?)", ...values);
    else {
      const columns = "seq = ?, count = ?, ts = ?, bytes = ?, total = ?, sends = ?, body = ?";
      this.#sql.exec(`UPDATE log SET ${columns} WHERE seq = ?`, ...values, replaced);
    }
  }

  /** The oldest rows that nobody needs once `newest` is stored, at most `most` of them. */
  #freeRows(newest: number, most: number, now: number): number[] {
    const ring = newest - RING_MESSAGES + 1;
    if (ring <= 1) return [];
    const oldest = this.#sql.exec<Place>("SELECT seq, count, ts, total FROM log ORDER BY seq LIMIT ?", most).toArray();
    const evicted = oldest.filter((row) => row.seq + row.count <= ring);
    const isRecent = (row: Place): boolean => row.ts >= windowStart(now);
    const needed = evicted.findIndex((row) => isRecent(row) && !this.#isBeyondWindow(row, ring));
    return evicted.slice(0, needed < 0 ? evicted.length : needed).map((row) => row.seq);
  }

  /** Whether a recent row is one too many: `total` counts all bytes ever written up to a row. */
  #isBeyondWindow(row: Place, ring: number): boolean {
    if (row.seq + row.count <= ring - WINDOW_MESSAGES) return true;
    const [border] = this.#sql.exec<{ total: number }>(
      "SELECT total FROM log WHERE seq < ? ORDER BY seq DESC LIMIT 1",
      ring,
    );
    return border !== undefined && border.total - row.total > WINDOW_BYTES;
  }
}

type Place = { seq: number; count: number; ts: number; total: number };

/** As stored before the body: [seq, from, flags, id, to], the last two where they exist. */
type StoredSend = [seq: number, from: string, flags: number, id?: string | null, to?: readonly string[]];

/** Flags of a stored send: bit 0, the sender was proven; above it, what it said it is. */
const VERIFIED = 1;
const KIND_SHIFT = 1;

function encodeSends(sends: readonly SendRecord[]): string {
  return JSON.stringify(
    sends.map(({ seq, from, verified, kind, id, to }): StoredSend => {
      const flags = (verified ? VERIFIED : 0) | ((kind === undefined ? 0 : KINDS.indexOf(kind) + 1) << KIND_SHIFT);
      if (to !== undefined) return [seq, from, flags, id ?? null, to];
      return id === undefined ? [seq, from, flags] : [seq, from, flags, id];
    }),
  );
}

function decodeSends(json: string, ts: number): SendRecord[] {
  const sends = JSON.parse(json) as StoredSend[];
  return sends.map(([seq, from, flags, id, to]) => {
    const kind = KINDS[(flags >> KIND_SHIFT) - 1];
    const verified = (flags & VERIFIED) !== 0;
    return { seq, ts, from, verified, ...(kind && { kind }), ...(typeof id === "string" && { id }), ...(to && { to }) };
  });
}
