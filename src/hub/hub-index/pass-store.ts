/**
 * The index's tables of passes (ACC2, ACC3), made with the first of them: the secret that signs them,
 * the passes themselves but their text, the channels where each was let in, and those that must still
 * be told that one ended. A pass costs a row when it is made and one
 * for each channel that lets it in; a message none.
 */
import { type KeptPass, passNumber, type PassesQuery } from "../../protocol/index.ts";
import type { Bytes } from "../between/bytes.ts";
import { hasTable } from "../between/migrations.ts";

/** One row. Every pass with a number below `alive` has ended; `next` is the number of the next. */
const AUTHORITY = `CREATE TABLE IF NOT EXISTS pass_authority
  (secret BLOB NOT NULL, alive INTEGER NOT NULL, next INTEGER NOT NULL) STRICT`;
const PASS = `CREATE TABLE IF NOT EXISTS pass
  (number INTEGER PRIMARY KEY, kept TEXT NOT NULL, exp INTEGER, revoked INTEGER NOT NULL DEFAULT 0) STRICT`;
/** Which passes name a channel, for those who list them by it. */
const NAMED = `CREATE TABLE IF NOT EXISTS pass_named
  (channel INTEGER NOT NULL, pass INTEGER NOT NULL, PRIMARY KEY (channel, pass)) STRICT, WITHOUT ROWID`;
const PLACE = `CREATE TABLE IF NOT EXISTS pass_place
  (pass INTEGER NOT NULL, channel INTEGER NOT NULL, PRIMARY KEY (pass, channel)) STRICT, WITHOUT ROWID`;
/** `pass` 0: all below `alive`. */
const DUE = `CREATE TABLE IF NOT EXISTS pass_due
  (pass INTEGER NOT NULL, channel INTEGER NOT NULL, PRIMARY KEY (pass, channel)) STRICT, WITHOUT ROWID`;

/** Places of ended passes that each new place takes away. */
const SWEPT = 2;

export interface Authority {
  readonly secret: Bytes;
  /** The lowest number of a pass that may still count. */
  readonly alive: number;
  /** The number of the next pass. */
  readonly next: number;
}

/** A channel that must hear that a pass ended; of several at once, without one. */
export interface Due {
  readonly pass: number;
  readonly channel: number;
}

export class PassStore {
  readonly #storage: SqlStorage;
  #isMade: boolean | undefined;
  /** Kept in step with the table; counted once a wake. */
  #count: number | undefined;

  constructor(sql: SqlStorage) {
    this.#storage = sql;
  }

  /** Whether there was ever a pass; looking makes no table. */
  get isUsed(): boolean {
    return (this.#isMade ??= hasTable(this.#storage, "pass_authority"));
  }

  authority(): Authority | undefined {
    if (!this.isUsed) return undefined;
    const [row] = this.#storage.exec<AuthorityRow>("SELECT secret, alive, next FROM pass_authority");
    return row === undefined ? undefined : { ...row, secret: new Uint8Array(row.secret) };
  }

  /** Makes what is needed for the first pass. */
  begin(secret: Bytes): Authority {
    this.#storage.exec(AUTHORITY);
    this.#storage.exec(PASS);
    this.#storage.exec(NAMED);
    this.#storage.exec(PLACE);
    this.#storage.exec(DUE);
    this.#storage.exec("INSERT INTO pass_authority VALUES (?, 1, 1)", secret);
    this.#isMade = true;
    return { secret, alive: 1, next: 1 };
  }

  /** How many are kept. */
  get size(): number {
    return (this.#count ??= this.#storage.exec<{ count: number }>("SELECT count(*) AS count FROM pass").one().count);
  }

  add(pass: KeptPass): void {
    const number = passNumber(pass.id);
    const size = this.size;
    this.#storage.exec("UPDATE pass_authority SET next = ?", number + 1);
    this.#storage.exec(
      "INSERT INTO pass (number, kept, exp) VALUES (?, ?, ?)",
      ...[number, JSON.stringify(pass), pass.exp ?? null],
    );
    for (const id of pass.channels ?? [])
      this.#storage.exec("INSERT INTO pass_named VALUES (?, ?)", numberOfChannel(id), number);
    this.#count = size + 1;
  }

  get(id: string): KeptPass | undefined {
    if (!this.isUsed) return undefined;
    const [row] = this.#storage.exec<Row>("SELECT number, kept, revoked FROM pass WHERE number = ?", passNumber(id));
    const kept = row === undefined ? undefined : keptOf(row);
    return kept?.id === id ? kept : undefined;
  }

  /** In the order in which they were made. */
  page({ cursor, limit, channel_id }: PassesQuery): Page {
    if (!this.isUsed) return { passes: [] };
    const query =
      channel_id === undefined
        ? "SELECT number, kept, revoked FROM pass WHERE number > ?1 ORDER BY number LIMIT ?2"
        : `SELECT number, kept, revoked FROM pass WHERE number IN
            (SELECT pass FROM pass_named WHERE channel = ?3 AND pass > ?1 ORDER BY pass LIMIT ?2) ORDER BY number`;
    const named = channel_id === undefined ? [] : [numberOfChannel(channel_id)];
    const found = this.#storage.exec<Row>(query, cursor, limit + 1, ...named).toArray();
    const shown = found.slice(0, limit);
    const last = shown.at(-1);
    const passes = shown.map(keptOf);
    return found.length > limit && last !== undefined ? { passes, next_cursor: last.number } : { passes };
  }

  /** The pass is used in that channel from now on. */
  place(id: string, channel: number, alive: number): void {
    this.#storage.exec("INSERT OR IGNORE INTO pass_place VALUES (?, ?)", passNumber(id), channel);
    this.#storage.exec(
      `DELETE FROM pass_place WHERE (pass, channel) IN (SELECT pass, channel FROM pass_place WHERE pass < ? LIMIT ${SWEPT})`,
      alive,
    );
  }

