/** The commands for moderating, for several hubs, and for the shell itself. */
import { execFileSync } from "node:child_process";
import { afterAll, beforeAll, expect, inject, onTestFinished, test } from "vitest";
import { call, createChannel, type Json } from "../support/process/agent.ts";
import { COMMAND, Shell } from "../support/process/command.ts";
import { HUB_KEY, HubProcess } from "../support/process/hub-process.ts";
import { post, send } from "./support/hub-calls.ts";

const OTHER_KEY = "another-key-that-is-long-enough";

let hub: HubProcess;
beforeAll(async () => {
  hub = await HubProcess.start({ worker: inject("worker"), variables: { HUB_RATE_PER_SECOND: "0" } });
});
afterAll(() => hub[Symbol.asyncDispose]());

function shellOf(name: string, more: Readonly<Record<string, string>> = {}): Shell {
  const settings = { CHANNEL_HUB_URL: hub.url, CHANNEL_HUB_KEY: HUB_KEY, CHANNEL_HUB_AGENT: name.toLowerCase() };
  const shell = new Shell({ ...settings, CHANNEL_HUB_NAME: name, ...more });
  onTestFinished(() => shell[Symbol.dispose]());
  return shell;
}

test("[GRD2] kick, pause, resume, guard-reset and delete do it, and say so", async () => {
  const id = await createChannel(hub.url, "moderated");
  await post(hub.url, "join", { channel_id: id, key: "bravo", name: "BRAVO" });
  const alpha = shellOf("ALPHA");
  const details = async (): Promise<Json> => (await call(hub.url, `/api/channel/${id}`)).body;
  expect(await alpha.run(["pause", "moderated"])).toEqual({ code: 0, out: "", err: `paused ${id}\n` });
  expect((await details()).paused).toBe(true);
  expect(await alpha.run(["resume", id])).toMatchObject({ code: 0, err: `resumed ${id}\n` });
  expect((await details()).paused).toBe(false);
  expect(await alpha.run(["guard-reset", id])).toMatchObject({ code: 0, err: `reset the loop guard of ${id}\n` });
  const kicked = await alpha.run(["kick", id, "BRAVO", "--minutes", "5", "--json"]);
  expect([kicked.code, JSON.parse(kicked.out)]).toEqual([0, { ok: true, channel_id: id, seq: expect.any(Number) }]);
  expect((await details()).participants).toHaveLength(1);
  expect(await alpha.run(["kick", id, "NOBODY"])).toMatchObject({ code: 2 });
  expect(await alpha.run(["kick", id, "BRAVO", "--minutes", "0"])).toMatchObject({ code: 2 });
  expect(await alpha.run(["delete", id])).toEqual({ code: 0, out: "", err: `deleted ${id}\n` });
  expect(await alpha.run(["delete", id])).toMatchObject({ code: 4 });
});

test("[ACC2] [ACC3] pass make prints a pass alone, list shows all but its text, revoke ends it", async () => {
  const id = await createChannel(hub.url, "guests");
  const admin = shellOf("ADMIN-1");
  const made = await admin.run(["pass", "make", "--for", "carl", "--as", "agent", "--in", "guests", "--hours", "2"]);
  expect(made).toMatchObject({ code: 0, out: expect.stringMatching(/^hubp_[\w-]+\.[\w-]+\n$/) });
  const pass = /pass revoke (p\d+_\S+)/.exec(made.err)?.[1] ?? "";
  const carl = shellOf("CARL", { CHANNEL_HUB_KEY: made.out.trim(), CHANNEL_HUB_AGENT: "carl" });
  expect(await carl.run(["join", id])).toMatchObject({ code: 0 });
  expect(await carl.run(["send", id, "here"])).toMatchObject({ code: 0 });
  const listed = await admin.run(["pass", "list"]);
  expect(listed.out).toMatch(new RegExp(`^${pass} +agent +carl +${id} +\\d{4}-\\S+ +HUB_KEY +good`, "m"));
  expect(listed.out).not.toContain("hubp_");
  expect(await carl.run(["pass", "list"])).toMatchObject({ code: 3 });
  expect(await admin.run(["pass", "revoke"])).toMatchObject({ code: 2, err: expect.stringContaining("--all") });
  expect(await admin.run(["pass", "revoke", pass])).toEqual({ code: 0, out: "", err: `revoked ${pass}\n` });
  expect(await carl.run(["send", id, "still"])).toMatchObject({ code: 3, err: expect.stringContaining("revoked") });
  expect(await admin.run(["pass", "revoke", "p999_AAAAAAAAAAAAAAAA"])).toMatchObject({ code: 4 });
  expect(await admin.run(["pass", "make", "--hours", "0"])).toMatchObject({ code: 2 });
});

test("list shows what is unread and when somebody spoke last, in columns that stand under each other", async () => {
  const bravo = shellOf("BRAVO");
  const ids = await Promise.all(["one", "a much longer name"].map((name) => createChannel(hub.url, name)));
  const [joined = "", other = ""] = ids;
  await post(hub.url, "join", { channel_id: joined, key: "bravo" });
  for (const text of ["a", "b"]) await send(hub.url, joined, { key: "alpha", text });
  const lines = (await bravo.run(["list"])).out.trimEnd().split("\n");
  const [head = ""] = lines;
  const row = (id: string): string => lines.find((line) => line.startsWith(`${id} `)) ?? "";
  const cell = (id: string, title: string): string => /^\S+/.exec(row(id).slice(head.indexOf(title)))?.[0] ?? "";
  expect(["UNREAD", "JOINED", "MESSAGES"].map((title) => cell(joined, title))).toEqual(["2", "2", "4"]);
  expect(cell(joined, "LAST")).toMatch(/^\d\d:\d\d$/);
  expect(["UNREAD", "LAST"].map((title) => cell(other, title))).toEqual(["-", "-"]);
  expect(row(other)).toMatch(/ a much longer name$/);
  const json = (await bravo.run(["list", "--json", "--mine"])).out
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(json).toMatchObject([{ id: joined, unread: 2, last_activity: expect.stringMatching(/Z$/) }]);
});

