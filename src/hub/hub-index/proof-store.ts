/**
 * The index's memory of who is proven (IDN5), in two tables: keys that were ever proven, and the
 * channels in which a key is merely claimed, which must hear of it when it is proven. A key costs
 * one row when it is first met; a message none.
 */
/** In the order in which they were last found in use; `number` is a channel that knows the key as proven. */
const PROVEN = `
  CREATE TABLE IF NOT EXISTS proven (
    id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, number INTEGER NOT NULL
  ) STRICT`;
const CLAIM = `
  CREATE TABLE IF NOT EXISTS claim (
    key TEXT NOT NULL, number INTEGER NOT NULL, PRIMARY KEY (key, number)
  ) STRICT, WITHOUT ROWID`;

export interface Claimed {
  readonly key: string;
  readonly number: number;
}

export class ProofStore {
  readonly #storage: SqlStorage;
  #isMade = false;
  /** Kept in step with the table; counted once a wake. */
  #proven: number | undefined;

  constructor(sql: SqlStorage) {
    this.#storage = sql;
  }

  get #sql(): SqlStorage {
    if (!this.#isMade) {
      this.#storage.exec(PROVEN);
      this.#storage.exec(CLAIM);
    }
    this.#isMade = true;
    return this.#storage;
  }

  /** How many keys are remembered as proven. */
  get size(): number {
    return (this.#proven ??= this.#sql.exec<{ count: number }>("SELECT count(*) AS count FROM proven").one().count);
  }

  isProven(key: string): boolean {
    return this.#sql.exec("SELECT 1 FROM proven WHERE key = ?", key).toArray().length > 0;
  }

  prove(key: string, number: number): void {
    const size = this.size;
    this.#sql.exec("INSERT INTO proven (key, number) VALUES (?, ?)", key, number);
    this.#proven = size + 1;
  }

  /** A channel knows a key that was proven where none was yet. */
  foundIn(key: string, number: number): void {
    this.#sql.exec("UPDATE proven SET number = ? WHERE key = ? AND number = 0", number, key);
  }

  oldest(): Claimed | undefined {
    const [row] = this.#sql.exec<Row>("SELECT key, number FROM proven ORDER BY id LIMIT 1");
    return row;
  }

  forget(key: string): void {
    this.#sql.exec("DELETE FROM proven WHERE key = ?", key);
    this.#proven = undefined;
  }

  claim(key: string, number: number): void {
    this.#sql.exec("INSERT OR IGNORE INTO claim VALUES (?, ?)", key, number);
  }

  /** Nothing is claimed there any more, or it was told. */
  unclaim(key: string, number: number): void {
    this.#sql.exec("DELETE FROM claim WHERE key = ? AND number = ?", key, number);
  }

  /** A channel that is gone needs to be told of nothing. */
  unclaimAll(number: number): void {
    this.#sql.exec("DELETE FROM claim WHERE number = ?", number);
  }

  /** Channels that were not told yet of the proof of a key that is claimed in them. */
  untoldOf(key: string, most: number): Claimed[] {
    return this.#sql.exec<Row>("SELECT key, number FROM claim WHERE key = ? LIMIT ?", key, most).toArray();
  }

  /** The same, of any proven key. */
  untold(most: number): Claimed[] {
    const query = "SELECT claim.key AS key, claim.number AS number FROM claim JOIN proven USING (key) LIMIT ?";
    return this.#sql.exec<Row>(query, most).toArray();
  }
}

type Row = { key: string; number: number };
