/** PROTOCOL.md stays true: each rule has a test, each tested rule is written down, its tables are the code's. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ERRORS } from "../../src/protocol/error.ts";
import * as limits from "../../src/protocol/limits.ts";
import { ROOT, ruleIds, tableUnder } from "../support/protocol-page.ts";

/** A call whose first argument begins with ids in brackets: `test("[SEED §6] [SOC1] …"`. */
const TITLE = /\(\s*["'`]((?:\[[^\]\n]+\] ?)+)/g;

/** Ids in titles, with a file that has each. */
function testedIds(): Map<string, string> {
  const tested = new Map<string, string>();
  const files = readdirSync(join(ROOT, "test"), { recursive: true, encoding: "utf8" });
  for (const file of files.filter((name) => name.endsWith(".ts"))) {
    const source = readFileSync(join(ROOT, "test", file), "utf8");
    for (const [, ids = ""] of source.matchAll(TITLE))
      for (const [, id = ""] of ids.matchAll(/\[([A-Z]{3}\d+)\]/g)) tested.set(id, file);
  }
  return tested;
}

test("every rule of PROTOCOL.md is in the title of a test", () => {
  const tested = testedIds();
  expect(ruleIds().length).toBeGreaterThan(20);
  expect(ruleIds().filter((id) => !tested.has(id))).toEqual([]);
});

test("every rule in the title of a test is defined in PROTOCOL.md, once", () => {
  const defined = ruleIds();
  expect([...testedIds()].filter(([id]) => !defined.includes(id))).toEqual([]);
  expect(defined.filter((id, at) => defined.indexOf(id) !== at)).toEqual([]);
});

test("the error table of PROTOCOL.md is the code's", () => {
  const coded = Object.entries(ERRORS).map(([code, entry]) => {
    const close = "close" in entry ? String(entry.close) : "";
    return [code, String(entry.status), close, entry.retry ? "yes" : "no", entry.means];
  });
  expect(tableUnder("Errors")).toEqual(coded);
});

test("the limits table of PROTOCOL.md is the code's", () => {
  const constants = Object.entries(limits).filter(([, value]) => typeof value === "number");
  const coded = Object.fromEntries([...constants, ...Object.entries(limits.LIMITS)]);
  const written = tableUnder("Limits").map(([name = "", value]) => [name, Number(value)]);
  expect(Object.fromEntries(written)).toEqual(coded);
});
