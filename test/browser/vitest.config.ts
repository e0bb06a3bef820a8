/** Real browser, real hub, few cores: one file at a time. Time limits only guard against hanging. */
import { resolve } from "node:path";
import { defineConfig } from "vitest/config";

const HANGING_MS = 240_000;

export default defineConfig({
  test: {
    root: resolve(import.meta.dirname, "../.."),
    include: ["test/browser/**/*.test.ts"],
    testTimeout: HANGING_MS,
    hookTimeout: HANGING_MS,
    expect: { poll: { timeout: HANGING_MS } },
    fileParallelism: false,
  },
});
