/**
 * Who administered what: each act of moderation, deletion and mending, by the hub key that admitted
 * it, kept by the index for the hub's admins. Bounded; the oldest go, those of admins and those of
 * channels' creators apart: who moderates its own channel cannot push out what an admin did. Never a
 * text, a name or a secret.
 */
import type { Act, AuditEntry } from "../between/index-calls.ts";
import { hasTable } from "../between/migrations.ts";

/** Acts that are kept of admins, and as many of others. */
const KEPT = 1000;

const COLUMNS = `id INTEGER PRIMARY KEY, at INTEGER NOT NULL, request_id TEXT NOT NULL, kid TEXT NOT NULL, agent TEXT,
  act TEXT NOT NULL, channel_id TEXT, target TEXT`;
const INTO = "(at, request_id, kid, agent, act, channel_id, target) VALUES (?, ?, ?, ?, ?, ?, ?)";

type AuditRow = {
  at: number;
  request_id: string;
  kid: string;
  agent: string | null;
  act: Act;
  channel_id: string | null;
  target: string | null;
};

export class AuditTrail {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  add({ at, request_id, kid, agent, act, channel_id, target }: AuditEntry, isAdmin: boolean): void {
    const make = isAdmin
      ? `CREATE TABLE IF NOT EXISTS audit (${COLUMNS}) STRICT`
      : `CREATE TABLE IF NOT EXISTS audit_others (${COLUMNS}) STRICT`;
    const insert = isAdmin ? `INSERT INTO audit ${INTO}` : `INSERT INTO audit_others ${INTO}`;
    const cut = isAdmin
      ? "DELETE FROM audit WHERE id <= (SELECT max(id) FROM audit) - ?"
      : "DELETE FROM audit_others WHERE id <= (SELECT max(id) FROM audit_others) - ?";
    this.#sql.exec(make);
    this.#sql.exec(
      insert,
      ...[Date.parse(at), request_id, kid, agent ?? null, act, channel_id ?? null, target ?? null],
    );
    this.#sql.exec(cut, KEPT);
  }

  /** Newest first. */
  newest(limit: number): readonly AuditEntry[] {
    const acts = [...this.#rows("audit", limit), ...this.#rows("audit_others", limit)];
    return acts
      .toSorted((a, b) => b.at - a.at)
      .slice(0, limit)
      .map(entryOf);
  }

  #rows(table: "audit" | "audit_others", limit: number): AuditRow[] {
    if (!hasTable(this.#sql, table)) return [];
    if (table === "audit")
      return this.#sql.exec<AuditRow>("SELECT * FROM audit ORDER BY id DESC LIMIT ?", limit).toArray();
    return this.#sql.exec<AuditRow>("SELECT * FROM audit_others ORDER BY id DESC LIMIT ?", limit).toArray();
  }
}

function entryOf({ at, request_id, kid, agent, act, channel_id, target }: AuditRow): AuditEntry {
  return {
    ...{ at: new Date(at).toISOString(), request_id, kid, act },
    ...(agent !== null && { agent }),
    ...(channel_id !== null && { channel_id }),
    ...(target !== null && { target }),
  };
}
