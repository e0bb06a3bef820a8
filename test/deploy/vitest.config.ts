/** Real wrangler, real hubs, few cores. Time limits only guard against hanging. */
import { resolve } from "node:path";
import { defineConfig } from "vitest/config";

const HANGING_MS = 600_000;

export default defineConfig({
  test: {
    root: resolve(import.meta.dirname, "../.."),
    include: ["test/deploy/**/*.test.ts"],
    globalSetup: ["test/e2e/setup/build.ts"],
    testTimeout: HANGING_MS,
    hookTimeout: HANGING_MS,
    maxConcurrency: 2,
  },
});
