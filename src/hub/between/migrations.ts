/**
 * Brings tables that an earlier version wrote up to date, and refuses those of a later one. A layout
 * is known by its columns: four of them call themselves version 1.
 */

/** A column that a later version added, and the statement that adds it to rows from before. */
export interface AddedColumn {
  readonly name: string;
  readonly statement: string;
}

export interface TableLayout {
  readonly table: string;
  /** Columns that the table always had. */
  readonly first: readonly string[];
  /** In the order in which they came. */
  readonly added: readonly AddedColumn[];
}

/** What is stored is not what this version can read; nothing was written. */
export class UnknownLayout extends Error {
  override readonly name = "UnknownLayout";
}

/** Whether a channel's or index's tables were ever made. */
export function hasTable(sql: SqlStorage, table: string): boolean {
  return sql.exec("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?", table).toArray().length > 0;
}

/**
 * Adds what is missing, all or nothing; `finish` runs with it.
 * @throws UnknownLayout where a table has columns that nobody here knows, or lacks one it always had
 */
export function migrate(storage: DurableObjectStorage, layouts: readonly TableLayout[], finish?: () => void): void {
  const missing = layouts.flatMap((layout) => missingColumns(layout, columnsOf(storage.sql, layout.table)));
  if (missing.length === 0 && finish === undefined) return;
  storage.transactionSync(() => {
    for (const statement of missing) storage.sql.exec(statement);
    finish?.();
  });
}

function columnsOf(sql: SqlStorage, table: string): readonly string[] {
  return sql
    .exec<{ name: string }>("SELECT name FROM pragma_table_info(?)", table)
    .toArray()
    .map(({ name }) => name);
}

/** The statements that add what a table lacks. */
export function missingColumns({ table, first, added }: TableLayout, present: readonly string[]): readonly string[] {
  const known = new Set([...first, ...added.map(({ name }) => name)]);
  const stranger = present.find((name) => !known.has(name));
  if (stranger !== undefined) {
    throw new UnknownLayout(`the stored table ${table} has a column ${stranger}, which this version does not know`);
  }
  const lost = first.find((name) => !present.includes(name));
  if (lost !== undefined) throw new UnknownLayout(`the stored table ${table} has no column ${lost}`);
  return added.filter(({ name }) => !present.includes(name)).map(({ statement }) => statement);
}
