/**
 * The highest number that a channel was ever given (IDX1). The index says it before it answers a
 * create, and an index that was lost or put back from a copy learns here what it gave out. It is kept
 * by the object `ch-0`, which is no channel.
 */
const TABLE = "CREATE TABLE IF NOT EXISTS highest (number INTEGER NOT NULL) STRICT";

/** Raises it to `at_least`, and says how high it is. */
export function raiseHighest(sql: SqlStorage, at_least: number): number {
  sql.exec(TABLE);
  const [row] = sql.exec<{ number: number }>("SELECT number FROM highest");
  if (row === undefined) sql.exec("INSERT INTO highest VALUES (?)", at_least);
  else if (row.number < at_least) sql.exec("UPDATE highest SET number = ?", at_least);
  return Math.max(row?.number ?? 0, at_least);
}
