/**
 * The unit tests as the mutation run uses them. Without those that throw dice: a mutant must be
 * killed by a test that says what is wrong, each time. And without those that read the source, which
 * holds all mutants at once here.
 */
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    // Only guards against hanging: a mutated test run is slow.
    testTimeout: 120_000,
    include: ["test/unit/**/*.test.ts"],
    setupFiles: ["test/mutation/setup.ts"],
    exclude: [
      ...["model", "checker"],
      ...["protocol-coverage", "threats", "source", "client-bundle", "package", "walls"],
    ].map((name) => `test/unit/${name}.test.ts`),
  },
});
