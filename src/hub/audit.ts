/**
 * Who administered what: each act of moderation, deletion and mending, by the hub key that admitted
 * it, kept by the index for the hub's admins. Bounded; the oldest go. Never a text, a name or a secret.
 */
import type { Act, AuditEntry } from "./index-calls.ts";
import { hasTable } from "./migrations.ts";

/** Acts that are kept. */
const KEPT = 1000;

const TABLE = `CREATE TABLE IF NOT EXISTS audit (
  id INTEGER PRIMARY KEY, at INTEGER NOT NULL, request_id TEXT NOT NULL, kid TEXT NOT NULL, agent TEXT,
  act TEXT NOT NULL, channel_id TEXT, target TEXT
) STRICT`;

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

  add({ at, request_id, kid, agent, act, channel_id, target }: AuditEntry): void {
    this.#sql.exec(TABLE);
    this.#sql.exec(
      "INSERT INTO audit (at, request_id, kid, agent, act, channel_id, target) VALUES (?, ?, ?, ?, ?, ?, ?)",
      ...[Date.parse(at), request_id, kid, agent ?? null, act, channel_id ?? null, target ?? null],
    );
    this.#sql.exec("DELETE FROM audit WHERE id <= (SELECT max(id) FROM audit) - ?", KEPT);
  }

  /** Newest first. */
  newest(limit: number): readonly AuditEntry[] {
    if (!hasTable(this.#sql, "audit")) return [];
    const rows = this.#sql.exec<AuditRow>("SELECT * FROM audit ORDER BY id DESC LIMIT ?", limit);
    return rows.toArray().map(entryOf);
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
