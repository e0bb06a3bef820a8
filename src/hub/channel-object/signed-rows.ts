/**
 * What the log must still know of rows that it gives away early (IDN2): the ids of signed sends whose
 * signatures live. Only a busy channel gives such rows away, so there is no table before the first.
 */
import { leavesSignatures, NONCE_MS } from "../../channel/index.ts";
import { hasTable } from "../between/migrations.ts";

const TABLE =
  "CREATE TABLE IF NOT EXISTS signed (seq INTEGER PRIMARY KEY, ts INTEGER NOT NULL, sends TEXT NOT NULL) STRICT";

/** The `sends` of a row of the log, as they stood there. */
export interface SignedRow {
  readonly ts: number;
  readonly sends: string;
}

export class SignedRows {
  readonly #sql: SqlStorage;
  /** Undefined: not looked up since the wake. */
  #isThere: boolean | undefined;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** Statements that keep a row which the log gives away; `isSigned` says whether there is anything to keep. */
  keep(seq: number, ts: number, now: number, isSigned: (sends: string) => boolean): (readonly [string, ...number[]])[] {
    if (!leavesSignatures({ ts }, now)) return [];
    const [row] = this.#sql.exec<{ sends: string }>("SELECT sends FROM log WHERE seq = ?", seq);
    if (row === undefined || !isSigned(row.sends)) return [];
    const make = this.#has() ? [] : [[TABLE] as const];
    this.#isThere = true;
    return [
      ...make,
      ["DELETE FROM signed WHERE ts < ?", now - NONCE_MS],
      ["INSERT INTO signed SELECT seq, ts, sends FROM log WHERE seq = ?", seq],
    ];
  }

  /** Newest first. */
  since(ts: number): Iterable<SignedRow> {
    if (!this.#has()) return [];
    return this.#sql.exec<{ ts: number; sends: string }>(
      "SELECT ts, sends FROM signed WHERE ts >= ? ORDER BY seq DESC",
      ts,
    );
  }

  /** Storage is not what was written. */
  forget(): void {
    this.#isThere = undefined;
  }

  #has(): boolean {
    return (this.#isThere ??= hasTable(this.#sql, "signed"));
  }
}
