/** [LIS2] A waiting listen against the real runtime: its object sleeps, and a caller who leaves ends it. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { call, createChannel } from "../support/process/agent.ts";
import { buildWorker } from "../support/process/build.ts";
import { HubProcess } from "../support/process/hub-process.ts";
import {
  HIBERNATED_MS,
  TELLING_LISTENS,
  TELLING_WAKES,
  untilListens,
  untilWakes,
  wakes,
} from "../support/process/wakes.ts";
import { post, send } from "./support/hub-calls.ts";

let hub: HubProcess;
let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "channel-hub-listen-"));
  await buildWorker(join(directory, "worker.js"), [TELLING_WAKES, TELLING_LISTENS]);
  hub = await HubProcess.start({ worker: join(directory, "worker.js") });
});
afterAll(async () => {
  await hub[Symbol.asyncDispose]();
  await rm(directory, { recursive: true, force: true });
});

test("[LIS2] the channel object sleeps while listeners wait, over HTTP, on one channel and on several", async () => {
  const ids = [await createChannel(hub.url), await createChannel(hub.url)];
  for (const channel_id of ids) await post(hub.url, "join", { channel_id, key: "bravo", name: "BRAVO" });
  const [first = "", second = ""] = ids;
  const one = call(hub.url, `/api/channel/${first}/listen?key=bravo&wait=50&for=me`);
  const all = call(hub.url, "/api/listen?key=bravo&wait=50");
  await sleep(HIBERNATED_MS);
  expect([wakes(hub, first), wakes(hub, second)]).toEqual([1, 1]);
  expect((await send(hub.url, second, { text: "for all" })).body).toMatchObject({ ok: true, delivered: 1 });
  expect((await all).body).toMatchObject({
    ok: true,
    channels: [{ channel_id: second, messages: [{ text: "for all" }] }],
  });
  expect((await send(hub.url, first, { text: "@BRAVO" })).body).toMatchObject({ delivered: 1 });
  expect((await one).body).toMatchObject({ ok: true, messages: [{ text: "@BRAVO" }], next: 3 });
  await untilWakes(hub, first, 2);
  expect([wakes(hub, first), wakes(hub, second)]).toEqual([2, 2]);
});

test("[LIS2] a caller who leaves is a listener no more", async () => {
  const id = await createChannel(hub.url);
  await post(hub.url, "join", { channel_id: id, key: "leaver", name: "LEAVER" });
  const left = new AbortController();
  const path = `${hub.url}/api/channel/${id}/listen?key=leaver&wait=50`;
  const waited = fetch(path, { headers: { "x-spf-key": "test-key-that-is-long-enough" }, signal: left.signal }).catch(
    () => "left",
  );
  const delivered = async (): Promise<number> =>
    (await send(hub.url, id, { text: "@LEAVER", to: ["leaver"] })).body.offline.length;
  await untilListens(hub, "leaver");
  left.abort();
  expect(await waited).toBe("left");
  let offline = 0;
  while (offline === 0) offline = await delivered();
  expect(offline).toBe(1);
});

test("[LIS3] a listen answered just before a crash is answered again after it", async () => {
  const id = await createChannel(hub.url);
  await post(hub.url, "join", { channel_id: id, key: "bravo", name: "BRAVO" });
  await send(hub.url, id, { text: "one" });
  await call(hub.url, `/api/channel/${id}/listen?key=bravo&after=2`);
  await send(hub.url, id, { text: "two" });
  const before = (await call(hub.url, `/api/channel/${id}/listen?key=bravo`)).body;
  await hub.kill();
  await hub.restart();
  expect((await call(hub.url, `/api/channel/${id}/listen?key=bravo`)).body).toEqual(before);
});
