/** State lives on: across a crash, ids mean what they meant (SEED §6, row 3 and 4). */
import { afterAll, beforeAll, expect, test } from "vitest";
import { Agent, call, createChannel, type Json } from "../support/process/agent.ts";
import type { HubProcess } from "../support/process/hub-process.ts";
import { connected, history, post, send, startHub, summaryOf } from "./support/hub-calls.ts";
import { endCalmly, stateOf } from "./support/refusals.ts";

let hub: HubProcess;
beforeAll(async () => {
  hub = await startHub();
});
afterAll(() => endCalmly(hub));

async function crash(): Promise<void> {
  await hub.kill();
  await hub.restart();
}

async function epochOf(id: string): Promise<string> {
  return (await call(hub.url, `/api/channel/${id}`)).body.epoch as string;
}

test("[SEED §6] [DUR1] after kill -9 and a restart the channel is the same: id, epoch, participants, messages", async () => {
  const id = await createChannel(hub.url, "ops");
  await post(hub.url, "join", { channel_id: id, key: "bravo", name: "José" });
  await send(hub.url, id, { text: "before the crash" });
  const [before, epoch] = [await stateOf(hub.url, id), await epochOf(id)];
  await crash();
  expect(await stateOf(hub.url, id)).toEqual(before);
  expect(await epochOf(id)).toBe(epoch);
  expect((await send(hub.url, id, { key: "bravo", text: "after the crash" })).body.message).toMatchObject({
    seq: 4,
    from_name: "José",
  });
});

test("[SEED §6] [IDX1] ids are never used again, neither after a crash nor after a delete", async () => {
  const first = await createChannel(hub.url);
  await call(hub.url, `/api/channel/${first}`, { method: "DELETE" });
  await crash();
  const second = await createChannel(hub.url);
  expect(Number(second.slice(3))).toBe(Number(first.slice(3)) + 1);
  expect(await send(hub.url, first)).toMatchObject({ status: 410, body: { error: `Channel deleted: ${first}` } });
});

test("[SEED §6] [ORD3] each channel has its own epoch", async () => {
  const epochs = await Promise.all([await createChannel(hub.url), await createChannel(hub.url)].map(epochOf));
  expect(new Set(epochs).size).toBe(2);
  for (const epoch of epochs) expect(epoch).toMatch(/^[0-9a-f]{16}$/);
});

test("[SEED §6] [SOC2] a reader resumes after a crash from where it was, without a gap", async () => {
  const id = await createChannel(hub.url);
  const bravo = await connected(hub.url, id, "key=bravo");
  await send(hub.url, id, { text: "seen" });
  const { seq } = (await bravo.next()).data;
  const epoch = await epochOf(id);
  await crash();
  expect(await bravo.untilClosed()).toMatchObject({ code: 1006 });
  expect(await summaryOf(hub.url, id)).toMatchObject({ participant_count: 2, connected_count: 0 });
  await send(hub.url, id, { text: "missed" });
  const again = await Agent.connect(hub.url, id, `key=bravo&after=${seq}&epoch=${epoch}`);
  expect(await again.next()).toMatchObject({
    type: "history",
    data: [{ text: "missed" }],
    meta: { gap: null, complete: true },
  });
  await again.close();
});

test("[SEED §6] [DUR1] what was acknowledged or seen before a kill -9 amid traffic is there after it", async () => {
  const id = await createChannel(hub.url);
  const [alpha, bravo] = [await connected(hub.url, id, "key=alpha"), await connected(hub.url, id, "key=bravo")];
  await alpha.next();
  for (let number = 0; number < 600; number++)
    alpha.say({ action: "send", text: `number ${number}`, client_msg_id: `n-${number}` });
  const shown: Json[] = [];
  while (shown.length < 100) shown.push((await alpha.next()).data);
  await hub.kill();
  await Promise.all([alpha.untilClosed(), bravo.untilClosed()]);
  shown.push(...[...alpha.inbox, ...bravo.inbox].map((frame) => frame.data));
  await hub.restart();
  const { messages } = await history(hub.url, id, "?limit=1000");
  const stored = new Map<string, Json>(messages.map((message: Json) => [message.id, message]));
  for (const message of shown) expect(stored.get(message.id)).toEqual(message);
  expect(messages.map((message: Json) => message.seq)).toEqual(messages.map((_: Json, at: number) => at + 1));
});

test("[SEED §6] [DUR3] a send whose ack was lost in a crash can be repeated and is stored once", async () => {
  const id = await createChannel(hub.url);
  const first = await send(hub.url, id, { client_msg_id: "a-1", text: "once" });
  await crash();
  const again = await send(hub.url, id, { client_msg_id: "a-1", text: "once" });
  expect(again.body).toMatchObject({ duplicate: true, message: first.body.message });
  expect(await history(hub.url, id)).toMatchObject({ count: 2 });
});
