/** What the index stores of channels. A create is one row; there is no secondary index. */
import type { ChannelRecord } from "../../channel/index.ts";
import { channelNumber } from "../../protocol/index.ts";
import type { Counts } from "../between/index-calls.ts";
import { GoneNumbers } from "./gone-numbers.ts";
import { CREATE_MEMORY_MS, type CreateMemory, type CreateRow, type CreateUse, readCreates } from "./create-memory.ts";
import type { Kept } from "../between/usage.ts";
import { RECORD_MARKS, RECORD_NAMES, type RecordRow, recordValues } from "../between/record-row.ts";
import { hasTable, migrate } from "../between/migrations.ts";
import { LAYOUT, NAMELESS, RESTORED, TABLE } from "./index-tables.ts";

/**
 * `deleting`: tombstone written, storage not yet erased. `deleted`: a tombstone, kept for a day, for what was used
 * today and for repeated creates. Then only its number is left, among those that are gone.
 */
type State = "live" | "deleting" | "deleted";

export type ChannelRow = RecordRow & {
  idempotency_key: string;
  state: State;
  dirty: number;
  change: number;
  summary: string;
  renewed_from: string;
  deleted_at: number | null;
};

export type ListedRow = Pick<ChannelRow, "number" | "dirty" | "change" | "summary">;

/** What a channel said of itself for a change. */
export interface StoredSummary {
  /** JSON. */
  readonly summary: string;
  /** Keys of participants that the summary does not show; absent for none. */
  readonly more_keys?: readonly string[] | undefined;
  readonly change: number;
  /** JSON of what is kept of its use. */
  readonly used: string;
}

