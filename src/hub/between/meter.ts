/**
 * Counts what an object uses (USE1), in memory. A channel restores its day from its newest stored
 * row; what it counted after that row is lost when it sleeps. Never writes, never wakes anybody.
 */
import type { ErrorCode } from "../../protocol/index.ts";
import {
  type Counted,
  type Counts,
  dayOf,
  decodeDay,
  encodeDay,
  NOTHING,
  plus,
  plusRefused,
  type Refused,
  type Report,
} from "./usage.ts";

export class Meter {
  readonly #sql: SqlStorage;
  #day = "";
  #counts: Record<Counted, number> = { ...NOTHING };
  #refused: Refused = {};
  #isRestored = false;
  /** Statements whose rows were not added yet: a cursor counts while it is read. */
  #open: SqlStorageCursor<Record<string, SqlStorageValue>>[] = [];

  /** From here on every statement of the object is counted. */
  constructor(sql: SqlStorage) {
    this.#sql = sql;
    const exec = sql.exec.bind(sql);
    sql.exec = ((query: string, ...values: unknown[]) => {
      const cursor = exec(query, ...values);
      if (this.#open.push(cursor) === 1) queueMicrotask(() => this.#settle());
      return cursor;
    }) as typeof sql.exec;
  }

  add(what: Counted, count = 1): void {
    this.#turnDay();
    this.#counts[what] += count;
  }

  refused(code: ErrorCode, kid: string): void {
    this.#turnDay();
    this.#refused = plusRefused(this.#refused, { [`${code} ${kid}`]: 1 });
  }

  /** What the newest stored row says of its day; counted once a wake. */
  restore(text: string): void {
    this.#turnDay();
    if (!this.#isRestored) this.#counts = { ...plus(this.#counts, decodeDay(text, this.#day)) };
    this.#isRestored = true;
  }

  /** What a row says that is written with `rows` rows in all, itself among them. */
  encode(rows: number): string {
    return encodeDay(this.#day, { ...this.#settle(), rows_written: this.#counts.rows_written + rows });
  }

  /** For the index. Refusals are handed over: they are in no row of the channel's. */
  report(sockets: number): Report {
    const refused = this.#refused;
    this.#refused = {};
    return { ...this.#settle(), refused, day: this.#day, sockets, bytes: this.#sql.databaseSize };
  }

  /** What was counted, which is from now on the caller's to keep. */
  take(): Counts {
    const counts = { ...this.#settle() };
    this.#counts = { ...NOTHING };
    return counts;
  }

  get counts(): Counts {
    return this.#settle();
  }

  get day(): string {
    this.#turnDay();
    return this.#day;
  }

  get bytes(): number {
    return this.#sql.databaseSize;
  }

  #settle(): Counts {
    this.#turnDay();
    for (const { rowsWritten, rowsRead } of this.#open) {
      this.#counts.rows_written += rowsWritten;
      this.#counts.rows_read += rowsRead;
    }
    this.#open = [];
    return this.#counts;
  }

  #turnDay(): void {
    const today = dayOf(Date.now());
    if (today === this.#day) return;
    [this.#day, this.#counts, this.#refused] = [today, { ...NOTHING }, {}];
  }
}
