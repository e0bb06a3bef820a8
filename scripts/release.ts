/**
 * `npm run release -- VERSION`: makes a release of what is committed: the version in package.json,
 * lockfile and hub, the changelog's section, a commit, an annotated tag with the section as its
 * text, and the package in `dist/release`. Pushes nothing. `-- VERSION --dry-run` shows the notes.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";

const ROOT = resolve(import.meta.dirname, "..");
const UNRELEASED = "## Unreleased\n";

const { values, positionals } = parseArgs({ allowPositionals: true, options: { "dry-run": { type: "boolean" } } });
const problem = release(positionals[0] ?? "", values["dry-run"] === true);
if (problem !== undefined) {
  console.error(problem);
  process.exitCode = 1;
}

/** What is wrong, if nothing was done. */
function release(version: string, isDry: boolean): string | undefined {
  if (!/^\d+\.\d+\.\d+$/.test(version)) return "which version? npm run release -- 0.2.0";
  const changelog = read("CHANGELOG.md");
  const notes = notesOf(changelog);
  if (notes === "") return "CHANGELOG.md has nothing under Unreleased: write down what changed";
  if (isDry) console.log(notes);
  return isDry ? undefined : make(version, changelog, notes);
}

function make(version: string, changelog: string, notes: string): string | undefined {
  if (git("status", "--porcelain") !== "") return "there are changes that are not committed: commit them first";
  if (git("tag", "--list", `v${version}`) !== "") return `v${version} is there already: choose the next version`;
  write("CHANGELOG.md", changelog.replace(UNRELEASED, `${UNRELEASED}\n## ${version}\n`));
  run("npm", "version", version, "--no-git-tag-version", "--ignore-scripts");
  const hub = "src/hub/worker/version.ts";
  write(hub, read(hub).replace(/VERSION = "[^"]*"/, `VERSION = "${version}"`));
  const target = join(ROOT, "dist/release");
  mkdirSync(target, { recursive: true });
  run("npm", "pack", "--pack-destination", target);
  git("commit", "--all", "--message", `Release ${version}`);
  git("tag", "--annotate", `v${version}`, "--cleanup=verbatim", "--message", `Channel Hub ${version}\n\n${notes}`);
  console.log(
    `v${version} is committed and tagged, its package is in dist/release; to publish: git push --follow-tags`,
  );
  return undefined;
}

/** What stands under Unreleased. */
function notesOf(changelog: string): string {
  const [, after = ""] = changelog.split(UNRELEASED);
  return (after.split(/^## /m)[0] ?? "").trim();
}

function read(file: string): string {
  return readFileSync(join(ROOT, file), "utf8");
}

function write(file: string, text: string): void {
  writeFileSync(join(ROOT, file), text);
}

function git(...args: readonly string[]): string {
  return run("git", ...args).trim();
}

function run(command: string, ...args: readonly string[]): string {
  return execFileSync(command, args, { cwd: ROOT, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
}
