/**
 * Bundle sizes against their budgets: what is deployed is loaded by every isolate that starts. Run by
 * itself it is a check that fails the build.
 */
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { ROOT } from "../test/support/process/build.ts";
import { bundle, directoryIn } from "./servers.ts";

interface Budget {
  readonly entry: string;
  readonly minified_kb: number;
  readonly gzip_kb: number;
}

export interface Size extends Budget {
  readonly name: string;
  readonly minified: number;
  readonly gzip: number;
}

export async function measureSizes(): Promise<Size[]> {
  const budgets = JSON.parse(await readFile(join(import.meta.dirname, "budgets.json"), "utf8")) as Record<
    string,
    Budget
  >;
  return await Promise.all(Object.entries(budgets).map(([name, budget]) => measureSize(name, budget)));
}

async function measureSize(name: string, budget: Budget): Promise<Size> {
  const directory = await directoryIn("disk");
  const outfile = join(directory, "bundle.js");
  await bundle(join(ROOT, budget.entry), outfile, true);
  const bytes = await readFile(outfile);
  await rm(directory, { recursive: true });
  return { name, ...budget, minified: bytes.length / 1024, gzip: gzipSync(bytes).length / 1024 };
}

export function isWithin({ minified, minified_kb, gzip, gzip_kb }: Size): boolean {
  return minified <= minified_kb && gzip <= gzip_kb;
}

if (import.meta.main) {
  const sizes = await measureSizes();
  for (const size of sizes) {
    const { name, minified, minified_kb, gzip, gzip_kb } = size;
    const said = `${name}: ${minified.toFixed(1)} of ${minified_kb} KiB, ${gzip.toFixed(1)} of ${gzip_kb} KiB gzipped`;
    console.log(isWithin(size) ? said : `${said}: over its budget (bench/budgets.json)`);
  }
  process.exitCode = sizes.every(isWithin) ? 0 : 1;
}
