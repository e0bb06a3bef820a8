/** A socket that is too old ends, and a client does not notice but for the change it is told (KEY3). */
import { setTimeout as sleep } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { HubClient, type StateChange } from "../../src/client/index.ts";
import { createChannel } from "../support/process/agent.ts";
import { HUB_KEY } from "../support/process/hub-process.ts";
import { send } from "./support/hub-calls.ts";
import { patchedHub } from "./support/patched-hub.ts";

const LIFE_MS = 1000;

test("[KEY3] a client whose socket got too old connects again by itself and misses nothing", async () => {
  const hub = await patchedHub([
    {
      file: "src/protocol/limits.ts",
      find: "export const SOCKET_LIFE_MS = 24 * 3600 * 1000;",
      replace: `export const SOCKET_LIFE_MS = ${LIFE_MS};`,
    },
  ]);
  const id = await createChannel(hub.url);
  const client = new HubClient({ url: hub.url, key: HUB_KEY, agent: { key: "bravo", kind: "agent" } });
  const channel = await client.connect(id);
  onTestFinished(() => client.disconnect(id));
  const changes: StateChange[] = [];
  channel.on("state", (change) => changes.push(change));
  const texts: string[] = [];
  channel.on("message", ({ text, msg_type }) => {
    if (msg_type === "text") texts.push(text);
  });
  const expected = Array.from({ length: 6 }, (_, at) => `number ${at}`);
  for (const text of expected) {
    await sleep(LIFE_MS / 2);
    await send(hub.url, id, { text });
  }
  while (texts.length < expected.length) await sleep(20);
  expect(texts).toEqual(expected);
  expect(changes.map(({ code }) => code)).toContain("socket_expired");
  expect(changes.filter(({ state }) => state === "closed")).toEqual([]);
});
