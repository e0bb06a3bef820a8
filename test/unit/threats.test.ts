/** SECURITY.md stays true: each threat has a test and a defence that can be taken away, and nothing else is named. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { DEFENCES } from "../support/defences/list.ts";
import { applyPatch } from "../support/process/build.ts";
import { PLANTED_BUGS } from "../prove/planted-bugs.ts";
import { ROOT } from "../support/protocol-page.ts";
import { sourceFile } from "../support/source-file.ts";

const PAGE = readFileSync(join(ROOT, "SECURITY.md"), "utf8");
const ROWS = [...PAGE.matchAll(/^\| `(T\d+)` \|.*\| ([^|]*) \|$/gm)].map(([, id = "", where = ""]) => ({ id, where }));
const THREATS = ROWS.map(({ id }) => id);

/** Ids of threats in titles of tests, with a file that has each. */
function testedThreats(): Map<string, string> {
  const tested = new Map<string, string>();
  const files = readdirSync(join(ROOT, "test"), { recursive: true, encoding: "utf8" });
  for (const file of files.filter((name) => name.endsWith(".test.ts"))) {
    const source = readFileSync(join(ROOT, "test", file), "utf8");
    for (const [, id = ""] of source.matchAll(/["'`\] ]\[(T\d+)\] /g)) tested.set(id, `test/${file}`);
  }
  return tested;
}

test("SECURITY.md has each threat once, in the order of their numbers", () => {
  const numbers = THREATS.map((id) => Number(id.slice(1)));
  expect(numbers.length).toBeGreaterThan(25);
  expect(numbers).toEqual([...new Set(numbers)].toSorted((a, b) => a - b));
});

test("every threat is in the title of a test, and every threat in a title is in SECURITY.md", () => {
  const tested = testedThreats();
  expect(THREATS.filter((id) => !tested.has(id))).toEqual([]);
  expect([...tested].filter(([id]) => !THREATS.includes(id))).toEqual([]);
});

function byNumber(a: string, b: string): number {
  return Number(a.slice(1)) - Number(b.slice(1));
}

test("the places that SECURITY.md names exist", () => {
  const places = ROWS.flatMap(({ where }) => [...where.matchAll(/`([^`]+)`/g)].map(([, path = ""]) => path));
  expect(places.length).toBeGreaterThan(25);
  expect(() => places.map(sourceFile)).not.toThrow();
});

test("every threat has a defence that npm run test:defences takes away, where its test is", () => {
  expect([...new Set(DEFENCES.map(({ threat }) => threat))].toSorted(byNumber)).toEqual(THREATS);
  for (const { threat, test: file } of DEFENCES)
    expect(readFileSync(join(ROOT, file), "utf8"), file).toContain(`[${threat}] `);
});

test.each(DEFENCES)("$threat without $without: the patch still applies", ({ patches }) => {
  for (const patch of patches) {
    const source = readFileSync(join(ROOT, sourceFile(patch.file)), "utf8");
    expect(applyPatch(source, patch)).not.toBe(source);
  }
});

test.each(PLANTED_BUGS)("a planted bug still applies: $what", (bug) => {
  const source = readFileSync(join(ROOT, sourceFile(bug.file)), "utf8");
  expect(applyPatch(source, bug)).not.toBe(source);
});
