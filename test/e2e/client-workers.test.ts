/** The client library inside a Worker, where upgrades are made by fetch and their refusals can be seen. */
import { join } from "node:path";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { createChannel } from "../support/process/agent.ts";
import { HUB_KEY, HubProcess } from "../support/process/hub-process.ts";
import { WorkerProcess } from "../support/process/worker-process.ts";
import type { Visit } from "./support/client-worker.ts";

let hub: HubProcess;
let worker: WorkerProcess;
beforeAll(async () => {
  hub = await HubProcess.start({ worker: inject("worker") });
  worker = await WorkerProcess.start(join(import.meta.dirname, "support/client-worker.ts"));
});
afterAll(async () => {
  await worker[Symbol.asyncDispose]();
  await hub[Symbol.asyncDispose]();
});

async function visit(change: Partial<Visit>): Promise<unknown> {
  const asked = { url: hub.url, key: HUB_KEY, agent: "worker", channel: "ch-1", text: "from a Worker", ...change };
  const answer = await fetch(worker.url, { method: "POST", body: JSON.stringify(asked) });
  return answer.json();
}

test("an agent on Workers connects with its hub key as a header, sends and reads", async () => {
  const channel = await createChannel(hub.url);
  expect(await visit({ channel })).toEqual({
    seq: 3,
    texts: ["Channel 'ops' created by ALPHA", "worker joined the channel"],
    left: [],
  });
});

test.each([
  [
    { key: "wrong-key-that-is-long-enough" },
    { code: "unauthorized", status: 401, message: "the hub key is wrong; send the right one as the header x-spf-key" },
  ],
  [{ agent: "bad key" }, { code: "bad_key", status: 400 }],
  [{ channel: "ch-99" }, { code: "channel_not_found", message: "Channel not found: ch-99" }],
])("it is told why it cannot connect: %j", async (change, why) => {
  expect(await visit(change)).toMatchObject(why);
});
