/** The package that hubs hand out: what starts on an old Node, where it came from, whose keys go where. */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { transformSync } from "esbuild";
import { expect, onTestFinished, test } from "vitest";
import { anywhere, hubOfOrigin, ownBuild, packageAt } from "../../src/cli/origin.ts";
import { settingsFrom } from "../../src/cli/settings.ts";
import { ROOT } from "../support/protocol-page.ts";

const ENTRY = readFileSync(join(ROOT, "src/cli/entry.cts"), "utf8");

/** The types alone taken out, as in the package. */
function entry(target: string): string {
  return transformSync(ENTRY, { loader: "ts", format: "cjs", target }).code;
}

test("what starts the command is ECMAScript 5, so that any Node can say that it is too old", () => {
  expect(() => entry("es5")).not.toThrow();
  for (const syntax of [/=>/, /`/, /\b(const|let|async|class)\b/, /\bimport\s*\(/, /\.\.\./, /\?\?|\?\./]) {
    expect(entry("esnext").replaceAll(/\/\*.*?\*\/|"[^"]*"/gs, "")).not.toMatch(syntax);
  }
});

test.each(["0.10.48", "8.17.0", "20.20.2", "22.11.0"])("Node %s is told which one is needed, in one line", (old) => {
  const pretend = `Object.defineProperty(process, "versions", { value: { node: "${old}" } });`;
  const { stderr, status } = spawnSync(process.execPath, ["-e", pretend + entry("es5").replace(/^#!.*/, "")], {
    encoding: "utf8",
  });
  expect([status, stderr]).toEqual([
    1,
    expect.stringMatching(/^channel-hub needs Node 22\.12 or later; this is .*\n$/),
  ]);
});

/** `node_modules` as npm leaves it after fetching the package from an address. */
function installed(resolved: unknown): string {
  const home = mkdtempSync(join(tmpdir(), "channel-hub-origin-"));
  onTestFinished(() => rmSync(home, { recursive: true }));
  const command = join(home, "node_modules/channel-hub/command");
  mkdirSync(command, { recursive: true });
  const locked = { packages: { "node_modules/channel-hub": { resolved } } };
  writeFileSync(join(home, "node_modules/.package-lock.json"), JSON.stringify(locked));
  writeFileSync(join(command, "../package.json"), '{"build":"1a2b"}');
  return command;
}

test("[HST4] the command knows the hub it was fetched from, and its own build", () => {
  expect(hubOfOrigin(installed("https://hub.example/channel-hub.tgz"))).toBe("https://hub.example");
  expect(hubOfOrigin(installed("http://127.0.0.1:8787/channel-hub.tgz?v=1a2b"))).toBe("http://127.0.0.1:8787");
  expect(hubOfOrigin(installed("https://a.example/hub/channel-hub.tgz"))).toBe("https://a.example/hub");
  expect(ownBuild(installed("https://hub.example/channel-hub.tgz"))).toBe("1a2b");
  for (const other of [
    undefined,
    1,
    "channel-hub-0.1.0.tgz",
    "https://registry.example/channel-hub/-/channel-hub-0.1.0.tgz",
  ])
    expect(hubOfOrigin(installed(other))).toBeUndefined();
  expect(hubOfOrigin(join(ROOT, "src/cli"))).toBeUndefined();
  expect(ownBuild(join(ROOT, "src/cli"))).toBeUndefined();
});

test("[HST4] that hub comes before the one of the file, and no hub gets a key that is kept for another", () => {
  const kept = { url: "https://a.example", key: "a-key" };
  expect(settingsFrom({}, {}, kept)).toMatchObject(kept);
  expect(settingsFrom({}, {}, kept, "https://b.example")).toMatchObject({ url: "https://b.example", key: undefined });
  expect(settingsFrom({}, {}, kept, "https://a.example/")).toMatchObject({ key: "a-key" });
  expect(settingsFrom({ url: "https://b.example" }, {}, kept).key).toBeUndefined();
  expect(
    settingsFrom({}, { CHANNEL_HUB_URL: "https://c.example", CHANNEL_HUB_KEY: "c" }, kept, "https://b.example"),
  ).toMatchObject({ url: "https://c.example", key: "c" });
  // The key of `npm start` is no secret, and of this machine alone.
  expect(settingsFrom({}, {}, {}, "http://127.0.0.1:9999").key).toBe("dev-key");
});

test("addresses are of the hub, whatever slash stands at its end", () => {
  expect(anywhere("https://hub.example/")).toBe("npx -y https://hub.example/channel-hub.tgz");
  expect(packageAt("https://hub.example", "1a2b")).toBe("https://hub.example/channel-hub.tgz?v=1a2b");
});

/** Ours, wherever it stands; any other where a command may begin: not in a sentence about npx. */
const STARTED =
  /\b(?:npx|npm exec|pnpm dlx|yarn dlx|bunx) +(?:-\S+ +)*(channel-hub)|(?:^|[`"'(|&;=]|\$ )\s*(?:npx|npm exec|pnpm dlx|yarn dlx|bunx) +(?:-\S+ +)*([^\s`"',)]+)/gm;
const INSTALLED = /\bnpm (?:install|i|add) +(?:-\S+ +)*([@a-z][^\s`"',)]*)/g;
/** The hub's own address; wrangler, which is Cloudflare's; what a clone has among its dependencies. */
const KNOWN = /^(https?:|\$\{|wrangler$|vitest$|node$)/;

test("[T46] [HST4] nothing printed or documented names a package that a stranger could own", () => {
  const files = execFileSync("git", ["ls-files", "src", "scripts", "examples", "docs", "*.md"], {
    cwd: ROOT,
    encoding: "utf8",
  })
    .split("\n")
    .filter((file) => /\.(ts|tsx|md|html|sh|py|toml|cts)$/.test(file));
  expect(files.length).toBeGreaterThan(100);
  const named: string[] = [];
  for (const file of files) {
    const text = readFileSync(join(ROOT, file), "utf8");
    for (const [, own, other] of [...text.matchAll(STARTED), ...text.matchAll(INSTALLED)]) {
      const name = own ?? other ?? "";
      if (!KNOWN.test(name)) named.push(`${file}: ${name}`);
    }
  }
  expect(named).toEqual([]);
});
