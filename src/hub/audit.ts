/**
 * Who administered what: each act of moderation, deletion and mending, by the hub key that admitted
 * it, kept by the index for the hub's admins. Bounded; the oldest go. Never a text, a name or a secret.
 */
import { ok } from "../protocol/index.ts";
import { callIndex, unclear } from "./calls.ts";
import type { HubContext } from "./env.ts";
import { hasTable } from "./migrations.ts";

/** Acts that are kept. */
const KEPT = 1000;

const TABLE = `CREATE TABLE IF NOT EXISTS audit (
  id INTEGER PRIMARY KEY, at INTEGER NOT NULL, request_id TEXT NOT NULL, kid TEXT NOT NULL, agent TEXT,
  act TEXT NOT NULL, channel_id TEXT, target TEXT
) STRICT`;

export type Act = "kick" | "pause" | "resume" | "guard_reset" | "delete" | "fsck" | "restored";

export interface AuditEntry {
  /** ISO 8601. */
  readonly at: string;
  readonly request_id: string;
  /** Of the hub key. */
  readonly kid: string;
  /** The agent key that it spoke for; absent: none. */
  readonly agent?: string;
  readonly act: Act;
  readonly channel_id?: string;
  /** As it was named. */
  readonly target?: string;
}

type AuditRow = {
  at: number;
  request_id: string;
  kid: string;
  agent: string | null;
  act: Act;
  channel_id: string | null;
  target: string | null;
};

/** In the index's object. */
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

/** In the Worker, once the act is done. That it could not be noted undoes nothing; the log has it then. */
export async function noteAct(c: HubContext, act: Act, of: Pick<AuditEntry, "channel_id" | "target">): Promise<void> {
  const agent = c.get("agent");
  const entry: AuditEntry = {
    ...{ at: new Date().toISOString(), request_id: c.var.request_id, kid: c.var.admission.key.kid, act, ...of },
    ...(agent !== undefined && { agent }),
  };
  await callIndex(
    c.env,
    async (index) => {
      await index.noteAct(entry);
      return ok(true);
    },
    unclear("the log has it", false),
  );
}
