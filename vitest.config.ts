/**
 * Three projects: the pure rooms in Node, the hub inside workerd, and real processes from outside.
 * Time limits only guard against hanging.
 */
import { cloudflareTest } from "@cloudflare/vitest-pool-workers";
import { defineConfig } from "vitest/config";

const HANGING_MS = 120_000;

export default defineConfig({
  test: {
    // The hub's own log of requests would drown everything else.
    onConsoleLog: (text) => (text.startsWith('{"level":"info"') ? false : undefined),
    projects: [
      { test: { name: "unit", include: ["test/unit/**/*.test.ts"], testTimeout: HANGING_MS } },
      {
        plugins: [
          cloudflareTest({
            wrangler: { configPath: "./wrangler.toml" },
            miniflare: { bindings: { HUB_KEY: "test-key-that-is-long-enough" } },
          }),
        ],
        test: {
          name: "hub",
          include: ["test/hub/**/*.test.ts"],
          testTimeout: HANGING_MS,
          provide: { model_seed: Number(process.env["MODEL_SEED"] ?? Date.now() % 1_000_000) },
        },
      },
      {
        test: {
          name: "e2e",
          include: ["test/e2e/**/*.test.ts"],
          testTimeout: HANGING_MS,
          hookTimeout: HANGING_MS,
          globalSetup: ["test/e2e/setup/build.ts"],
          // Real processes on few cores: one file at a time.
          fileParallelism: false,
        },
      },
    ],
  },
});
