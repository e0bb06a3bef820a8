/**
 * The random scripts again: on the object itself, with real SQLite, and over RPC with eviction and
 * abort between the steps. A failure prints the smallest script that fails, and its seed.
 */
import { abortAllDurableObjects, evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import fc from "fast-check";
import { afterEach, expect, inject, test, vi } from "vitest";
import type { Caller, HistoryQuery, Viewer, Wanted } from "../../src/channel/index.ts";
import { Channel } from "../../src/hub/index.ts";
import type { Change, ListenAnswer, Result } from "../../src/protocol/index.ts";
import { type Answer, type Ask, play, type Row } from "../support/model/play.ts";
import { type Script, scripts } from "../support/model/script.ts";
import { channelStub, indexStub, type Json } from "./support/hub.ts";

/** In which the scripts' channels are made. */
const START = Date.UTC(2026, 0, 2, 3, 4, 5, 678);
const TIMES = inject("is_long") ? 3 : 1;
const INSIDE = { scripts: 40 * TIMES, guard: 2, steps_least: 600 * TIMES };
const OUTSIDE = { scripts: 10 * TIMES, guard: 60, steps_least: 100 * TIMES };
const SEED = inject("model_seed");

afterEach(() => void vi.useRealTimers());

const CREATOR = { key: "alpha", verified: false };

/** A channel of its own, and what the model must know of it. */
async function found(guard: number): Promise<{ id: string; options: Parameters<typeof play>[1] }> {
  vi.setSystemTime(START);
  // Each script is a hub of its own: no key was proven on it yet (IDN5).
  await runInDurableObject(indexStub(), (_index, { storage }) => {
    const made = storage.sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'claim'").toArray();
    if (made.length > 0) storage.sql.exec("DELETE FROM proven; DELETE FROM claim;");
  });
  const body = { name: "ops", key: "alpha", name_display: "ALPHA" };
  const created = await indexStub().create(CREATOR, body, crypto.randomUUID());
  if (!created.ok) throw new Error(created.refusal.error);
  const { number } = created.value;
  const record = await indexStub().record(number);
  if (!record.ok) throw new Error(record.refusal.error);
  return { id: `ch-${number}`, options: { now: START, number, epoch: record.value.epoch, guard, hasTurns: false } };
}

/** What of a channel object the scripts use: the object itself and its stub both have it. */
interface Calls {
  command(caller: Caller, command: Change, named: object): Promise<Result<Json>>;
  history(viewer: Viewer, query: HistoryQuery): Promise<Result<{ messages: string; meta: string }>>;
  listen(asked: { caller: Caller; query: Wanted }): Promise<Result<ListenAnswer>>;
}

type Call = Extract<Ask, { ask: "change" | "fill" | "history" | "listen" }>;

async function ask(channel: Calls, asked: Call): Promise<Answer> {
  switch (asked.ask) {
    case "change":
      return answerOf(await channel.command(asked.who, asked.command, {}));
    case "fill": {
      const commands = Array.from({ length: asked.count }, () => channel.command(asked.who, asked.command, {}));
      await Promise.all(commands);
      return undefined;
    }
    case "history": {
      const page = await channel.history(CREATOR, asked.query);
      if (!page.ok) return page.refusal.code;
      return { messages: JSON.parse(`[${page.value.messages}]`), ...JSON.parse(page.value.meta) };
    }
    case "listen": {
      const listened = await channel.listen({ caller: asked.caller, query: asked.query });
      return listened.ok ? listened.value : listened.refusal.code;
    }
  }
}

function answerOf(result: Result<Json>): string {
  if (!result.ok) return result.refusal.code;
  const { type, seq, message, extras } = result.value;
  if (type !== "sent") return `done ${seq}`;
  const left = extras.guard === undefined ? "" : ` ${extras.guard.left} left`;
  return `sent ${JSON.parse(message).seq}${extras.duplicate ? " again" : left}`;
}

function rowsIn({ storage }: DurableObjectState): Row[] {
  const rows = storage.sql.exec<Record<string, SqlStorageValue>>("SELECT * FROM participant").toArray() as Json[];
  return rows.map(({ kind, member, verified, nonces: _nonces, ...row }) => {
    return { ...row, kind: kind ?? undefined, member: member === 1, verified: verified === 1 };
  });
}

/** A new object on the same storage is what a wake is. */
async function playInside(script: Script): Promise<number> {
  const { id, options } = await found(INSIDE.guard);
  return await runInDurableObject(channelStub(id), async (_channel, state) => {
    const limits = { HUB_RATE_PER_SECOND: "0", HUB_LOOP_GUARD: String(INSIDE.guard) };
    const wake = (): Channel => new Channel(state, { ...env, ...limits });
    let channel = wake();
    return await drive(play(script, options), (asked) => {
      if (asked.ask === "reload" || asked.ask === "crash") channel = wake();
      return asked.ask === "rows" ? rowsIn(state) : isCall(asked) ? ask(channel, asked) : undefined;
    });
  });
}

async function playOutside(script: Script): Promise<number> {
  const { id, options } = await found(OUTSIDE.guard);
  const steps = await drive(play(script, options), async (asked) => {
    if (asked.ask === "reload") return await evict(id);
    if (asked.ask === "crash") return await abort();
    if (asked.ask === "rows") return await runInDurableObject(channelStub(id), (_channel, state) => rowsIn(state));
    return isCall(asked) ? await ask(channelStub(id), asked) : undefined;
  });
  await loseAndAsk(id, options.number);
  await deleteAndAsk(id, options.number);
  return steps;
}

/**
 * Whatever a channel was, one whose storage was lost begins anew, and every position of before is told a gap
 * (IDX5). Files of an earlier time need a process that starts on them: those are the restore rig's.
 */
async function loseAndAsk(id: string, number: number): Promise<void> {
  const before = await indexStub().record(number);
  if (!before.ok || before.value.change === 0) return;
  const { epoch } = before.value;
  await runInDurableObject(channelStub(id), async (_channel, { storage }) => await storage.deleteAll());
  await abort();
  const page = await channelStub(id).history(CREATOR, { after: 1, limit: 1000, epoch });
  expect(page.ok && JSON.parse(page.value.meta)).toMatchObject({ last_seq: 1, gap: { reason: "epoch_changed" } });
  expect(page.ok && JSON.parse(`[${page.value.messages}]`)).toHaveLength(1);
}

/** Whatever a channel was, deleted it says so, also when it has lost its memory. */
async function deleteAndAsk(id: string, number: number): Promise<void> {
  await indexStub().delete({ ...CREATOR, admin: true }, number);
  const who = CREATOR;
  const asks: Call[] = [
    { ask: "change", who, command: { action: "join" } },
    { ask: "history", query: { limit: 1 } },
    { ask: "listen", caller: who, query: { for: "all", limit: 1 } },
  ];
  for (const asked of asks) expect(await ask(channelStub(id), asked)).toBe("channel_deleted");
  await abort();
  for (const asked of asks) expect(await ask(channelStub(id), asked)).toBe("channel_deleted");
}

/** An object that sleeps already sleeps on. */
async function evict(id: string): Promise<undefined> {
  try {
    await evictDurableObject(channelStub(id));
  } catch (error) {
    if (!String(error).includes("not currently running")) throw error;
  }
}

async function abort(): Promise<undefined> {
  await abortAllDurableObjects();
}

function isCall(asked: Ask): asked is Call {
  return asked.ask === "change" || asked.ask === "fill" || asked.ask === "history" || asked.ask === "listen";
}

async function drive(game: ReturnType<typeof play>, take: (asked: Ask) => Answer | Promise<Answer>): Promise<number> {
  let turn = game.next();
  while (turn.done !== true) {
    const asked = turn.value;
    if (asked.ask === "clock") vi.setSystemTime(asked.now);
    turn = game.next(await take(asked));
  }
  return turn.value;
}

interface Run {
  readonly scripts: number;
  readonly beginnings: number;
}

async function run({ scripts: numRuns, beginnings }: Run, one: (script: Script) => Promise<number>): Promise<number> {
  let steps = 0;
  const property = fc.asyncProperty(scripts({ beginnings }), async (script) => void (steps += await one(script)));
  try {
    await fc.assert(property, { numRuns, seed: SEED });
  } catch (error) {
    const again = `MODEL_SEED=${SEED} npx vitest run --project hub test/hub/model.test.ts`;
    throw new Error(`${String(error)}\nagain: ${again}`, { cause: error });
  }
  return steps;
}

test("[ORD1] [DUR2] [DUR3] [SOC2] [LIS3] the object, on SQLite, does what the model does", async () => {
  expect(await run({ scripts: INSIDE.scripts, beginnings: 1 }, playInside)).toBeGreaterThan(INSIDE.steps_least);
});

test("[DUR2] [SOC8] [IDX2] eviction and abort between the steps change nothing, and a delete ends it all", async () => {
  expect(await run({ scripts: OUTSIDE.scripts, beginnings: 0 }, playOutside)).toBeGreaterThan(OUTSIDE.steps_least);
});
