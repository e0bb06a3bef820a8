/**
 * Three projects: the pure rooms in Node, the hub inside workerd, and real processes from outside.
 * Their files run side by side. Time limits only guard against hanging.
 */
import { cloudflareTest } from "@cloudflare/vitest-pool-workers";
import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";
import { LONG } from "./test/support/length.ts";

/** Far longer than anything takes: on a slow machine that has much else to do, a test may take minutes. */
const HANGING_MS = 300_000;
const LIMITS = { testTimeout: HANGING_MS, hookTimeout: HANGING_MS, expect: { poll: { timeout: HANGING_MS } } };
/** Real processes mostly wait for each other, so a processor has several files at a time. */
const FILES_PER_PROCESSOR = 2;

/** Files with a long form (test/support/length.ts): `npm run test:long` runs these alone. */
const LONG_FORMS = {
  unit: ["model", "obedient-model", "tool-budget"],
  hub: ["model"],
  e2e: ["crash", "fuzz", "index-crash", "network", "obedient-model", "restore-crash", "storm", "wallet"],
};
/** Those that have no short form worth its minutes. */
const LONG_ALONE = ["test/e2e/restore-crash.test.ts"];

function filesOf(project: keyof typeof LONG_FORMS): string[] {
  const names = process.env[LONG] === undefined ? ["**/*"] : LONG_FORMS[project];
  return names.map((name) => `test/${project}/${name}.test.ts`);
}

/** What waits begins first, and what computes fills the time. */
const ORDER = ["e2e", "hub", "unit"];

class WaitingFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    // oxlint-disable-next-line unicorn/no-array-sort -- no array's, but the sequencer's own
    const sorted = await super.sort(files);
    return sorted.toSorted((a, b) => ORDER.indexOf(a.project.name) - ORDER.indexOf(b.project.name));
  }
}

export default defineConfig({
  test: {
    maxWorkers: Math.max(2, availableParallelism()) * FILES_PER_PROCESSOR,
    sequence: { sequencer: WaitingFirst },
    // The hub's own log of requests would drown everything else.
    onConsoleLog: (text) => (text.startsWith('{"level":"info"') ? false : undefined),
    projects: [
      { test: { name: "unit", include: filesOf("unit"), ...LIMITS } },
      {
        plugins: [
          cloudflareTest({
            wrangler: { configPath: "./wrangler.toml" },
            miniflare: { bindings: { HUB_KEY: "test-key-that-is-long-enough" } },
          }),
        ],
        test: {
          name: "hub",
          include: filesOf("hub"),
          ...LIMITS,
          provide: {
            model_seed: Number(process.env["MODEL_SEED"] ?? Date.now() % 1_000_000),
            is_long: process.env[LONG] !== undefined,
          },
        },
      },
      {
        test: {
          name: "e2e",
          include: filesOf("e2e"),
          exclude: process.env[LONG] === undefined ? LONG_ALONE : [],
          ...LIMITS,
          globalSetup: ["test/e2e/setup/build.ts"],
        },
      },
    ],
  },
});
