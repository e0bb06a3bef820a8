/**
 * A channel in SQLite: its record, its participants and its log. Only the tables' shapes and the
 * statements stand here; what to write is decided in `src/channel`.
 *
 * Rows written are the owner's bill, so: no secondary index, no counter row, no AUTOINCREMENT, and
 * the log overwrites its oldest row instead of deleting it.
 */
import {
  type ChannelRecord,
  type ChannelState,
  createChannel,
  markSaved,
  type Participant,
  restoreChannel,
  type TakenNonce,
} from "../../channel/index.ts";
import type { Kind } from "../../protocol/index.ts";
import type { Meter } from "../between/meter.ts";
import { hasTable, migrate, type TableLayout, UnknownLayout } from "../between/migrations.ts";
import {
  ADDED_TO_RECORD,
  FIRST_OF_RECORD,
  RECORD_MARKS,
  RECORD_NAMES,
  RECORD_TABLE,
  recordOf,
  type RecordRow,
  recordValues,
} from "../between/record-row.ts";
import type { Stored } from "../between/registration.ts";
import { SqlLog, type Write } from "./sql-log.ts";

/** In the column `paused`: 0 is no, 1 by the creator. */
const BY_ADMIN = 2;

/** Version of the tables below, stored with the channel. */
const SCHEMA = 6;

const TABLES = `
  CREATE TABLE channel (
    id INTEGER PRIMARY KEY CHECK (id = 1), schema INTEGER NOT NULL,
    number INTEGER NOT NULL, ${RECORD_TABLE},
    dirty INTEGER NOT NULL, change INTEGER NOT NULL, paused INTEGER NOT NULL, guard_reset_seq INTEGER NOT NULL,
    generation TEXT NOT NULL DEFAULT ''
  ) STRICT;
  CREATE TABLE participant (
    key TEXT PRIMARY KEY, name TEXT NOT NULL, kind TEXT, member INTEGER NOT NULL, verified INTEGER NOT NULL,
    read_seq INTEGER NOT NULL, seen_at INTEGER NOT NULL, kicked_until INTEGER NOT NULL, nonces TEXT,
    joined_seq INTEGER NOT NULL DEFAULT 0, named_order INTEGER NOT NULL DEFAULT 0
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE log (
    seq INTEGER PRIMARY KEY, count INTEGER NOT NULL, ts INTEGER NOT NULL, bytes INTEGER NOT NULL,
    total INTEGER NOT NULL, sends TEXT NOT NULL, body TEXT NOT NULL, used TEXT NOT NULL DEFAULT ''
  ) STRICT;`;

/** The tables as they were first, and what came since. Those who had joined before `joined_seq` stand first, by key. */
const LAYOUTS: readonly TableLayout[] = [
  {
    table: "channel",
    first: ["id", "schema", ...FIRST_OF_RECORD, "dirty", "change"],
    added: [
      { name: "paused", statement: "ALTER TABLE channel ADD COLUMN paused INTEGER NOT NULL DEFAULT 0" },
      {
        name: "guard_reset_seq",
        statement: "ALTER TABLE channel ADD COLUMN guard_reset_seq INTEGER NOT NULL DEFAULT 0",
      },
      { name: "generation", statement: "ALTER TABLE channel ADD COLUMN generation TEXT NOT NULL DEFAULT ''" },
      ...ADDED_TO_RECORD,
    ],
  },
  {
    table: "participant",
    first: ["key", "name", "kind", "member", "verified", "read_seq", "seen_at"],
    added: [
      { name: "kicked_until", statement: "ALTER TABLE participant ADD COLUMN kicked_until INTEGER NOT NULL DEFAULT 0" },
      { name: "nonces", statement: "ALTER TABLE participant ADD COLUMN nonces TEXT" },
      { name: "joined_seq", statement: "ALTER TABLE participant ADD COLUMN joined_seq INTEGER NOT NULL DEFAULT 0" },
      { name: "named_order", statement: "ALTER TABLE participant ADD COLUMN named_order INTEGER NOT NULL DEFAULT 0" },
    ],
  },
  {
    table: "log",
    first: ["seq", "count", "ts", "bytes", "total", "sends", "body"],
    added: [{ name: "used", statement: "ALTER TABLE log ADD COLUMN used TEXT NOT NULL DEFAULT ''" }],
  },
];

/** Nothing was announced yet, and nothing restored. */
const NEW = { generation: "", change: 0 };

/** The channel's side of the clean/dirty mark (IDX3). */
export interface Mark {
  /** True: the index knows that its summary of this channel is out of date. */
  readonly dirty: boolean;
  /** Counts the turns from clean to dirty. */
  readonly change: number;
}

export class ChannelStore {
  readonly log: SqlLog;
  readonly meter: Meter;
  readonly #storage: DurableObjectStorage;

  constructor(storage: DurableObjectStorage, meter: Meter) {
    this.#storage = storage;
    this.meter = meter;
    this.log = new SqlLog(storage.sql);
  }

  /** The channel as stored, or undefined where none was ever made: then nothing is written either. */
  load(): { readonly state: ChannelState; readonly mark: Mark } | undefined {
    const { sql } = this.#storage;
    if (!hasTable(sql, "channel")) return undefined;
    this.#migrate();
    const row = sql.exec<ChannelRow>("SELECT * FROM channel").one();
    const head = this.log.head() ?? { last_seq: 0, last_ts: 0 };
    this.meter.restore(this.log.used);
    const rows = sql.exec<ParticipantRow>("SELECT * FROM participant ORDER BY joined_seq, key").toArray();
    const participants = rows.map(participantOf);
    const mark = { dirty: row.dirty === 1, change: row.change };
    const { guard_reset_seq } = row;
    const settings = { paused: row.paused > 0, paused_by_admin: row.paused === BY_ADMIN, guard_reset_seq };
    return { state: restoreChannel(recordOf(row), head, participants, settings), mark };
  }