export class IndexStore {
  readonly #storage: DurableObjectStorage;
  readonly #gone: GoneNumbers;
  #isMade = false;
  /** Kept in step with the table; counted once a wake. */
  #counts: Counts | undefined;
  /** Creates of the last day by creator and key; read back once a wake, newest first, until one is too old. */
  #creates: CreateMemory | undefined;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
    this.#gone = new GoneNumbers(storage.sql);
  }

  /** The table is made at first use, never in a constructor, where a failing disk would be fatal. */
  get #sql(): SqlStorage {
    const { sql } = this.#storage;
    if (!this.#isMade && hasTable(sql, "channel")) migrate(this.#storage, [LAYOUT]);
    else if (!this.#isMade) sql.exec(TABLE);
    this.#isMade = true;
    return sql;
  }

  counts(): Counts {
    return (this.#counts ??= this.#count());
  }

  row(number: number): ChannelRow | undefined {
    const [row] = this.#sql.exec<ChannelRow>("SELECT * FROM channel WHERE number = ?", number);
    return row;
  }

  /** Gives a live channel a new epoch, in place of `from`; the old one is remembered until the next. */
  renew(number: number, from: string, to: string): boolean {
    const query =
      "UPDATE channel SET epoch = ?1, renewed_from = ?2 WHERE number = ?3 AND epoch = ?2 AND state = 'live'";
    return this.#sql.exec(query, to, from, number).rowsWritten > 0;
  }

  /** Of the last restore that the owner told of; empty: there was none. */
  generation(): string {
    if (!hasTable(this.#sql, "restored")) return "";
    const [row] = this.#sql.exec<{ generation: string }>("SELECT generation FROM restored");
    return row?.generation ?? "";
  }

  /** Nothing up to it is given out any more, whether or not it was. */
  skipTo(number: number): void {
    if (number >= this.counts().next) this.leaveOut(number + 1, number);
  }

  /** These are never given out. */
  leaveOut(first: number, last: number): void {
    this.#gone.leaveOut(first, last);
    this.#counts = undefined;
  }

  /** The number, or the next that was not left out. */
  notLeftOut(number: number): number {
    return this.#gone.notLeftOut(number);
  }

  /** Whether the number was a channel's that was deleted. */
  isGone(number: number): boolean {
    const row = this.row(number);
    return row === undefined ? this.#gone.has(number) : row.state !== "live";
  }

  /** Of channels that were deleted a day ago, only the numbers are kept. */
  prune(now: number): void {
    const due = this.#sql
      .exec<{ number: number }>("SELECT number FROM channel WHERE state = 'deleted' AND deleted_at < ?", now - KEPT_MS)
      .toArray();
    if (due.length === 0) return;
    this.#storage.transactionSync(() => {
      for (const { number } of due) {
        this.#gone.add(number);
        this.#sql.exec("DELETE FROM channel WHERE number = ?", number);
      }
    });
    this.#counts = undefined;
  }

  setGeneration(generation: string): void {
    this.#sql.exec(RESTORED);
    this.#sql.exec("DELETE FROM restored");
    this.#sql.exec("INSERT INTO restored VALUES (?)", generation);
  }

  /** The channel an earlier create with this key made. */
  createdWith(use: CreateUse, trace: string, now: number): ChannelRow | undefined {
    this.#creates ??= readCreates(this.#sql.exec<CreateRow>(CREATES), now);
    const number = this.#creates.find(use, now) ?? this.#creates.find({ ...OF_DELETED, key: trace }, now);
    return number === undefined ? undefined : this.row(number);
  }

  /** Milliseconds until one more create can be remembered; 0: it can. */
  waitForCreate(now: number): number {
    return (this.#creates ??= readCreates(this.#sql.exec<CreateRow>(CREATES), now)).waitForRoom(now);
  }

  insert(record: ChannelRecord, key: string, summary: string): void {
    const { number, created_by: creator, creator_verified: verified = false, created_at: at } = record;
    this.#sql.exec(
      `INSERT INTO channel (${RECORD_NAMES}, idempotency_key, state, dirty, change, summary)
        VALUES (${RECORD_MARKS}, ?, 'live', 0, 0, ?)`,
      ...[...recordValues(record), key, summary],
    );
    this.#creates?.add({ creator, verified, key }, { number, at });
    const counts = this.counts();
    this.#counts = { ...counts, channels: counts.channels + 1, next: number + 1 };
  }

  /** Makes a channel's own record the index's, whatever stood there (IDX6). Its next list asks it. Another epoch than its own it takes over. */
  register(record: ChannelRecord, epoch: string, summary: string): void {
    this.#sql.exec(
      `INSERT OR REPLACE INTO channel (${RECORD_NAMES}, idempotency_key, state, dirty, change, summary, renewed_from)
        VALUES (${RECORD_MARKS}, '', 'live', 1, 1, ?, ?)`,
      ...[...recordValues({ ...record, epoch }), summary, epoch === record.epoch ? "" : record.epoch],
    );
    this.#counts = undefined;
  }

  /** A deleted channel's storage is to be erased once more. */
  setDeleting(number: number, now: number): void {
    this.#sql.exec(
      `INSERT OR REPLACE INTO channel (number, name, created_by, creator_name, created_at, epoch, idempotency_key, state,
        dirty, change, summary, deleted_at) VALUES (?1, '', '', '', 0, '', '', 'deleting', 0, 0, '', ?2)`,
      ...[number, now],
    );
    this.#counts = undefined;
  }

  /** Live channels that somebody made who only claimed the key. */
  madeByClaim(key: string): number[] {
    const query = "SELECT number FROM channel WHERE created_by = ? AND creator_verified = 0 AND state = 'live'";
    return this.#sql
      .exec<{ number: number }>(query, key)
      .toArray()
      .map((row) => row.number);
  }

  /** True where the row was live. `trace` is left of who made it with which Idempotency-Key (IDX2). */
  bury(number: number, trace: string, now: number): boolean {
    const { rowsWritten } = this.#sql.exec(
      `UPDATE channel SET state = 'deleting', dirty = 0, summary = '', more_keys = NULL, epoch = '', renewed_from = '',
        idempotency_key = ?2, deleted_at = ?3, ${NAMELESS} WHERE number = ?1 AND state = 'live'`,
      ...[number, trace, now],
    );
    this.#counts = undefined;
    return rowsWritten > 0;
  }

  setErased(number: number): void {
    this.#sql.exec("UPDATE channel SET state = 'deleted' WHERE number = ? AND state = 'deleting'", number);
  }

  toErase(): number[] {
    return this.#sql
      .exec<{ number: number }>("SELECT number FROM channel WHERE state = 'deleting'")
      .toArray()
      .map((row) => row.number);
  }

  /** Writes nothing when the mark is there already. */
  setDirty(number: number, change: number, used: string | null): void {
    this.#sql.exec(
      "UPDATE channel SET dirty = 1, change = max(change, ?1), used = coalesce(?3, used) WHERE number = ?2 AND state = 'live' AND (dirty = 0 OR change < ?1)",
      ...[change, number, used],
    );
  }

  /** What is kept of a channel's use (USE1). */
  usedBy(number: number): Kept | undefined {
    const [row] = this.#sql.exec<{ used: string | null }>("SELECT used FROM channel WHERE number = ?", number);
    return row === undefined || row.used === null ? undefined : (JSON.parse(row.used) as Kept);
  }

  /** Of all channels that ever told. */
  *used(): Iterable<Kept> {
    for (const { used } of this.#sql.exec<{ used: string }>("SELECT used FROM channel WHERE used IS NOT NULL"))
      yield JSON.parse(used) as Kept;
  }

  /** Stores a summary and clears the mark, unless a later change was announced since it was asked for. */
  setSummary(number: number, { summary, more_keys = [], change, used }: StoredSummary): void {
    this.#sql.exec(
      "UPDATE channel SET summary = ?1, more_keys = ?2, dirty = 0, used = ?5 WHERE number = ?3 AND state = 'live' AND change <= ?4",
      summary,
      more_keys.length === 0 ? null : JSON.stringify(more_keys),
      number,
      change,
      used,
    );
  }

  /** Live channels after `cursor`, read lazily; of a key, those it is in and those that may have changed. */
  listed(cursor: number, limit: number, { key, within }: Wanted): Iterable<ListedRow> {
    return this.#sql.exec<ListedRow>(
      `SELECT number, dirty, change, summary FROM channel WHERE state = 'live' AND number > ?3
        AND ${IS_WITHIN} AND (?2 IS NULL OR dirty = 1 OR ${HAS_PARTICIPANT}) ORDER BY number LIMIT ?4`,
      ...[numbersOf(within), key ?? null, cursor, limit],
    );
  }

  /** All live channels; of a key, those it is in. */
  countOf({ key, within }: Wanted): number {
    if (key === undefined && within === undefined) return this.counts().channels;
    const query = `SELECT count(*) AS count FROM channel WHERE state = 'live'
      AND ${IS_WITHIN} AND (?2 IS NULL OR ${HAS_PARTICIPANT})`;
    return this.#sql.exec<{ count: number }>(query, numbersOf(within), key ?? null).one().count;
  }

  #count(): Counts {
    const query = `SELECT coalesce(max(number), 0) AS highest, coalesce(sum(state = 'live'), 0) AS channels,
      coalesce(sum(state != 'live'), 0) AS deleted FROM channel`;
    const rows = this.#sql.exec<{ channels: number; deleted: number; highest: number }>(query).one();
    const next = Math.max(rows.highest, this.#gone.highest) + 1;
    return { channels: rows.channels, deleted: rows.deleted + this.#gone.count, next };
  }
}

/** `?2` is the key: among the participants that the summary shows, or the others. */
const HAS_PARTICIPANT = `(EXISTS (SELECT 1 FROM json_each(summary, '$.participants') WHERE json_extract(value, '$.key') = ?2)
  OR EXISTS (SELECT 1 FROM json_each(more_keys) WHERE value = ?2))`;

/** `?1`: JSON of the numbers that count; NULL for all. */
const IS_WITHIN = "(?1 IS NULL OR number IN (SELECT value FROM json_each(?1)))";

function numbersOf(ids: readonly string[] | undefined): string | null {
  return ids === undefined ? null : JSON.stringify(ids.map(channelNumber));
}

/** Channels of a key, and of those that the viewer reaches. */
export interface Wanted {
  readonly key: string | undefined;
  readonly within: readonly string[] | undefined;
}

const CREATES =
  "SELECT number, created_by, creator_verified, created_at, idempotency_key FROM channel ORDER BY number DESC";
/** How a create of a channel that was deleted is remembered: by its trace alone. */
const OF_DELETED = { creator: "", verified: false };
/** How long a tombstone is kept: as long as a create is remembered, and longer than a day's use is told. */
const KEPT_MS = CREATE_MEMORY_MS;
