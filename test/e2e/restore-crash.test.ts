/** kill -9, and files put back, lost and damaged in between: no conversation is mixed, no reader is left in the dark. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { describeRestores, type Fault, runRestoreRig } from "../support/crash/restore.ts";
import { buildWorker, type Patch } from "../support/process/build.ts";

const KILLS = 16;
/** A build that must fail is given more rounds: its dice may be slow to strike where it is weak. */
const CONTROL_KILLS = 40;
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
  readonly patches: readonly Patch[];
  readonly faults: readonly Fault[];
  readonly found: RegExp;
}

const KEEPER = "src/hub/channel-object/keeper.ts";
const LOST_UNTOLD = /was acknowledged in epoch|reader gets|was msg-/;

/** An index that gives out whatever comes next. */
const FREE_UNSEEN: Patch = {
  file: "src/hub/hub-index/next-number.ts",
  find: "if (this.#isChecked) return ok(true);\n    const",
  replace: "if (this.#isChecked || this.#store.counts().next > 0) return ok(true);\n    const",
};

const CONTROLS: readonly Control[] = [
  {
    what: "[IDX5] a channel that takes what is older for what is new",
    patches: [{ file: KEEPER, find: 'if (is === "older") this', replace: 'if (is === ("" as string)) this' }],
    faults: ["all put back", "channel put back"],
    found: LOST_UNTOLD,
  },
  {
    what: "[IDX5] a channel that lost its file and keeps its epoch",
    patches: [{ file: KEEPER, find: 'change > 0 || generation !== "" ?', replace: "change < 0 ?" }],
    faults: ["channel lost"],
    found: LOST_UNTOLD,
  },
  {
    what: "[IDX5] an index that gives out a number that holds messages, and a channel that takes them for its own",
    patches: [
      FREE_UNSEEN,
      { file: KEEPER, find: 'if (is === "stranger") return', replace: 'if (is === ("" as string)) return' },
    ],
    faults: ["index lost"],
    found: /shows another's messages?/,
  },
  {
    what: "[IDX6] a hub that does not keep the owner's word of a restore",
    patches: [
      {
        file: "src/hub/hub-index/hub-index.ts",
        find: "this.#store.setGeneration(newEpoch());",
        replace: "void newEpoch;",
      },
    ],
    faults: ["all put back"],
    found: LOST_UNTOLD,
  },
  {
    what: "[IDX6] a mend that leaves the index as it is",
    patches: [
      {
        file: "src/hub/hub-index/fsck.ts",
        find: "if (mend) for (const one of looked) mendOne(store, one, now);",
        replace: "if (cursor < 0) for (const one of looked) mendOne(store, one, now);",
      },
    ],
    faults: ["index lost"],
    found: /answers (404|503)/,
  },
  {
    what: "[IDX1] an index that was lost and gives out numbers of channels that were deleted",
    patches: [
      {
        file: "src/hub/hub-index/next-number.ts",
        find: "if (highest >= next) return",
        replace: "if (highest < 0) return",
      },
    ],
    faults: ["index lost"],
    found: /is given out again/,
  },
  {
    what: "[IDX5] a reader of another epoch who is told no gap",
    patches: [
      {
        file: "src/channel/history.ts",
        find: "if (epoch !== undefined && epoch !== state.record.epoch) {",
        replace: 'if (epoch === "none") {',
      },
    ],
    faults: ["channel lost", "all put back"],
    found: /is told no gap/,
  },
  {
    what: "[DUR5] a channel whose file is damaged and that says it was deleted",
    patches: [
      {
        file: "src/hub/between/unreadable.ts",
        find: 'return refuse("storage_unreadable", "what is stored here is damaged',
        replace: 'return refuse("channel_deleted", "what is stored here is damaged',
      },
    ],
    faults: ["channel damaged"],
    found: /is damaged and answers 410/,
  },
];

test.each(CONTROLS)("$what is found out", async ({ what, patches, faults, found }) => {
  const worker = join(directory, `${what.replaceAll(/\W+/g, "-")}.js`);
  await buildWorker(worker, patches);
  const report = await runRestoreRig({ worker, kills: CONTROL_KILLS, seed, isControl: true, faults });
  console.info(describeRestores(report));
  expect(report.violations.filter((violation) => found.test(violation))).not.toEqual([]);
});
