/** One holder at a time on a machine: the lock of those who wait, and what they know of other processes. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { Desk, shownUpTo } from "../../src/cli/wake/desk.ts";
import { Lock } from "../../src/cli/wake/lock.ts";
import { ancestors } from "../../src/cli/wake/parent.ts";
import { isRunning, processInfo } from "../../src/cli/wake/processes.ts";

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), "channel-hub-lock-"));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** A number that no process has any more. */
async function endedPid(): Promise<number> {
  const child = spawn(process.execPath, ["-e", ""]);
  await once(child, "exit");
  return child.pid ?? 0;
}

function taken(path: string): Lock {
  const lock = Lock.take(path);
  if (!(lock instanceof Lock)) throw new Error(`held by ${lock.pid}`);
  return lock;
}

test("[HST3] a lock has one holder, who is named to others, and is free once it is released", () => {
  const path = join(folder(), "of an agent", "waiting");
  const first = taken(path);
  expect(Lock.take(path)).toMatchObject({ pid: process.pid });
  expect(first.isHeld).toBe(true);
  first.release();
  const second = taken(path);
  expect([first.isHeld, second.isHeld]).toEqual([false, true]);
  first.release();
  expect(second.isHeld).toBe(true);
  expect(readdirSync(join(path, ".."))).toEqual(["waiting"]);
});

test("[HST3] what a process has left behind holds nothing: neither one that ended, nor one whose number another has now, nor half a file", async () => {
  const path = join(folder(), "waiting");
  const stale = [
    JSON.stringify({ pid: await endedPid(), started: "1" }),
    JSON.stringify({ pid: process.pid, started: "long ago" }),
    '{"pid":',
    "[]",
    '{"pid":-1,"started":""}',
    "",
  ];
  for (const text of stale) {
    writeFileSync(path, text);
    taken(path).release();
  }
});

test("a process is known by its number and its start", async () => {
  const own = processInfo(process.pid);
  expect(own).toMatchObject({ parent: process.ppid });
  expect([isRunning(process.pid, own?.started), isRunning(process.pid, "another time")]).toEqual([true, false]);
  const pid = await endedPid();
  expect([processInfo(pid), isRunning(pid)]).toEqual([undefined, false]);
});

test("[HST3] a host is found behind the shells that it starts a command through", async () => {
  const child = spawn("sh", ["-c", `sh -c 'echo $$; read line; true'; true`], { stdio: ["pipe", "pipe", "ignore"] });
  const [inner] = (await once(child.stdout, "data")) as [Buffer];
  expect(ancestors(Number(inner.toString())).map(({ pid }) => pid)).toEqual([
    Number(inner.toString()),
    child.pid,
    process.pid,
  ]);
  child.stdin.end("\n");
  await once(child, "exit");
  expect(ancestors(1)).toEqual([]);
});

test("[HST3] a desk keeps for each agent of each hub what was told, and what the tool says while it runs", () => {
  const env = { XDG_STATE_HOME: folder() };
  const desk = new Desk(env, "http://hub", "alpha");
  expect([desk.told, desk.tool]).toEqual([{}, undefined]);
  desk.tell("ch-1", { epoch: "e", seq: 7 });
  desk.tell("ch-2", { epoch: "f", seq: 1 });
  const note = { busy: true, pushes: false, shown: { "ch-1": { epoch: "e", seq: 9 } } };
  desk.note(note);
  const again = new Desk(env, "http://hub", "alpha");
  expect(again.told).toEqual({ "ch-1": { epoch: "e", seq: 7 }, "ch-2": { epoch: "f", seq: 1 } });
  expect(again.tool).toMatchObject(note);
  for (const [hub, agent] of [
    ["http://hub", "bravo"],
    ["http://other", "alpha"],
  ] as const)
    expect(new Desk(env, hub, agent).told).toEqual({});
});

test("[HST3] what a desk holds that is torn, of an ended tool, or of another life of a channel counts for nothing", async () => {
  const home = folder();
  const desk = new Desk({ XDG_STATE_HOME: home }, "http://hub", "alpha");
  const [of = ""] = (desk.tell("ch-1", { epoch: "e", seq: 7 }), readdirSync(join(home, "channel-hub")));
  const file = (name: string): string => join(home, "channel-hub", of, name);
  expect(shownUpTo({ channel_id: "ch-1", epoch: "e" }, desk.told, {})).toBe(7);
  expect(shownUpTo({ channel_id: "ch-1", epoch: "another" }, desk.told)).toBe(0);
  expect(shownUpTo({ channel_id: "constructor", epoch: "e" }, desk.told)).toBe(0);
  desk.note({ busy: true, pushes: false, shown: {} });
  const note = JSON.parse(readFileSync(file("tool.json"), "utf8")) as object;
  writeFileSync(file("tool.json"), JSON.stringify({ ...note, pid: await endedPid() }));
  expect(desk.tool).toBeUndefined();
  for (const text of ["", "{", "[]", '{"ch-1":{"epoch":"e","seq":-1}}']) {
    writeFileSync(file("told.json"), text);
    expect(desk.told).toEqual({});
  }
  mkdirSync(join(home, "none"));
});
