/**
 * `npm run test:planted`: plants each bug of the list in a copy of the project and runs the test
 * file that must find it. Prints a table, and ends with 1 where a bug was not found or does not
 * apply any more. `--only 7` plants the seventh alone.
 */
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { applyPatch, ROOT } from "../support/process/build.ts";
import { sourceFile } from "../support/source-file.ts";
import { readNumbers } from "./options.ts";
import { PLANTED_BUGS, type PlantedBug } from "./planted-bugs.ts";

/** Only guards against hanging: a bug may make a test wait for ever. */
const HANGING_MS = 300_000;
/** Not copied: large, or somebody's own. */
const LEFT_OUT: ReadonlySet<string> = new Set(["node_modules", ".git", "dist", ".wrangler", "coverage"]);

type Finding = "found" | "NOT FOUND" | "does not apply" | "does not run";

const copy = copyProject();
process.on("exit", () => rmSync(copy, { recursive: true, force: true }));
process.on("SIGINT", () => process.exit(130));

const { only } = readNumbers({ only: 0 });
const bugs = PLANTED_BUGS.map((bug, at) => ({ bug, number: at + 1 })).filter(
  ({ number }) => only === 0 || number === only,
);
const findings = checkSound(bugs.map(({ bug }) => bug.test)) ? bugs.map(({ bug, number }) => plant(bug, number)) : [];
const found = findings.filter((finding) => finding === "found").length;
console.log(`planted bugs: ${found} of ${bugs.length} found`);
if (found < bugs.length) process.exitCode = 1;

function copyProject(): string {
  const directory = mkdtempSync(join(tmpdir(), "channel-hub-planted-"));
  for (const name of readdirSync(ROOT))
    if (!LEFT_OUT.has(name)) cpSync(join(ROOT, name), join(directory, name), { recursive: true });
  symlinkSync(join(ROOT, "node_modules"), join(directory, "node_modules"));
  return directory;
}

/** A test that is red without a bug would find every bug. */
function checkSound(tests: readonly string[]): boolean {
  const red = [...new Set(tests)].filter((test) => run(test).failed !== 0);
  for (const test of red)
    console.log(`${test} is red without any bug:\n${readFileSync(join(copy, "report.json"), "utf8").slice(0, 3000)}`);
  return red.length === 0;
}

function plant(bug: PlantedBug, number: number): Finding {
  const path = join(copy, sourceFile(bug.file));
  const source = readFileSync(path, "utf8");
  const started = Date.now();
  const finding = tryBug(bug, path, source);
  writeFileSync(path, source);
  const seconds = ((Date.now() - started) / 1000).toFixed(0);
  console.log(
    `${String(number).padStart(2)}  ${finding.padEnd(14)}  ${seconds.padStart(3)} s  ${bug.test}  ${bug.what}`,
  );
  return finding;
}

function tryBug(bug: PlantedBug, path: string, source: string): Finding {
  let planted: string;
  try {
    planted = applyPatch(source, bug);
  } catch {
    return "does not apply";
  }
  writeFileSync(path, planted);
  const { failed, isHanging } = run(bug.test);
  if (failed === undefined) return isHanging ? "found" : "does not run";
  return failed > 0 ? "found" : "NOT FOUND";
}

/** How many tests of a file fail; undefined where none could be run to its end. */
function run(test: string): { readonly failed: number | undefined; readonly isHanging: boolean } {
  const [, project = ""] = test.split("/");
  const report = join(copy, "report.json");
  rmSync(report, { force: true });
  const vitest = join("node_modules", "vitest", "vitest.mjs");
  const args = [vitest, "run", "--project", project, test, "--reporter=json", `--outputFile=${report}`];
  const { error } = spawnSync(process.execPath, args, { cwd: copy, stdio: "ignore", timeout: HANGING_MS });
  try {
    const { numFailedTests, numTotalTests } = JSON.parse(readFileSync(report, "utf8")) as Record<string, number>;
    return { failed: numTotalTests === 0 ? undefined : numFailedTests, isHanging: false };
  } catch {
    return { failed: undefined, isHanging: error !== undefined };
  }
}
