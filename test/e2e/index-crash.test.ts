/** kill -9 amid creates and deletes: ids, Idempotency-Keys and tombstones hold, nothing stays half done. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { describeSaga, runSagaRig, SOON } from "../support/crash/saga.ts";
import { lengthOf } from "../support/length.ts";
import { buildWorker, type Patch } from "../support/process/build.ts";

const KILLS = lengthOf({ short: 10, long: 40 });
/** Real traffic: far below what so many answers hold. */
const CREATED_LEAST = 10;
/** `CRASH_SEED` repeats a run's dice, though not its timing. */
const seed = Number(process.env["CRASH_SEED"] ?? Date.now() % 1_000_000);

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "channel-hub-index-"));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

/** An erase that a control cuts off is given this long: the alarm would need 40 ms. */
const CONTROL_PATIENCE_MS = 1000;

async function run(
  name: string,
  patches: readonly Patch[],
  patience_ms?: number,
): Promise<Awaited<ReturnType<typeof runSagaRig>>> {
  const worker = join(directory, `${name}.js`);
  await buildWorker(worker, [SOON, ...patches]);
  const report = await runSagaRig({ worker, kills: KILLS, seed, ...(patience_ms !== undefined && { patience_ms }) });
  console.info(describeSaga(report));
  return report;
}

test(`[IDX1] [IDX2] ${KILLS} crashes amid creates and deletes leave nothing half done`, async () => {
  const report = await run("honest", []);
  expect(report.violations.slice(0, 10), describeSaga(report)).toEqual([]);
  expect(report.created, describeSaga(report)).toBeGreaterThan(CREATED_LEAST);
  expect(Math.min(report.deleted, report.repeated), describeSaga(report)).toBeGreaterThan(0);
});

interface Control {
  readonly what: string;
  readonly patch: Patch;
  readonly found: RegExp;
}

const CONTROLS: readonly Control[] = [
  {
    what: "[IDX2] an index that forgets an Idempotency-Key",
    patch: {
      file: "hub-index/index-store.ts",
      find: "this.#creates ??= readCreates(this.#sql.exec<CreateRow>(CREATES), now);",
      replace: "this.#creates ??= readCreates([], now);",
    },
    found: /^(re)?create of .*: it was ch-\d+, is ch-\d+$|^\d+ creates gave ids up to/,
  },
  {
    what: "[IDX2] an index that leaves an erase to an alarm it does not set",
    patch: {
      file: "src/hub/hub-index/hub-index.ts",
      find: "await this.ctx.storage.setAlarm(Date.now() + ERASE_RETRY_MS);\n    await this.#eraseAll();",
      replace: "",
    },
    found: /channels stay half deleted/,
  },
];

test.each(CONTROLS)("$what is found out", async ({ what, patch, found }) => {
  const { violations } = await run(what.replaceAll(/\W+/g, "-"), [patch], CONTROL_PATIENCE_MS);
  expect(violations.filter((violation) => found.test(violation))).not.toEqual([]);
});
