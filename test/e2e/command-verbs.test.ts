/** The commands for moderating, for several hubs, and for the shell itself. */
import { afterAll, beforeAll, expect, inject, onTestFinished, test } from "vitest";
import { call, createChannel, type Json } from "../support/process/agent.ts";
import { Shell } from "../support/process/command.ts";
import { HUB_KEY, HubProcess } from "../support/process/hub-process.ts";
import { post, send } from "./support/hub-calls.ts";

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