  /** Ends one pass; where it was let in must hear of it. */
  revoke(id: string): void {
    const number = passNumber(id);
    this.#storage.exec("UPDATE pass SET revoked = 1 WHERE number = ?", number);
    this.#storage.exec("INSERT OR IGNORE INTO pass_due SELECT pass, channel FROM pass_place WHERE pass = ?", number);
    this.#storage.exec("DELETE FROM pass_place WHERE pass = ?", number);
  }

  /** Ends every pass of before, at the price of a row for each channel that let one in. */
  revokeAll(): void {
    this.#storage.exec("UPDATE pass_authority SET alive = next");
    this.#storage.exec("INSERT OR IGNORE INTO pass_due SELECT DISTINCT 0, channel FROM pass_place");
  }

  due(most: number): Due[] {
    return this.isUsed ? this.#storage.exec<DueRow>("SELECT pass, channel FROM pass_due LIMIT ?", most).toArray() : [];
  }

  dueCount(): number {
    if (!this.isUsed) return 0;
    return this.#storage.exec<{ count: number }>("SELECT count(*) AS count FROM pass_due").one().count;
  }

  /** The channel knows. */
  told({ pass, channel }: Due): void {
    this.#storage.exec("DELETE FROM pass_due WHERE pass = ? AND channel = ?", pass, channel);
  }

  /** Of a channel that is gone. */
  forgetChannel(channel: number): void {
    if (!this.isUsed) return;
    this.#storage.exec("DELETE FROM pass_due WHERE channel = ?", channel);
  }

  /** Takes away passes that ended, oldest first, to make room. `now` in Unix seconds. */
  forgetEnded(now: number, alive: number, most: number): void {
    this.#storage.exec(
      `DELETE FROM pass WHERE number IN
        (SELECT number FROM pass WHERE number < ?1 OR revoked = 1 OR exp <= ?2 ORDER BY number LIMIT ?3)`,
      ...[alive, now, most],
    );
    this.#count = undefined;
  }
}

export interface Page {
  readonly passes: readonly KeptPass[];
  readonly next_cursor?: number;
}

type Row = { number: number; kept: string; revoked: number };
type AuthorityRow = { secret: ArrayBuffer; alive: number; next: number };
type DueRow = { pass: number; channel: number };

function keptOf({ kept, revoked }: Row): KeptPass {
  const pass = JSON.parse(kept) as KeptPass;
  return revoked === 1 ? { ...pass, revoked: true } : pass;
}

function numberOfChannel(id: string): number {
  return Number(id.slice("ch-".length));
}
