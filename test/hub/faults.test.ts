/**
 * Storage that fails at every statement a command makes, one after the other: each time the command
 * is refused, nothing has changed on disk or in memory, and afterwards it works.
 */
import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, expect, test, vi } from "vitest";
import type { Caller } from "../../src/channel/index.ts";
import { Channel, HubIndex } from "../../src/hub/index.ts";
import type { Change } from "../../src/protocol/index.ts";
import { channelStub, createChannel, history, indexStub, type Json, send } from "./support/hub.ts";

/** More than any command makes. */
const STATEMENTS_MOST = 60;
/** In which a channel refuses changes after a failed write, and a bit. */
const PAUSE_MS = 6000;

afterEach(() => void vi.useRealTimers());

/** Makes the nth statement from now on fail; gives how many were made, and mends it. */
function breakStatement(sql: SqlStorage, nth: number): () => number {
  const exec = sql.exec.bind(sql);
  let made = 0;
  sql.exec = ((query: string, ...values: unknown[]) => {
    if (++made === nth) throw new Error("disk I/O error");
    return exec(query, ...values);
  }) as typeof sql.exec;
  return () => {
    sql.exec = exec;
    return made;
  };
}

/** Everything an object has stored. */
function dump(sql: SqlStorage): string {
  const tables = sql.exec<{ name: string }>(
    "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_%' ESCAPE '\\'",
  );
  const names = tables.toArray().map(({ name }) => name);
  return JSON.stringify(names.map((name) => [name, sql.exec(`SELECT * FROM "${name}"`).toArray()]));
}

const ADMIN: Caller = { key: "admin", verified: false, admin: true };
const BRAVO: Caller = { key: "bravo", verified: false };

interface Case {
  readonly what: string;
  /** What a fresh object on a channel is asked. */
  readonly ask: (channel: Channel) => Promise<Json>;
  /** Statements it makes at least: the case must not test nothing. */
  readonly least: number;
  /** The object has read its storage before: of commands that come together, the first would find it shut and the others not. */
  readonly isAwake?: boolean;
  /** What may change all the same. */
  readonly but?: RegExp;
}

const change = (who: Caller, ...commands: Change[]) => {
  return async (channel: Channel): Promise<Json> => {
    const answers = await Promise.all(commands.map((command) => channel.command(who, command, {})));
    return answers.find((answer) => !answer.ok) ?? answers[0];
  };
};
const text = (client_msg_id: string): Change => ({ action: "send", text: "x", msg_type: "text", client_msg_id });

const CASES: readonly Case[] = [
  { what: "a send", ask: change(BRAVO, text("new")), least: 4 },
  { what: "a retry", ask: change(BRAVO, text("old")), least: 4 },
  {
    what: "a batch of 60 sends",
    // A read, which changes nothing here, opens the tick: a send would be a turn of its own.
    ask: change(BRAVO, { action: "read", seq: 0 }, ...Array.from({ length: 60 }, (_, nth) => text(`n-${nth}`))),
    least: 5,
    isAwake: true,
  },
  { what: "an answer", ask: change(BRAVO, { action: "send", text: "x", msg_type: "text", reply_to: 3 }), least: 4 },
  { what: "a join", ask: change({ key: "carol", verified: true }, { action: "join", name: "Carol" }), least: 5 },
  { what: "a leave", ask: change(BRAVO, { action: "leave" }), least: 5 },
  { what: "a read", ask: change(BRAVO, { action: "read", seq: 3 }), least: 4 },
  { what: "a kick", ask: change(ADMIN, { action: "kick", target: "bravo", minutes: 5 }), least: 5 },
  { what: "a pause", ask: change(ADMIN, { action: "pause" }), least: 5 },
  { what: "a guard reset", ask: change(ADMIN, { action: "guard_reset" }), least: 5 },
  {
    what: "a listen that moves the position",
    ask: (channel) => channel.listen({ caller: BRAVO, query: { after: 3, for: "all", limit: 10 } }),
    least: 5,
    // That everything before it is done with is the listener's own word, whatever comes of the answer.
    but: /"(read_seq|seen_at)":\d+/g,
  },
  { what: "a history", ask: (channel) => channel.history(BRAVO, { limit: 10, after: 0 }), least: 4 },
  { what: "the details", ask: (channel) => channel.details(BRAVO), least: 4 },
  { what: "a summary", ask: (channel) => channel.summary(9), least: 3 },
];

/** A channel with two participants and a ring that is about to lose its oldest row. */
async function filledChannel(): Promise<string> {
  const id = await createChannel();
  await history(id);
  await runInDurableObject(channelStub(id), async (_object, state) => {
    const unlimited = new Channel(state, { ...env, HUB_RATE_PER_SECOND: "0" });
    await unlimited.command(BRAVO, { action: "join" }, {});
    for (let row = 0; row < 20; row++)
      await Promise.all(
        Array.from({ length: 50 }, () => change(BRAVO, { action: "send", text: "x", msg_type: "text" })(unlimited)),
      );
  });
  await send(id, "bravo", "x", { client_msg_id: "old" });
  vi.setSystemTime(Date.now() + 60_000);
  return id;
}

