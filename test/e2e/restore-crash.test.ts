/** kill -9, and files put back, lost and damaged in between: no conversation is mixed, no reader is left in the dark. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { describeRestores, runRestoreRig } from "../support/crash/restore.ts";
import { buildWorker, type Patch } from "../support/process/build.ts";

const KILLS = 24;
/** A build that must fail is given more rounds: its dice may be slow to strike where it is weak. */
const CONTROL_KILLS = 60;
/** `CRASH_SEED` repeats a run's dice, though not its timing. */
const seed = Number(process.env["CRASH_SEED"] ?? Date.now() % 1_000_000);

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "channel-hub-restore-"));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

test(`[IDX5] [IDX6] over ${KILLS} kills with restores nobody reads another's messages, and every loss is told as a gap`, async () => {
  const report = await runRestoreRig({ worker: inject("worker"), kills: KILLS, seed });
  const said = describeRestores(report);
  console.info(said);
  expect(report.violations.slice(0, 10), said).toEqual([]);
  expect(Math.min(report.acked, report.gaps), said).toBeGreaterThan(10);
});

interface Control {
  readonly what: string;
  readonly patch: Patch;
  readonly found: RegExp;
}

const CONTROLS: readonly Control[] = [
  {
    what: "[IDX5] a channel that takes what is older for what is new",
    patch: { file: "src/hub/keeper.ts", find: 'if (is === "older") this', replace: 'if (is === ("" as string)) this' },
    found: /was acknowledged in epoch|reader gets|was msg-/,
  },
  {
    what: "[IDX5] a channel that lost its file and keeps its epoch",
    patch: {
      file: "src/hub/keeper.ts",
      find: 'change > 0 || generation !== "" ?',
      replace: "change < 0 ?",
    },
    found: /was acknowledged in epoch|reader gets|was msg-/,
  },
  {
    what: "[IDX5] a channel that takes anybody's messages for its own",
    patch: {
      file: "src/hub/keeper.ts",
      find: 'if (is === "stranger") return',
      replace: 'if (is === ("" as string)) return',
    },
    found: /shows another's message|was acknowledged in epoch|reader gets|was msg-/,
  },
  {
    what: "[DUR5] a damaged channel that says it never was",
    patch: {
      file: "src/hub/unreadable.ts",
      find: 'if (!DAMAGED.test(text)) return undefined;\n  return refuse("storage_unreadable",',
      replace: 'if (!DAMAGED.test(text)) return undefined;\n  return refuse("channel_not_found",',
    },
    found: /is damaged and answers 404/,
  },
];

test.each(CONTROLS)("$what is found out", async ({ what, patch, found }) => {
  const worker = join(directory, `${what.replaceAll(/\W+/g, "-")}.js`);
  await buildWorker(worker, [patch]);
  const report = await runRestoreRig({ worker, kills: CONTROL_KILLS, seed, isControl: true });
  console.info(describeRestores(report));
  expect(report.violations.filter((violation) => found.test(violation))).not.toEqual([]);
});
