/**
 * `npm run test:terminal`: a chat at a real terminal, made by tmux: what comes while a line of several
 * rows is typed, and what Tab and the slash do.
 */
import { strict as assert } from "node:assert";
import { spawnSync } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { call, createChannel, type Json } from "../test/support/process/agent.ts";
import { withWorker } from "../test/support/process/build.ts";
import { Shell } from "../test/support/process/command.ts";
import { HUB_KEY, HubProcess } from "../test/support/process/hub-process.ts";
import { Tmux } from "../test/support/process/tmux.ts";

/** Only guards against hanging. */
const HANGING_MS = 120_000;
const LINE = "a line that goes over several rows because somebody has a lot to say about it, to be sure";

if (spawnSync("tmux", ["-V"]).status === 0) await run();
else console.log("not run: chat at a terminal (install tmux)");

async function run(): Promise<void> {
  const guard = setTimeout(() => assert.fail("the chat hangs"), HANGING_MS);
  await withWorker([], async (worker) => {
    await using hub = await HubProcess.start({ worker });
    using shell = new Shell({
      CHANNEL_HUB_URL: hub.url,
      CHANNEL_HUB_KEY: HUB_KEY,
      CHANNEL_HUB_AGENT: "bravo",
      CHANNEL_HUB_NAME: "BRAVO",
      NO_COLOR: "1",
    });
    const id = await createChannel(hub.url, "talk");
    const terminal = new Tmux(shell, ["chat", id]);
    try {
      await converse(hub, id, terminal);
    } finally {
      terminal.end();
    }
    console.log("a chat at a terminal keeps the typed line, and swallows nothing");
  });
  clearTimeout(guard);
}

async function converse(hub: HubProcess, id: string, terminal: Tmux): Promise<void> {
  await terminal.shows("BRAVO joined");
  terminal.type(LINE);
  await terminal.shows("to be sure");
  for (let n = 1; n <= 3; n++) {
    await say(hub, id, `news ${n}`);
    await terminal.shows(`news ${n}`);
    terminal.press(...Array.from({ length: 25 }, () => "Left"));
  }
  await say(hub, id, `long ${"words ".repeat(30)}end`);
  await terminal.shows("end");
  await terminal.settled();
  for (const part of ["news 1", "news 2", "news 3", "a line that goes"])
    assert.equal(terminal.count(part), 1, terminal.screen);
  terminal.press("End", "Enter");
  terminal.type("/help");
  terminal.press("Enter");
  await terminal.shows("/quit");
  terminal.type("ask al");
  terminal.press("Tab");
  await terminal.shows("ask @ALPHA");
  terminal.press("Enter");
  while ((await textsOf(hub, id)).length < 6) await sleep(50);
  assert.deepEqual((await textsOf(hub, id)).slice(-2), [LINE, "ask @ALPHA "]);
  terminal.type("/quit");
  terminal.press("Enter");
  while (terminal.isUp) await sleep(50);
}

async function say(hub: HubProcess, channel_id: string, text: string): Promise<void> {
  const { status } = await call(hub.url, "/api/channel/send", { body: { channel_id, key: "alpha", text } });
  assert.equal(status, 200);
}

async function textsOf(hub: HubProcess, id: string): Promise<string[]> {
  const { messages } = (await call(hub.url, `/api/channel/${id}/history`)).body;
  return messages.filter(({ msg_type }: Json) => msg_type === "text").map(({ text }: Json) => text);
}