test.each(CASES)(
  "[DUR4] $what is refused whole, whichever of its statements fails",
  async ({ ask, least, isAwake, but }) => {
    const id = await filledChannel();
    const essence = (sql: SqlStorage): string => (but === undefined ? dump(sql) : dump(sql).replaceAll(but, ""));
    const statements = await runInDurableObject(channelStub(id), async (_object, state) => {
      const { sql } = state.storage;
      for (let nth = 1; nth <= STATEMENTS_MOST; nth++) {
        const before = essence(sql);
        const fresh = new Channel(state, { ...env, HUB_RATE_PER_SECOND: "0" });
        if (isAwake) await fresh.history(BRAVO, { limit: 1 });
        const mend = breakStatement(sql, nth);
        const answer = await ask(fresh);
        const made = mend();
        if (made < nth) {
          expect(answer).toMatchObject({ ok: true });
          return made;
        }
        expect([nth, answer]).toMatchObject([nth, { ok: false, refusal: { code: "storage_unavailable" } }]);
        expect(essence(sql) === before, `a failing statement ${nth} left something behind`).toBe(true);
        // The object itself knows no more than its storage, and has lost nothing.
        const other = new Channel(state, env);
        expect(await fresh.history(BRAVO, { limit: 1000, after: 0 })).toEqual(
          await other.history(BRAVO, { limit: 1000, after: 0 }),
        );
      }
      throw new Error(`a command of more than ${STATEMENTS_MOST} statements`);
    });
    expect(statements).toBeGreaterThanOrEqual(least);
  },
);

test("[DUR4] [IDX2] a channel that could not be made is made by the next who asks, once", async () => {
  for (let nth = 1; ; nth++) {
    const id = await createChannel("fresh");
    const isOver = await runInDurableObject(channelStub(id), async (object: Channel, state) => {
      const mend = breakStatement(state.storage.sql, nth);
      const answer = await object.history(BRAVO, { limit: 10 });
      const made = mend();
      if (made < nth) return (expect(answer).toMatchObject({ ok: true, value: { count: 1 } }), nth > 5);
      expect([nth, answer]).toMatchObject([nth, { ok: false, refusal: { code: "storage_unavailable" } }]);
      // All of it is there or nothing: reading what was just made may fail too.
      expect(dump(state.storage.sql)).toMatch(/^\[\]$|Channel 'fresh' created by ALPHA/);
      return false;
    });
    vi.setSystemTime(Date.now() + PAUSE_MS);
    expect((await history(id)).messages).toMatchObject([{ seq: 1, text: "Channel 'fresh' created by ALPHA" }]);
    if (isOver) return;
  }
});

/** Asks a fresh index with each of its statements failing, until none does. `judge` gets what came of it. */
async function breakIndex(
  ask: (index: HubIndex) => Promise<Json>,
  judge: (outcome: Json, before: string, state: DurableObjectState) => Promise<void> | void,
): Promise<void> {
  await runInDurableObject(indexStub(), async (_object, state) => {
    const { sql } = state.storage;
    for (let nth = 1; nth <= STATEMENTS_MOST; nth++) {
      const before = dump(sql);
      const mend = breakStatement(sql, nth);
      const outcome = await ask(new HubIndex(state, env)).catch((error: unknown) => String(error));
      if (mend() < nth) return;
      await judge(outcome, before, state);
    }
    throw new Error(`a call of more than ${STATEMENTS_MOST} statements`);
  });
  // What this object remembered, others have changed.
  await evictDurableObject(indexStub());
}

// A fault of the index is a call that failed: the Worker answers it with a refusal.
const FAILED = "Error: disk I/O error";

test("[DUR4] [IDX2] the index stores a create or an announced change whole or not at all", async () => {
  const number = Number((await createChannel()).slice("ch-".length));
  const asks = [
    async (index: HubIndex) => index.create({ key: "alpha", verified: false }, { name: "new", key: "alpha" }, "key-1"),
    async (index: HubIndex) => index.dirty(number, 7),
  ];
  for (const ask of asks) {
    let failures = 0;
    await breakIndex(ask, (outcome, before, { storage }) => {
      expect([++failures, outcome, dump(storage.sql) === before]).toEqual([failures, FAILED, true]);
    });
    expect(failures).toBeGreaterThan(1);
  }
});

test("[DUR4] [IDX2] a delete that fails midway is finished by the alarm", async () => {
  const id = await createChannel("doomed");
  await send(id, "alpha", "x");
  let halves = 0;
  await breakIndex(
    async (index) => await index.delete(ADMIN, Number(id.slice("ch-".length))),
    async (outcome, _before, state) => {
      if (!dump(state.storage.sql).includes('"state":"deleting"')) return;
      halves++;
      // The tombstone stands, and an erase is due.
      expect(outcome === FAILED || outcome.refusal.code === "channel_deleted").toBe(true);
      expect(await state.storage.getAlarm()).not.toBeNull();
    },
  );
  expect(halves).toBeGreaterThan(0);
  await runInDurableObject(indexStub(), async (index: HubIndex, { storage }) => {
    await index.alarm();
    expect(dump(storage.sql)).not.toContain('"state":"deleting"');
    expect(await storage.getAlarm()).toBeNull();
  });
  expect(await history(id)).toMatchObject({ ok: false, code: "channel_deleted" });
});

test("[DUR4] [IDX3] a list that cannot store what it learned tells it all the same, or fails", async () => {
  const id = await createChannel("listed");
  await send(id, "alpha", "x");
  let told = 0;
  await breakIndex(
    async (index) => await index.list(ADMIN, { limit: 100, cursor: 0 }),
    (outcome) => {
      if (outcome === FAILED) return;
      told++;
      expect(outcome).toMatchObject({ ok: true });
      expect(JSON.parse(`[${outcome.value.channels}]`).at(-1)).toMatchObject({ id });
    },
  );
  expect(told).toBeGreaterThan(0);
});
