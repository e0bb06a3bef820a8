/** Where settings come from, what becomes of the file, and which exit code a failure has. */
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import packageJson from "../../package.json" with { type: "json" };
import { ConfigFile } from "../../src/cli/config-file.ts";
import { ownCommand } from "../../src/cli/commands/install.ts";
import { EXIT, exitOf, Failed, failedFrom } from "../../src/cli/exit.ts";
import { failureLines } from "../../src/cli/session.ts";
import { settingsFrom } from "../../src/cli/settings.ts";
import { hasColours } from "../../src/cli/terminal.ts";
import { VERSION } from "../../src/cli/version.ts";
import { HubError } from "../../src/client/index.ts";
import { ERRORS } from "../../src/protocol/index.ts";
import { Writable } from "node:stream";

test("flags come before the environment, the environment before the file, and each alone counts", () => {
  const flags = { url: "http://flag", key: "flag-key", agent: "flag", name: "FLAG" };
  const env = {
    CHANNEL_HUB_URL: "http://env",
    CHANNEL_HUB_KEY: "env-key",
    CHANNEL_HUB_AGENT: "env",
    CHANNEL_HUB_NAME: "ENV",
    CHANNEL_HUB_CHANNEL: "ch-1",
  };
  const kept = { url: "https://file", key: "file-key", agent: "file", name: "FILE", channel: "ch-2" };
  expect(settingsFrom(flags, env, kept)).toMatchObject({ ...flags, channel: "ch-1" });
  expect(settingsFrom({}, env, kept)).toMatchObject({ url: "http://env", key: "env-key", agent: "env", name: "ENV" });
  expect(settingsFrom({}, { CHANNEL_HUB_URL: "" }, kept)).toMatchObject(kept);
  expect(settingsFrom({ name: "FLAG" }, { CHANNEL_HUB_AGENT: "env" }, kept)).toMatchObject({
    name: "FLAG",
    agent: "env",
    url: "https://file",
  });
});

test.each(["", "${CHANNEL_HUB_KEY}", "$CHANNEL_HUB_KEY", "{env:CHANNEL_HUB_KEY}", "${env:CHANNEL_HUB_KEY}"])(
  "a variable that a host hands on unset is not set: %j",
  (CHANNEL_HUB_KEY) => {
    expect(settingsFrom({ url: "https://hub.example" }, { CHANNEL_HUB_KEY }, {}).key).toBeUndefined();
  },
);

const KEPT = { url: "https://hub.example", key: "kept-key" };

test.each([
  "https://evil.example",
  "https://hub.example:444",
  "http://hub.example",
  "https://hub.example.evil",
  "https://x.hub.example",
])("[T33] a kept hub key goes to its kept origin only, not to %s", (url) => {
  expect(settingsFrom({ url }, {}, KEPT).key).toBeUndefined();
  expect(settingsFrom({}, { CHANNEL_HUB_URL: url }, KEPT).key).toBeUndefined();
  expect(settingsFrom({}, {}, KEPT, url).key).toBeUndefined();
  expect(settingsFrom({ url: "https://hub.example/sub" }, {}, KEPT).key).toBe("kept-key");
});

test("[T33] a kept hub key does not travel over plain http, but on this machine", () => {
  const plain = { url: "http://10.0.0.7:8787", key: "kept-key" };
  expect(() => settingsFrom({}, {}, plain)).toThrow("not sent to 10.0.0.7:8787 over plain http");
  // Given together with the address it is the user's word.
  expect(settingsFrom({}, { CHANNEL_HUB_KEY: "told" }, plain).key).toBe("told");
  expect(settingsFrom({}, {}, { url: "http://127.0.0.1:8787", key: "kept-key" }).key).toBe("kept-key");
});

test("[T33] the environment's hub key is for the environment's hub, not for another that a flag names", () => {
  const env = { CHANNEL_HUB_URL: "https://hub.example", CHANNEL_HUB_KEY: "env-key" };
  expect(settingsFrom({ url: "https://evil.example" }, env, {}).key).toBeUndefined();
  expect(settingsFrom({ url: "https://hub.example" }, env, {}).key).toBe("env-key");
  expect(settingsFrom({ url: "https://evil.example", key: "told" }, env, {}).key).toBe("told");
  expect(settingsFrom({ url: "https://other.example" }, { CHANNEL_HUB_KEY: "told" }, {}).key).toBe("told");
});

test("without any, it is the hub of npm start; a hub of one's own never gets that hub's key", () => {
  expect(settingsFrom({}, {}, {})).toMatchObject({ url: "http://127.0.0.1:8787", key: "dev-key", agent: undefined });
  expect(settingsFrom({ url: "https://hub.example" }, {}, {}).key).toBeUndefined();
});

test.each([
  [{ url: "hub.example" }, "http or https"],
  [{ url: "file:///etc" }, "http or https"],
  [{ agent: "no key" }, "the agent key"],
  [{ agent: "system" }, "the agent key"],
  [{ name: "a\u202eb" }, "the name"],
])("a value that makes no sense is a usage error: %j", (flags, says) => {
  const settle = (): unknown => settingsFrom(flags, {}, {});
  expect(settle).toThrow(says);
  expect(settle).toThrow(expect.objectContaining({ exit: EXIT.usage }));
});

