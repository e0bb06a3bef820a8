/** What a page pays for the client: its size, and that nothing of the other rooms comes with it. */
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { expect, test } from "vitest";

/** Bytes, gzip. */
const BUDGET = 14 * 1024;

test("the client with all it imports is at most 14 KiB, and holds no schema, no SQL and no Node", async () => {
  const { outputFiles } = await build({
    entryPoints: [join(import.meta.dirname, "../../src/client/index.ts")],
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2022",
    write: false,
  });
  const text = outputFiles[0]?.text ?? "";
  const size = gzipSync(text, { level: 9 }).length;
  console.info(`client bundle: ${text.length} bytes, ${size} gzip`);
  expect(size).toBeGreaterThan(1024);
  expect(size).toBeLessThanOrEqual(BUDGET);
  expect(text).not.toMatch(/valibot|safeParse|SELECT |CREATE TABLE|node:|document\.|process\./);
});
