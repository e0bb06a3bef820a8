/** `channel-hub chat` at a terminal: what is typed and what comes do not get in each other's way. */
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, inject, onTestFinished, test } from "vitest";
import { main } from "../../src/cli/main.ts";
import { call, createChannel, type Json } from "../support/process/agent.ts";
import { Shell } from "../support/process/command.ts";
import { HUB_KEY, HubProcess } from "../support/process/hub-process.ts";
import { post, send } from "./support/hub-calls.ts";
import { Terminal } from "./support/terminal.ts";

let hub: HubProcess;
beforeAll(async () => {
  hub = await HubProcess.start({ worker: inject("worker"), variables: { HUB_RATE_PER_SECOND: "0" } });
});
afterAll(() => hub[Symbol.asyncDispose]());

interface Room {
  readonly id: string;
  readonly terminal: Terminal;
  /** Exit code. */
  readonly ended: Promise<number>;
  readonly texts: () => Promise<string[]>;
}

/** BRAVO in a chat at a terminal of so many columns, with ALPHA and BUILD BOT in the channel. */
async function chatting(columns?: number): Promise<Room> {
  const id = await createChannel(hub.url, "talk");
  await post(hub.url, "join", { channel_id: id, key: "bot", name: "Build Bot" });
  const shell = new Shell({});
  onTestFinished(() => shell[Symbol.dispose]());
  const settings = {
    CHANNEL_HUB_URL: hub.url,
    CHANNEL_HUB_KEY: HUB_KEY,
    CHANNEL_HUB_AGENT: "bravo",
    CHANNEL_HUB_NAME: "BRAVO",
  };
  const terminal = new Terminal(columns);
  const { keyboard: stdin, screen: stdout } = terminal;
  const ended = main(["chat", id], {
    env: { ...shell.env, ...settings, NO_COLOR: "1" },
    stdin,
    stdout,
    stderr: stdout,
  });
  onTestFinished(async () => {
    terminal.type("\u0003");
    await ended;
  });
  await terminal.shows("\n>");
  await terminal.shows("BRAVO joined");
  const texts = async (): Promise<string[]> => {
    const { messages } = (await call(hub.url, `/api/channel/${id}/history`)).body;
    return messages.filter(({ msg_type }: Json) => msg_type !== "system").map(({ text }: Json) => text);
  };
  return { id, terminal, ended, texts };
}

function count(text: string, part: string): number {
  return text.split(part).length - 1;
}

describe.each([40, 41, 80])("at %i columns", (columns) => {
  test("a typed line of several rows swallows nothing that comes and is drawn once, wherever its cursor is", async () => {
    const { id, terminal, texts } = await chatting(columns);
    const typed = "a line that goes over several rows because somebody has a lot to say about it, to be sure of it";
    terminal.type(typed);
    await terminal.shows("of it");
    for (let n = 1; n <= 4; n++) {
      await send(hub.url, id, { key: "alpha", text: `news ${n}` });
      await terminal.shows(`news ${n}`);
      // Left by a row and more.
      if (n % 2 === 1) terminal.type("\u001b[D".repeat(45));
      else terminal.type("\u0005");
    }
    await send(hub.url, id, { key: "alpha", text: "long ".repeat(40) + "end" });
    await terminal.shows("end");
    // The typed line is drawn again below what came.
    while (!terminal.text.replaceAll(/[\n ]/g, "").includes(`>${typed.replaceAll(" ", "")}`)) await sleep(20);
    const shown = terminal.text.replaceAll("\n", "");
    for (let n = 1; n <= 4; n++) expect(count(shown, `news ${n}`), terminal.text).toBe(1);
    expect(count(shown.replaceAll(" ", ""), `>${typed.replaceAll(" ", "")}`), terminal.text).toBe(1);
    expect(count(shown, "a line that"), terminal.text).toBe(1);
    terminal.type("\u0005!\r");
    while ((await texts()).length < 6) await sleep(20);
    expect((await texts()).at(-1)).toBe(`${typed}!`);
  });
});

test("/help and /who answer here alone, an unknown command is told, //text says /text, /quit ends", async () => {
  const { terminal, texts, ended } = await chatting();
  terminal.type("/help\r");
  await terminal.shows("/quit");
  terminal.type("/who\r");
  await terminal.shows("(key bot)");
  terminal.type("/dance now\r");
  await terminal.shows("there is no command /dance");
  terminal.type("//etc/hosts\r");
  while ((await texts()).length < 1) await sleep(20);
  terminal.type("/quit\rnot said\r");
  expect(await ended).toBe(0);
  expect(await texts()).toEqual(["/etc/hosts"]);
});

test("Tab completes names and commands, and writes no tab", async () => {
  const { terminal, texts } = await chatting(60);
  terminal.type("@al\t");
  await terminal.shows("> @ALPHA");
  terminal.type("ask bui\t");
  await terminal.shows("> @ALPHA ask @Build Bot");
  for (const keys of ["zzz\t", "\t", "end\r"]) {
    terminal.type(keys);
    await sleep(50);
  }
  while ((await texts()).length < 1) await sleep(20);
  expect(await texts()).toEqual(["@ALPHA ask @Build Bot zzzend"]);
  terminal.type("/w\t");
  await terminal.shows("> /who");
});
