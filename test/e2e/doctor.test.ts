/** `channel-hub doctor` tells a healthy hub from all the others. */
import { createServer } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { Dice } from "../support/crash/dice.ts";
import { FaultyProxy } from "../support/network/faulty-proxy.ts";
import { call } from "../support/process/agent.ts";
import { type Finished, Shell } from "../support/process/command.ts";
import { HUB_KEY, type HubProcess } from "../support/process/hub-process.ts";
import { freePort } from "../support/process/ports.ts";
import { startHub } from "./support/hub-calls.ts";

let hub: HubProcess;
beforeAll(async () => {
  hub = await startHub();
});
afterAll(() => hub[Symbol.asyncDispose]());

function shellWith(key: string): Shell {
  const shell = new Shell({ CHANNEL_HUB_KEY: key });
  onTestFinished(() => shell[Symbol.dispose]());
  return shell;
}

function examine(url: string, key = HUB_KEY): Promise<Finished> {
  return shellWith(key).run(["doctor", url, "--seconds", "1"]);
}

/** Which checks went how. */
function verdicts({ out }: Finished): Record<string, string> {
  return Object.fromEntries(
    [...out.matchAll(/^(ok|BAD) +(\w+)/gm)].map(([, mark = "", name = ""]) => [name, mark] as const),
  );
}

test("a healthy hub: all is well, and nothing is left behind", async () => {
  const found = await examine(hub.url);
  expect(verdicts(found)).toEqual({ reach: "ok", key: "ok", clock: "ok", talk: "ok", link: "ok", resume: "ok" });
  expect(found).toMatchObject({ code: 0, err: "healthy: agents can rely on this hub from here\n" });
  expect((await call(hub.url, "/api/channel/list")).body.channels).toEqual([]);
});

test("a wrong key: 3, and how to give the right one", async () => {
  const found = await examine(hub.url, "wrong");
  expect(verdicts(found)).toEqual({ reach: "ok", key: "BAD" });
  expect(found).toMatchObject({ code: 3, err: expect.stringContaining("CHANNEL_HUB_KEY") });
});

test("no host, and a host that is no hub: 5", async () => {
  const server = createServer((_request, response) => response.end('{"ok":true,"name":"another"}'));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  for (const url of [`http://127.0.0.1:${port}`, `http://127.0.0.1:${await freePort()}`]) {
    const found = await examine(url);
    expect(verdicts(found)).toEqual({ reach: "BAD" });
    expect(found.code).toBe(5);
  }
});

test.each(["reset", "stall"] as const)("a proxy that loses frames (%s): 1, and what it is", async (cut) => {
  await using proxy = await FaultyProxy.start(hub.port, new Dice(1));
  const examined = shellWith(HUB_KEY).run(["doctor", proxy.url, "--seconds", "8"]);
  // Two have joined, and the first has spoken: a cut before would be a connect that fails.
  const isTalking = ({ message_count }: { message_count: number }): boolean => message_count > 2;
  while (!(await call(hub.url, "/api/channel/list")).body.channels.some(isTalking)) await sleep(20);
  for (const link of proxy.links) link.arm(cut, "down", 300);
  const found = await examined;
  expect(verdicts(found)).toMatchObject({ reach: "ok", key: "ok", link: "BAD", resume: "ok" });
  expect(found).toMatchObject({ code: 1, err: "not well: see above\n" });
});
