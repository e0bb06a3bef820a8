/** The index's table of channels: as it is made, and as earlier versions made it. */
import { ADDED_TO_RECORD, FIRST_OF_RECORD, RECORD_TABLE } from "../between/record-row.ts";
import type { TableLayout } from "../between/migrations.ts";

export const TABLE: string = `
  CREATE TABLE channel (
    number INTEGER PRIMARY KEY, ${RECORD_TABLE}, idempotency_key TEXT NOT NULL,
    state TEXT NOT NULL, dirty INTEGER NOT NULL, change INTEGER NOT NULL, summary TEXT NOT NULL,
    renewed_from TEXT NOT NULL DEFAULT '',
    more_keys TEXT,
    used TEXT,
    deleted_at INTEGER
  ) STRICT`;

/** At most one row, made when the owner first says that state was restored (IDX5). */
export const RESTORED = "CREATE TABLE IF NOT EXISTS restored (generation TEXT NOT NULL) STRICT";

/** Nothing of a deleted channel is kept but its number. */
export const NAMELESS = "name = '', created_by = '', creator_name = '', creator_kind = NULL, creator_verified = 0";

export const LAYOUT: TableLayout = {
  table: "channel",
  first: [...FIRST_OF_RECORD, "idempotency_key", "state", "dirty", "change", "summary"],
  added: [
    ...ADDED_TO_RECORD,
    { name: "renewed_from", statement: "ALTER TABLE channel ADD COLUMN renewed_from TEXT NOT NULL DEFAULT ''" },
    { name: "more_keys", statement: "ALTER TABLE channel ADD COLUMN more_keys TEXT" },
    { name: "used", statement: "ALTER TABLE channel ADD COLUMN used TEXT" },
    {
      name: "deleted_at",
      statement: `ALTER TABLE channel ADD COLUMN deleted_at INTEGER;
        UPDATE channel SET deleted_at = 0, ${NAMELESS} WHERE state != 'live'`,
    },
  ],
};
