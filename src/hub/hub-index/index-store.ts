/** The index's one table. A create is one row; there is no secondary index. */
import type { ChannelRecord } from "../../channel/index.ts";
import { channelNumber } from "../../protocol/index.ts";
import type { Counts } from "../between/index-calls.ts";
import { CREATE_MEMORY_MS, CreateMemory, type CreateUse } from "./create-memory.ts";
import type { Kept } from "../between/usage.ts";
import {
  ADDED_TO_RECORD,
  FIRST_OF_RECORD,
  RECORD_MARKS,
  RECORD_NAMES,
  RECORD_TABLE,
  type RecordRow,
  recordValues,
} from "../between/record-row.ts";
import { hasTable, migrate, type TableLayout } from "../between/migrations.ts";

const TABLE = `
  CREATE TABLE channel (
    number INTEGER PRIMARY KEY, ${RECORD_TABLE}, idempotency_key TEXT NOT NULL,
    state TEXT NOT NULL, dirty INTEGER NOT NULL, change INTEGER NOT NULL, summary TEXT NOT NULL,
    renewed_from TEXT NOT NULL DEFAULT '',
    more_keys TEXT,
    used TEXT
  ) STRICT`;

/** At most one row, made when the owner first says that state was restored (IDX5). */
const RESTORED = "CREATE TABLE IF NOT EXISTS restored (generation TEXT NOT NULL) STRICT";

const LAYOUT: TableLayout = {
  table: "channel",
  first: [...FIRST_OF_RECORD, "idempotency_key", "state", "dirty", "change", "summary"],
  added: [
    ...ADDED_TO_RECORD,
    { name: "renewed_from", statement: "ALTER TABLE channel ADD COLUMN renewed_from TEXT NOT NULL DEFAULT ''" },
    { name: "more_keys", statement: "ALTER TABLE channel ADD COLUMN more_keys TEXT" },
    { name: "used", statement: "ALTER TABLE channel ADD COLUMN used TEXT" },
  ],
};

/** `deleting`: tombstone written, storage not yet erased. Tombstones stay, so ids are never reused. */
type State = "live" | "deleting" | "deleted";

export type ChannelRow = RecordRow & {
  idempotency_key: string;
  state: State;
  dirty: number;
  change: number;
  summary: string;
  renewed_from: string;
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
  #isMade = false;
  /** Kept in step with the table; counted once a wake. */
  #counts: Counts | undefined;
  /** Creates of the last day by creator and key; read back once a wake, newest first, until one is too old. */
  #creates: CreateMemory | undefined;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
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

  /** So many numbers are not given out. */
  reserve(count: number, now: number): void {
    const number = this.counts().next - 1 + count;
    this.#sql.exec(
      `INSERT INTO channel (number, name, created_by, creator_name, creator_verified, created_at, epoch, idempotency_key,
        state, dirty, change, summary) VALUES (?, '', '', '', 0, ?, '', '', 'deleted', 0, 0, '')`,
      ...[number, now],
    );
    this.#counts = undefined;
  }

  setGeneration(generation: string): void {
    this.#sql.exec(RESTORED);
    this.#sql.exec("DELETE FROM restored");
    this.#sql.exec("INSERT INTO restored VALUES (?)", generation);
  }

  /** The channel an earlier create with this key made. */
  createdWith({ creator, verified, key }: CreateUse, now: number): ChannelRow | undefined {
    this.#creates ??= this.#readCreates(now);
    const number = this.#creates.find({ creator, verified, key }, now);
    return number === undefined ? undefined : this.row(number);
  }

  /** Milliseconds until one more create can be remembered; 0: it can. */
  waitForCreate(now: number): number {
    return (this.#creates ??= this.#readCreates(now)).waitForRoom(now);
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
  setDeleting(number: number): void {
    this.#sql.exec("UPDATE channel SET state = 'deleting' WHERE number = ? AND state = 'deleted'", number);
  }

  /** Live channels that somebody made who only claimed the key. */
  madeByClaim(key: string): number[] {
    const query = "SELECT number FROM channel WHERE created_by = ? AND creator_verified = 0 AND state = 'live'";
    return this.#sql
      .exec<{ number: number }>(query, key)
      .toArray()
      .map((row) => row.number);
  }

  /** True where the row was live. */
  bury(number: number): boolean {
    const { rowsWritten } = this.#sql.exec(
      "UPDATE channel SET state = 'deleting', dirty = 0, summary = '' WHERE number = ? AND state = 'live'",
      number,
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
    const query = `SELECT coalesce(max(number), 0) + 1 AS next, coalesce(sum(state = 'live'), 0) AS channels,
      coalesce(sum(state != 'live'), 0) AS deleted FROM channel`;
    return this.#sql.exec<{ channels: number; deleted: number; next: number }>(query).one();
  }

  #readCreates(now: number): CreateMemory {
    const rows = this.#sql.exec<CreateRow>(
      "SELECT number, created_by, creator_verified, created_at, idempotency_key FROM channel ORDER BY number DESC",
    );
    const recent: CreateRow[] = [];
    for (const row of rows) {
      if (row.created_at < now - CREATE_MEMORY_MS) break;
      recent.push(row);
    }
    const creates = new CreateMemory();
    for (const { number, created_by, creator_verified, created_at, idempotency_key } of recent.toReversed()) {
      const use = { creator: created_by, verified: creator_verified === 1, key: idempotency_key };
      creates.add(use, { number, at: created_at });
    }
    return creates;
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

type CreateRow = Pick<ChannelRow, "number" | "created_by" | "creator_verified" | "created_at" | "idempotency_key">;
