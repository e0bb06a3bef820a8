/**
 * `npm run test:defences [-- T9 T15]`: takes each defence away in a copy of the project, one at a
 * time, and expects the threat's test to fail. First all of them must pass with nothing taken away.
 */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { applyPatch, type Patch, ROOT } from "../process/build.ts";
import { sourceFile } from "../source-file.ts";
import type { Defence } from "./defence.ts";
import { DEFENCES } from "./list.ts";

/** Only guards a test against waiting for what no longer comes. */
const WAITING_MS = 20_000;
const LEFT_OUT: ReadonlySet<string> = new Set(["node_modules", ".git", "dist", ".wrangler"]);

const wanted = new Set(process.argv.slice(2));
const defences = DEFENCES.filter(({ threat }) => wanted.size === 0 || wanted.has(threat));
const directory = await mkdtemp(join(tmpdir(), "channel-hub-defences-"));
try {
  await copyProject();
  process.exitCode = (await tryAll()) ? 0 : 1;
} finally {
  await rm(directory, { recursive: true, force: true });
}

async function copyProject(): Promise<void> {
  await cp(ROOT, directory, { recursive: true, filter: (path) => !LEFT_OUT.has(basename(path)) });
  await symlink(join(ROOT, "node_modules"), join(directory, "node_modules"));
}

async function tryAll(): Promise<boolean> {
  const rows: { threat: string; without: string; test: string; result: string }[] = [];
  for (const { threat, without, patches, test } of defences) {
    const asItIs = await failures(threat, test);
    const result = asItIs === "0 failed" ? await takenAway(patches, threat, test) : `as it is: ${asItIs}`;
    rows.push({ threat, without, test, result });
    console.log(`${threat} without ${without}: ${result}`);
  }
  console.table(rows);
  const undefended = rows.filter(({ result }) => !result.startsWith("red"));
  console.log(`${rows.length - undefended.length} of ${rows.length} defences are missed by their tests when they go`);
  return undefended.length === 0;
}

/** The test's result while the defence is gone. */
async function takenAway(patches: Defence["patches"], threat: string, test: string): Promise<string> {
  const originals = new Map<string, string>();
  for (const patch of patches) await change(patch, originals);
  const result = await failures(threat, test);
  for (const [file, source] of originals) await writeFile(file, source);
  return /^[1-9]\d* failed$/.test(result) ? `red: ${result}` : result;
}

async function change(patch: Patch, originals: Map<string, string>): Promise<void> {
  const file = join(directory, sourceFile(patch.file));
  const source = await readFile(file, "utf8");
  if (!originals.has(file)) originals.set(file, source);
  await writeFile(file, applyPatch(source, patch));
}

/** Runs the threat's tests of one file: `2 failed`, or why nothing can be said. */
async function failures(threat: string, test: string): Promise<string> {
  const report = join(directory, "report.json");
  await rm(report, { force: true });
  const filter = ["--project", test.split("/")[1] ?? "", test, "-t", `\\[${threat}\\]`];
  const options = [`--testTimeout=${WAITING_MS}`, "--reporter=json", `--outputFile=${report}`];
  const vitest = join(directory, "node_modules/vitest/vitest.mjs");
  const { stderr } = spawnSync(process.execPath, [vitest, "run", ...filter, ...options], { cwd: directory });
  if (!existsSync(report)) return `no report: ${stderr.toString().slice(0, 500)}`;
  const counts = JSON.parse(await readFile(report, "utf8")) as { numPassedTests: number; numFailedTests: number };
  return counts.numPassedTests + counts.numFailedTests === 0 ? "no test" : `${counts.numFailedTests} failed`;
}