function fileIn(text?: string): ConfigFile {
  const home = mkdtempSync(join(tmpdir(), "channel-hub-config-"));
  onTestFinished(() => rmSync(home, { recursive: true }));
  const file = new ConfigFile({ XDG_CONFIG_HOME: home });
  if (text !== undefined) {
    mkdirSync(join(home, "channel-hub"));
    writeFileSync(file.path, text);
  }
  return file;
}

test("the file is for its owner alone, keeps what it does not know, and says when others can read it", () => {
  const file = fileIn('{"url":"http://a","theme":"dark"}');
  chmodSync(file.path, 0o644);
  expect(file.isOpen).toBe(true);
  file.keep({ agent: "alpha" });
  expect(statSync(file.path).mode & 0o777).toBe(0o600);
  expect(file.isOpen).toBe(false);
  expect(JSON.parse(readFileSync(file.path, "utf8"))).toEqual({ url: "http://a", theme: "dark", agent: "alpha" });
});

test("the first agent key that is kept stays", () => {
  const file = fileIn();
  expect(file.read()).toEqual({});
  expect(file.keepFirst("first")).toBe("first");
  expect(file.keepFirst("second")).toBe("first");
  expect(fileIn('{"url":"http://a"}').keepFirst("third")).toBe("third");
});

test.each(["{", "[]", '{"url":1}', '{"identity":{"kty":"RSA"}}'])("a file that makes no sense is named: %s", (text) => {
  const file = fileIn(text);
  expect(() => file.read()).toThrow(file.path);
  expect(() => file.read()).toThrow(expect.objectContaining({ exit: EXIT.usage, hint: "correct it, or remove it" }));
});

test("without XDG_CONFIG_HOME it is in ~/.config", () => {
  expect(new ConfigFile({ HOME: "/home/me" }).path).toBe("/home/me/.config/channel-hub/config.json");
});

test("every code of the protocol has the exit code of what it means", () => {
  const exits = Object.fromEntries(Object.keys(ERRORS).map((code) => [code, exitOf({ code })]));
  expect(exits).toMatchObject({
    bad_name: EXIT.usage,
    text_too_large: EXIT.usage,
    unauthorized: EXIT.auth,
    forbidden_scope: EXIT.auth,
    identity_mismatch: EXIT.auth,
    clock_skew: EXIT.auth,
    not_participant: EXIT.auth,
    paused: EXIT.failed,
    channel_not_found: EXIT.not_found,
    channel_deleted: EXIT.not_found,
    idempotency_conflict: EXIT.failed,
    rate_limited: EXIT.failed,
    internal: EXIT.failed,
  });
  for (const code of ["network", "bad_answer", "upgrade_failed"]) expect(exitOf({ code })).toBe(EXIT.network);
  expect(exitOf({ code: "of a later hub" })).toBe(EXIT.failed);
});

test("a failure is told with what to do next, and nothing raw in it", () => {
  const refused = failedFrom(new HubError({ code: "not_participant", message: "no\u001b[2J\u202e", status: 403 }));
  expect(failureLines(refused, "npx -y https://h/channel-hub.tgz")).toBe(
    "channel-hub: no\\u{1b}[2J\\u{202e}\n  join first: npx -y https://h/channel-hub.tgz join CHANNEL",
  );
  expect(failedFrom(new TypeError("broken"))).toMatchObject({ exit: EXIT.failed });
  const own = new Failed(EXIT.usage, "which?");
  expect(failedFrom(own)).toBe(own);
});

test("colours are for terminals, and for whoever insists", () => {
  const pipe = new Writable();
  const terminal = Object.assign(new Writable(), { isTTY: true });
  expect(hasColours(pipe, {})).toBe(false);
  expect(hasColours(terminal, {})).toBe(true);
  expect(hasColours(terminal, { TERM: "dumb" })).toBe(false);
  expect(hasColours(terminal, { NO_COLOR: "1" })).toBe(false);
  expect(hasColours(terminal, { NO_COLOR: "" })).toBe(true);
  expect(hasColours(pipe, { FORCE_COLOR: "1" })).toBe(true);
  expect(hasColours(terminal, { FORCE_COLOR: "0" })).toBe(false);
  expect(hasColours(pipe, { FORCE_COLOR: "1", NO_COLOR: "1" })).toBe(false);
});

test("a host starts the command where it is, or through npx where it will not stay", () => {
  const script = "/opt/hub/dist/cli/bin.js";
  expect(ownCommand(script, "https://hub.example", undefined)).toEqual([process.execPath, script, "mcp"]);
  expect(ownCommand(script, "https://hub.example", "1a2b")).toEqual(
    "npx -y --fetch-retries=0 https://hub.example/channel-hub.tgz?v=1a2b mcp".split(" "),
  );
});

test("the command has the package's version", () => {
  expect(VERSION).toBe(packageJson.version);
});
