/**
 * Numbers that stand for no channel any more (IDX1): deleted ones as ranges, of which there are no
 * more than channels and one, however many were deleted; and those that were left out, one
 * range for each time that the owner put files back.
 */
const TABLES = `
  CREATE TABLE IF NOT EXISTS gone (first INTEGER PRIMARY KEY, last INTEGER NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS left_out (last INTEGER PRIMARY KEY, first INTEGER NOT NULL) STRICT;`;

type Range = { first: number; last: number };

export class GoneNumbers {
  readonly #storage: SqlStorage;
  #isMade = false;

  constructor(sql: SqlStorage) {
    this.#storage = sql;
  }

  get #sql(): SqlStorage {
    if (!this.#isMade) this.#storage.exec(TABLES);
    this.#isMade = true;
    return this.#storage;
  }

  has(number: number): boolean {
    return (this.#upTo(number)?.last ?? 0) >= number;
  }

  add(number: number): void {
    const before = this.#upTo(number);
    if (before !== undefined && before.last >= number) return;
    const [after] = this.#sql.exec<Range>("SELECT first, last FROM gone WHERE first = ?", number + 1);
    if (after !== undefined) this.#sql.exec("DELETE FROM gone WHERE first = ?", after.first);
    const first = before?.last === number - 1 ? before.first : number;
    this.#sql.exec("INSERT OR REPLACE INTO gone VALUES (?, ?)", first, after?.last ?? number);
  }

  get count(): number {
    const query = "SELECT coalesce(sum(last - first + 1), 0) AS count FROM gone";
    return this.#sql.exec<{ count: number }>(query).one().count;
  }

  /** Below it nothing is given out any more. */
  get highest(): number {
    const query = `SELECT max(coalesce((SELECT last FROM gone ORDER BY first DESC LIMIT 1), 0),
      coalesce((SELECT max(last) FROM left_out), 0)) AS highest`;
    return this.#sql.exec<{ highest: number }>(query).one().highest;
  }

  /** These were not given out, and never are; none where `last` is before `first`. */
  leaveOut(first: number, last: number): void {
    this.#sql.exec("INSERT OR REPLACE INTO left_out (first, last) VALUES (?, ?)", first, last);
  }

  /** The number, or the next that was not left out. */
  notLeftOut(number: number): number {
    const query = "SELECT last FROM left_out WHERE first <= ?1 AND last >= ?1";
    const [range] = this.#sql.exec<{ last: number }>(query, number);
    return range === undefined ? number : this.notLeftOut(range.last + 1);
  }

  #upTo(number: number): Range | undefined {
    const query = "SELECT first, last FROM gone WHERE first <= ? ORDER BY first DESC LIMIT 1";
    return this.#sql.exec<Range>(query, number).toArray()[0];
  }
}
