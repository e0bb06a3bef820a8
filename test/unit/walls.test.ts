/** The walls of the house: what a room may not import does not compile. */
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ROOT } from "../support/protocol-page.ts";

/** A file of the first room that imports one of the second. */
const WALLS: readonly (readonly [room: string, from: string, imports: string])[] = [
  ["the core", "src/channel", "../hub/between/keys.ts"],
  ["the client", "src/client", "../hub/between/keys.ts"],
  ["the page", "src/console", "../hub/between/keys.ts"],
  ["the Worker", "src/hub/worker", "../channel-object/keeper.ts"],
  ["the index", "src/hub/hub-index", "../channel-object/keeper.ts"],
  ["a channel object", "src/hub/channel-object", "../worker/answer.ts"],
  ["what both sides know", "src/hub/between", "../worker/answer.ts"],
];

let house: string;
let said: string;

beforeAll(() => {
  house = mkdtempSync(join(tmpdir(), "channel-hub-walls-"));
  for (const part of ["src", "tsconfig.json", "package.json"])
    cpSync(join(ROOT, part), join(house, part), { recursive: true });
  symlinkSync(join(ROOT, "node_modules"), join(house, "node_modules"));
  for (const [, from, imports] of WALLS)
    writeFileSync(join(house, from, "through-the-wall.ts"), `import "${imports}";\n`);
  const tsc = join(ROOT, "node_modules/typescript/bin/tsc");
  said = spawnSync(process.execPath, [tsc, "-b", "src/hub", "src/console"], { cwd: house, encoding: "utf8" }).stdout;
});

afterAll(() => rmSync(house, { recursive: true, force: true }));

test.each(WALLS)("%s (%s) cannot import %s", (_room, from, imports) => {
  const line = said.split("\n").find((one) => one.startsWith(`${from}/through-the-wall.ts`));
  expect(line, imports).toMatch(/error TS(6059|6307)/);
});
