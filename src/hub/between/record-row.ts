/**
 * A channel's record in SQLite: the index's table and the channel's own have the same columns of it.
 * A new field of `ChannelRecord` is a line in `COLUMNS`, one in `ADDED_TO_RECORD`, and what it is when it is read.
 */
import type { ChannelRecord } from "../../channel/index.ts";
import type { Kind } from "../../protocol/index.ts";
import type { AddedColumn } from "./migrations.ts";

/** Every field but the number, which is the key of the index's table. */
const COLUMNS = {
  name: "TEXT NOT NULL",
  created_by: "TEXT NOT NULL",
  creator_name: "TEXT NOT NULL",
  creator_kind: "TEXT",
  creator_verified: "INTEGER NOT NULL DEFAULT 0",
  created_at: "INTEGER NOT NULL",
  epoch: "TEXT NOT NULL",
} as const satisfies Readonly<Record<Exclude<keyof ChannelRecord, "number">, string>>;

const FIELDS = ["number", ...(Object.keys(COLUMNS) as (keyof typeof COLUMNS)[])] as const;

/** Columns of the record that tables of before may lack. */
export const ADDED_TO_RECORD: readonly AddedColumn[] = [
  {
    name: "creator_verified",
    statement: "ALTER TABLE channel ADD COLUMN creator_verified INTEGER NOT NULL DEFAULT 0",
  },
];

/** Columns of the record that every table ever had. */
export const FIRST_OF_RECORD: readonly string[] = FIELDS.filter(
  (field) => !ADDED_TO_RECORD.some(({ name }) => name === field),
);

/** For CREATE TABLE, behind `number`. */
export const RECORD_TABLE: string = Object.entries(COLUMNS)
  .map(([field, type]) => `${field} ${type}`)
  .join(", ");

/** For INSERT: the names, and as many question marks. */
export const RECORD_NAMES: string = FIELDS.join(", ");
export const RECORD_MARKS: string = FIELDS.map(() => "?").join(", ");

/** A row that holds a record among other things. */
export type RecordRow = {
  number: number;
  name: string;
  created_by: string;
  creator_name: string;
  creator_kind: string | null;
  creator_verified: number;
  created_at: number;
  epoch: string;
};

/** In the order of `RECORD_NAMES`. */
export function recordValues(record: ChannelRecord): (string | number | null)[] {
  const row = { ...record, creator_verified: record.creator_verified === true ? 1 : 0 };
  return FIELDS.map((field) => row[field] ?? null);
}

export function recordOf(row: RecordRow): ChannelRecord {
  const { number, name, created_by, creator_name, creator_kind, creator_verified, created_at, epoch } = row;
  return {
    ...{ number, name, created_by, creator_name, created_at, epoch },
    ...(creator_kind !== null && { creator_kind: creator_kind as Kind }),
    ...(creator_verified === 1 && { creator_verified: true }),
  };
}