test("profiles hold several hubs: one is used for once by its name, another from now on, each with its own key", async () => {
  await using other = await HubProcess.start({ worker: inject("worker"), variables: { HUB_KEY: OTHER_KEY } });
  const shell = new Shell({});
  onTestFinished(() => shell[Symbol.dispose]());
  const keep = async (name: string, at: HubProcess, key: string): Promise<void> => {
    const keyed = new Shell({ CHANNEL_HUB_KEY: key, XDG_CONFIG_HOME: `${shell.home}/.config` });
    onTestFinished(() => keyed[Symbol.dispose]());
    expect(await keyed.run(["profile", "add", name, "--url", at.url, "--channel", "ops"])).toMatchObject({
      code: 0,
      out: "",
    });
  };
  await keep("work", hub, HUB_KEY);
  await keep("home", other, OTHER_KEY);
  await createChannel(hub.url, "only at work");
  const listed = async (...args: string[]): Promise<string> => (await shell.run(["list", ...args])).out;
  expect(await listed("--profile", "work")).toContain("only at work");
  expect(await shell.run(["profile", "use", "home"])).toMatchObject({ code: 0 });
  expect(await shell.run(["create", "only at home"])).toMatchObject({ code: 0 });
  expect(await listed()).toContain("only at home");
  expect(await listed()).not.toContain("only at work");
  const profiles = (await shell.run(["profile"])).out;
  expect(profiles).toMatch(/^ {3}default .*\n {3}work .*\n\* {2}home .*\n$/);
  expect(profiles).not.toContain(OTHER_KEY);
  const elsewhere = new Shell({
    ...shell.env,
    CHANNEL_HUB_URL: "http://127.0.0.1:1",
    XDG_CONFIG_HOME: `${shell.home}/.config`,
  });
  onTestFinished(() => elsewhere[Symbol.dispose]());
  expect((await elsewhere.run(["list", "--profile", "work"])).out).toContain("only at work");
  expect(await shell.run(["list", "--profile", "none"])).toMatchObject({
    code: 2,
    err: expect.stringContaining("default, work, home"),
  });
  expect(await shell.run(["profile", "add", "__proto__", "--url", hub.url])).toMatchObject({ code: 2 });
  expect(await shell.run(["profile", "remove", "home"])).toMatchObject({ code: 0 });
  expect((await shell.run(["profile"])).out).toMatch(/^\* {2}default/);
});

test("shells complete commands, flags, their values, and the channels you are in", async () => {
  const id = await createChannel(hub.url, "completable");
  await post(hub.url, "join", { channel_id: id, key: "erin" });
  const spaced = await createChannel(hub.url, "with spaces");
  await post(hub.url, "join", { channel_id: spaced, key: "erin" });
  const erin = shellOf("ERIN");
  const after = async (...words: string[]): Promise<string[]> =>
    (await erin.run(["complete", "--", ...words])).out.split("\n").filter((word) => word !== "");
  expect(await after("li")).toEqual(["list", "listen"]);
  expect(await after("key", "")).toEqual(["new", "agent", "help"]);
  expect(await after("list", "--m")).toEqual(["--mine"]);
  expect(await after("listen", "--for", "")).toEqual(["all", "me"]);
  expect(await after("send", "")).toEqual(["completable", spaced]);
  expect(await after("--url", hub.url, "history", "comp")).toEqual(["completable"]);
  expect(await after("completion", "z")).toEqual(["zsh"]);
  for (const shell of ["bash", "zsh", "fish"]) {
    const { code, out } = await erin.run(["completion", shell]);
    expect([code, out]).toEqual([0, expect.stringContaining("channel-hub complete --")]);
  }
  expect(await erin.run(["completion", "csh"])).toMatchObject({ code: 2 });
});

test("bash takes the completion as it is printed", async () => {
  const erin = shellOf("ERIN");
  const { out } = await erin.run(["completion", "bash"]);
  const [node, script] = COMMAND;
  const words = `COMP_WORDS=(channel-hub li); COMP_CWORD=1; _channel_hub; printf '%s ' "\${COMPREPLY[@]}"`;
  const asked = `channel-hub() { "${node}" "${script}" "$@"; }\n${out}\n${words}`;
  expect(execFileSync("bash", ["-c", asked], { env: erin.env, encoding: "utf8" })).toBe("list listen ");
});

test("[IDX6] [IDX7] fsck and audit show the owner what is there, in lines and as JSON", async () => {
  const id = await createChannel(hub.url, "audited");
  const alpha = shellOf("ALPHA");
  await alpha.run(["pause", id]);
  const [newest = ""] = (await alpha.run(["audit"])).out.split("\n");
  expect(newest).toMatch(new RegExp(`^\\d{4}-\\S+Z {2}HUB_KEY as alpha {2}pause {2}${id}$`));
  const { out } = await alpha.run(["audit", "--json", "--limit", "1"]);
  expect(JSON.parse(out)).toMatchObject({ act: "pause", channel_id: id, kid: "HUB_KEY" });
  expect(await alpha.run(["fsck"])).toMatchObject({ code: 0, out: "", err: expect.stringContaining("agree") });
  expect(await alpha.run(["fsck", "--restored"])).toMatchObject({ code: 0 });
});