  /** What the index is compared with (IDX5); only where there is a channel. */
  registration(): Stored {
    return this.#storage.sql.exec<Stored & Row>("SELECT epoch, change, generation FROM channel").one();
  }

  /** Takes over what the index knows: positions of before are of another epoch then. */
  adopt({ epoch, change, generation }: Stored): void {
    // Clean, so that the first change in the new epoch is announced: by that its copies of before are known.
    const query = "UPDATE channel SET epoch = ?, dirty = 0, change = max(change, ?), generation = ?";
    this.#run([[query, epoch, change, generation]]);
    // A pass may have ended since the copy, so each is met anew (ACC3).
    if (hasTable(this.#storage.sql, "pass")) this.#storage.sql.exec("DELETE FROM pass");
  }

  /** Makes the tables and the channel's first message from the index's record (IDX2). */
  create(record: ChannelRecord, { generation, change }: Omit<Stored, "epoch"> = NEW): ChannelState {
    const state = createChannel(record);
    this.#storage.transactionSync(() => {
      this.#storage.sql.exec(TABLES);
      this.#storage.sql.exec(
        `INSERT INTO channel (id, schema, ${RECORD_NAMES}, dirty, change, paused, guard_reset_seq, generation)
          VALUES (1, ?, ${RECORD_MARKS}, 0, ?, 0, 0, ?)`,
        ...[SCHEMA, ...recordValues(record), change, generation],
      );
      this.#run(this.#writes(state, undefined, record.created_at));
    });
    markSaved(state);
    return state;
  }

  /** Stores what a turn decided, and the mark if it changed, all or nothing. */
  save(state: ChannelState, mark: Mark | undefined, now: number): void {
    try {
      const writes = this.#writes(state, mark, now);
      // One statement is all or nothing by itself; a savepoint around it would double its cost.
      if (writes.length === 1) this.#run(writes);
      else if (writes.length > 1) this.#storage.transactionSync(() => this.#run(writes));
    } catch (error) {
      this.log.forget();
      throw error;
    }
    markSaved(state);
  }

  #migrate(): void {
    const { schema } = this.#storage.sql.exec<{ schema: number }>("SELECT schema FROM channel").one();
    if (schema > SCHEMA) throw new UnknownLayout(newerSchema(schema));
    if (schema < SCHEMA) migrate(this.#storage, LAYOUTS, () => this.#run([["UPDATE channel SET schema = ?", SCHEMA]]));
  }

  #run(writes: readonly Write[]): void {
    for (const [query, ...values] of writes) this.#storage.sql.exec(query, ...values);
  }

  #writes(state: ChannelState, mark: Mark | undefined, now: number): Write[] {
    const { entries, participants, settings } = state.unsaved;
    const writes: Write[] = [];
    if (mark !== undefined) writes.push(["UPDATE channel SET dirty = ?, change = ?", mark.dirty ? 1 : 0, mark.change]);
    if (settings) {
      const { paused, paused_by_admin, guard_reset_seq } = state.settings;
      const by = paused_by_admin ? BY_ADMIN : Number(paused);
      writes.push(["UPDATE channel SET paused = ?, guard_reset_seq = ?", by, guard_reset_seq]);
    }
    for (const key of participants) writes.push(writeParticipant(key, state.participants.get(key)));
    if (entries.length === 0) return writes;
    this.meter.add("messages", entries.length);
    return [...writes, ...this.log.writes(entries, now, (rows) => this.meter.encode(writes.length + rows))];
  }
}

function newerSchema(schema: number): string {
  return `the channel was stored by a newer version of the hub (schema ${schema}; this one knows ${SCHEMA}); deploy that version again`;
}

/** By name: tables that were brought up to date have their columns in another order. */
const WRITE_PARTICIPANT = `INSERT OR REPLACE INTO participant (key, name, kind, member, verified, read_seq, seen_at,
  kicked_until, nonces, joined_seq, named_order) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;

function writeParticipant(key: string, participant: Participant | undefined): Write {
  if (participant === undefined) return ["DELETE FROM participant WHERE key = ?", key];
  const { name, kind, member, verified, read_seq, seen_at, kicked_until = 0, nonces, joined_seq } = participant;
  const taken = nonces === undefined ? null : JSON.stringify(nonces);
  return [
    WRITE_PARTICIPANT,
    ...[key, name, kind ?? null, member ? 1 : 0, verified ? 1 : 0, read_seq, seen_at, kicked_until, taken, joined_seq],
    participant.named_order ?? 0,
  ];
}

type Row = Record<string, SqlStorageValue>;

type ChannelRow = RecordRow & {
  schema: number;
  dirty: number;
  change: number;
  paused: number;
  guard_reset_seq: number;
};

type ParticipantRow = {
  key: string;
  name: string;
  kind: string | null;
  member: number;
  verified: number;
  read_seq: number;
  seen_at: number;
  kicked_until: number;
  nonces: string | null;
  joined_seq: number;
  named_order: number;
};

function participantOf(row: ParticipantRow): Participant {
  const { kind, member, verified, nonces, ...rest } = row;
  return {
    ...rest,
    member: member === 1,
    verified: verified === 1,
    ...(kind !== null && { kind: kind as Kind }),
    ...(nonces !== null && { nonces: JSON.parse(nonces) as readonly TakenNonce[] }),
  };
}
