/** `npm run deploy` in a fresh clone, as far as it goes without an account and a network. */
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { chmod, cp, mkdtemp, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { ROOT } from "../support/process/build.ts";

let clone: string;
let keyFile: string;
beforeAll(async () => {
  clone = await mkdtemp(join(tmpdir(), "channel-hub-clone-"));
  keyFile = join(clone, ".hub-key.env");
  const files = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], { cwd: ROOT });
  for (const file of files.toString().trim().split("\n"))
    if (existsSync(join(ROOT, file))) await cp(join(ROOT, file), join(clone, file), { recursive: true });
  await symlink(join(ROOT, "node_modules"), join(clone, "node_modules"));
});
afterAll(() => rm(clone, { recursive: true, force: true }));
beforeEach(() => rm(keyFile, { force: true }));

/** Nobody is logged in, and no question can be asked. */
function deploy(...args: string[]): { readonly code: number | null; readonly output: string } {
  const { CLOUDFLARE_API_TOKEN: _token, ...inherited } = process.env;
  const env = { ...inherited, CI: "true", XDG_CONFIG_HOME: join(clone, ".config"), HOME: clone };
  const run = spawnSync("npm", ["--silent", "run", "deploy", "--", ...args], { cwd: clone, env, input: "" });
  return { code: run.status, output: `${run.stdout.toString()}${run.stderr.toString()}` };
}

async function keyIn(file: string): Promise<string> {
  return /^HUB_KEY=([\w-]{43})\n$/.exec(await readFile(file, "utf8"))?.[1] ?? expect.unreachable("no key in the file");
}

test("[KEY2] a dry run from a fresh clone builds and checks, and leaves nothing behind", () => {
  const { code, output } = deploy("--dry-run");
  expect(output).toContain("npm run deploy would make a key and keep it in .hub-key.env.");
  expect(output).toContain("env.CHANNELS");
  expect(code).toBe(0);
  expect(existsSync(keyFile)).toBe(false);
});

test("[KEY2] the first run makes a strong key, shows it once and keeps it for its owner alone; the second keeps it", async () => {
  const first = deploy();
  const key = await keyIn(keyFile);
  expect(first.output).toContain(`shown this once:\n  ${key}\n`);
  expect((await stat(keyFile)).mode & 0o777).toBe(0o600);
  // No account here: what a person must do is said.
  expect(first.code).not.toBe(0);
  expect(first.output).toContain("npx wrangler login");
  const second = deploy();
  expect(await keyIn(keyFile)).toBe(key);
  expect(second.output).not.toContain(key);
  expect(execFileSync("git", ["check-ignore", basename(keyFile)], { cwd: ROOT }).toString()).toBe(".hub-key.env\n");
});

test.each([
  ["dev-key", "has 7 characters, it must have at least 24"],
  ["test-key-that-is-long-enough", "is an example, which everybody knows"],
  ["change-me-please-0123456789abc", "is an example, which everybody knows"],
  ["aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "has only 1 different characters, so it can be guessed"],
])("[KEY2] the key %s is refused before anything is deployed", async (key, says) => {
  await writeFile(keyFile, `HUB_KEY=${key}\n`);
  for (const args of [[], ["--dry-run"]]) {
    const { code, output } = deploy(...args);
    expect([code, output]).toEqual([1, expect.stringContaining(`HUB_KEY in .hub-key.env ${says}`)]);
    expect(output).not.toContain("wrangler login");
  }
});

test("[KEY2] a file without a key is refused, one that others can read is closed", async () => {
  await writeFile(keyFile, "# nothing yet\n");
  expect(deploy().output).toContain(".hub-key.env has neither HUB_KEY nor HUB_KEYS");
  await writeFile(keyFile, "HUB_KEY=Zm9yIHRlc3RzIG9ubHksIG5vdCBhIGtleSE\n");
  await chmod(keyFile, 0o644);
  expect(deploy().output).toContain("could be read by others of this machine; now only by you.");
  expect((await stat(keyFile)).mode & 0o777).toBe(0o600);
});
