/** Two agents talk through a real hub; a third speaks over HTTP. */
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { Agent, call, createChannel } from "../support/process/agent.ts";
import { HubProcess } from "../support/process/hub-process.ts";

let hub: HubProcess;
beforeAll(async () => {
  hub = await HubProcess.start({ worker: inject("worker") });
});
afterAll(() => hub[Symbol.asyncDispose]());

test("[SOC2] [SOC3] two agents talk over sockets, a third by HTTP", async () => {
  const id = await createChannel(hub.url);
  const alpha = await Agent.connect(hub.url, id, "key=alpha&name=ALPHA");
  expect(await alpha.next()).toMatchObject({
    type: "history",
    data: [{ seq: 1, msg_type: "system" }],
    meta: { complete: true, gap: null },
  });
  const bravo = await Agent.connect(hub.url, id, "key=bravo&name=BRAVO");
  expect((await bravo.next()).data).toHaveLength(2);
  expect(await alpha.next()).toMatchObject({ type: "system", data: { text: "BRAVO joined the channel" } });
  expect(await alpha.ask({ action: "send", text: "hello", ref: "r1" })).toMatchObject({
    type: "ack",
    ref: "r1",
    delivered: 1,
    data: { seq: 3 },
  });
  expect(await bravo.next()).toMatchObject({
    type: "message",
    data: { text: "hello", from: "alpha", from_name: "ALPHA" },
  });
  await call(hub.url, "/api/channel/join", { body: { channel_id: id, key: "carol", name: "CAROL" } });
  const sent = await call(hub.url, "/api/channel/send", { body: { channel_id: id, key: "carol", text: "by http" } });
  expect(sent.body).toMatchObject({ ok: true, duplicate: false, delivered: 2, message: { seq: 5 } });
  for (const agent of [alpha, bravo]) {
    expect(await agent.next()).toMatchObject({ type: "system", data: { seq: 4 } });
    expect(await agent.next()).toMatchObject({ type: "message", data: { seq: 5, text: "by http" } });
    await agent.close();
  }
});
