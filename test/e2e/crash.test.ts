/** kill -9 under load, again and again: nothing acknowledged is lost, nobody ever saw what is not there. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import type { Rule } from "../support/crash/history.ts";
import { describeReport } from "../support/crash/report.ts";
import { runCrashRig } from "../support/crash/rig.ts";
import { lengthOf } from "../support/length.ts";
import { buildWorker, type Patch } from "../support/process/build.ts";

/** A build that must fail stops at its first violation, mostly at the first kill or the second. */
const KILLS = lengthOf({ short: 15, long: 40 });
/** Builds that break a promise may need more kills than show an honest one to keep it. */
const CONTROL_KILLS = 40;
/** Real traffic: far below what so many kills have between them. */
const ACKED_LEAST = 1000;
/** `CRASH_SEED` repeats a run's dice, though not its timing. */
const seed = Number(process.env["CRASH_SEED"] ?? Date.now() % 1_000_000);

/** Builds that break a promise, and the rules that must catch them. */
interface Control {
  readonly what: string;
  readonly patch: Patch;
  readonly until: readonly Rule[];
}

const SAVE = "this.#store.save(state, this.#announcer.unsaved, now);";

const CONTROLS: readonly Control[] = [
  {
    what: "[DUR1] a hub that acks before it writes",
    patch: {
      file: "src/hub/channel-object/keeper.ts",
      find: SAVE,
      replace: "setTimeout(() => this.#store.save(state, undefined, Date.now()), 50);",
    },
    until: ["R5", "R7", "R8"],
  },
  {
    what: "[DUR1] a hub that only remembers",
    patch: { file: "src/hub/channel-object/keeper.ts", find: SAVE, replace: "" },
    until: ["R5", "R7", "R8"],
  },
  {
    what: "[DUR3] a hub that stores a retry again",
    patch: {
      file: "src/channel/send.ts",
      find: "if (first !== undefined) return repeat(first, command);",
      replace: "",
    },
    until: ["R2", "R6", "R11", "R12"],
  },
  {
    what: "[ORD1] a hub whose ring is one short",
    patch: {
      file: "channel/retention.ts",
      find: "last_seq - RING_MESSAGES + 1",
      replace: "last_seq - RING_MESSAGES + 2",
    },
    until: ["R9"],
  },
];

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "channel-hub-controls-"));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

test(`[DUR1] [DUR3] [ORD1] ${KILLS} crashes under load lose, invent, double and reorder nothing`, async () => {
  const report = await runCrashRig({ worker: inject("worker"), kills: KILLS, seed });
  const said = describeReport(report);
  console.info(said);
  expect(report.violations.slice(0, 10), said).toEqual([]);
  expect(report, said).toMatchObject({ refused: 0, unread: 0, acked: report.sent });
  expect(report.kills, said).toBeGreaterThanOrEqual(KILLS);
  // Somebody came and went, and somebody listened, between the kills.
  expect(Math.min(report.moves, report.listens), said).toBeGreaterThanOrEqual(KILLS / 4);
  expect(report.acked, said).toBeGreaterThan(ACKED_LEAST);
  expect(report.retried, said).toBeGreaterThanOrEqual(KILLS);
});

test.each(CONTROLS)("$what is found out", async ({ what, patch, until }) => {
  const worker = join(directory, `${what.replaceAll(/\W+/g, "-")}.js`);
  await buildWorker(worker, [patch]);
  const report = await runCrashRig({ worker, kills: CONTROL_KILLS, seed, until });
  const said = describeReport(report);
  console.info(said);
  const found = new Set(report.violations.map(({ rule }) => rule));
  expect(
    until.filter((rule) => found.has(rule)),
    said,
  ).not.toEqual([]);
});
