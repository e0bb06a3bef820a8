/** `npm run deploy` in a fresh clone, as far as it goes without an account; test/deploy shows the rest. */
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { chmod, rm, stat, writeFile } from "node:fs/promises";
import { basename } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { ROOT } from "../support/process/build.ts";
import { Clone } from "../support/process/clone.ts";

let clone: Clone;
beforeAll(async () => {
  clone = await Clone.make();
});
afterAll(() => clone[Symbol.asyncDispose]());
beforeEach(() => rm(clone.keyFile, { force: true }));

test("[KEY2] a dry run from a fresh clone builds and checks, and leaves nothing behind", async () => {
  const { code, output } = await clone.deploy(["--dry-run"]);
  expect(output).toContain("npm run deploy would make a key and keep it in .hub-key.env.");
  expect(output).toContain("env.CHANNELS");
  expect([code, existsSync(clone.keyFile)]).toEqual([0, false]);
});

test("[KEY2] without an account nothing is made, and what a person must do is said", async () => {
  const { code, output } = await clone.deploy([]);
  expect([code, existsSync(clone.keyFile)]).toEqual([1, false]);
  expect(output).toContain("Nobody is logged in to Cloudflare; nothing was deployed.");
  expect(output).toContain("npx wrangler login");
  const ignored = execFileSync("git", ["check-ignore", basename(clone.keyFile)], { cwd: ROOT });
  expect(ignored.toString()).toBe(".hub-key.env\n");
});

test.each([
  ["dev-key", "has 7 characters, it must have at least 24"],
  ["test-key-that-is-long-enough", "is an example, which everybody knows"],
  ["aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "has only 1 different characters, so it can be guessed"],
])("[KEY2] the key %s is refused before anything is deployed", async (key, says) => {
  await writeFile(clone.keyFile, `HUB_KEY=${key}\n`);
  const { code, output } = await clone.deploy(["--dry-run"]);
  expect([code, output]).toEqual([1, expect.stringContaining(`HUB_KEY in .hub-key.env ${says}`)]);
  expect(output).not.toContain("wrangler login");
});

test("[KEY2] a file without a key is refused, one that others can read is closed", async () => {
  await writeFile(clone.keyFile, "# nothing yet\n");
  expect((await clone.deploy([])).output).toContain(".hub-key.env has neither HUB_KEY nor HUB_KEYS");
  await writeFile(clone.keyFile, "HUB_KEY=Zm9yIHRlc3RzIG9ubHksIG5vdCBhIGtleSE\n");
  await chmod(clone.keyFile, 0o644);
  expect((await clone.deploy([])).output).toContain("could be read by others of this machine; now only by you.");
  expect((await stat(clone.keyFile)).mode & 0o777).toBe(0o600);
});
