/** What messages, channels and participants are (SEED §1). */
import { afterAll, beforeAll, expect, test } from "vitest";
import { createChannel, type Json } from "../support/process/agent.ts";
import type { HubProcess } from "../support/process/hub-process.ts";
import { connected, history, post, send, sendMany, startHub, summaryOf, textsOf } from "./support/hub-calls.ts";
import { endCalmly } from "./support/refusals.ts";

const ID = /^msg-\d+-\d+$/;
const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

let hub: HubProcess;
beforeAll(async () => {
  hub = await startHub();
});
afterAll(() => endCalmly(hub));

test("[SEED §1] channels are ch-1, ch-2, ch-3, and names need not be unique", async () => {
  const ids = [
    await createChannel(hub.url, "same"),
    await createChannel(hub.url, "same"),
    await createChannel(hub.url, "same"),
  ];
  expect(ids).toEqual(["ch-1", "ch-2", "ch-3"]);
  for (const id of ids) expect((await summaryOf(hub.url, id)).name).toBe("same");
});

test("[SEED §1] [ORD3] a message has these fields and no others", async () => {
  const id = await createChannel(hub.url);
  const alpha = await connected(hub.url, id, "key=alpha");
  const { data } = await alpha.ask({ action: "send", text: "hello" });
  const common = { id: expect.stringMatching(ID), channel_id: id, timestamp: expect.stringMatching(INSTANT) };
  expect(data).toEqual({
    ...common,
    seq: 2,
    from: "alpha",
    from_name: "ALPHA",
    text: "hello",
    msg_type: "text",
    verified: false,
  });
  const system = {
    seq: 1,
    from: "system",
    from_name: "System",
    text: "Channel 'ops' created by ALPHA",
    msg_type: "system",
    verified: true,
  };
  const event = { kind: "created", key: "alpha", name: "ALPHA" };
  expect((await history(hub.url, id)).messages).toEqual([{ ...common, ...system, event }, data]);
});

test("[SEED §1] [ORD2] ids are unique over all channels and hold the time of their message", async () => {
  const ids = [await createChannel(hub.url), await createChannel(hub.url)];
  const pages = await Promise.all(
    ids.map(async (id) => {
      await sendMany(await connected(hub.url, id, "key=alpha"), 100);
      return (await history(hub.url, id, "?limit=1000")).messages as Json[];
    }),
  );
  const messages = pages.flat();
  expect(new Set(messages.map((message) => message.id)).size).toBe(202);
  for (const { id, timestamp } of messages) {
    expect(id).toMatch(ID);
    expect(timestamp).toMatch(INSTANT);
    expect(Date.parse(timestamp)).toBe(Number(id.split("-")[1]));
  }
});

test("[SEED §1] [ORD1] [ORD2] messages are numbered without holes and their time never goes back", async () => {
  const id = await createChannel(hub.url);
  const alpha = await connected(hub.url, id, "key=alpha");
  for (let round = 0; round < 20; round++) {
    alpha.say({ action: "send", text: `over a socket ${round}` });
    await send(hub.url, id);
    await post(hub.url, round % 2 === 0 ? "join" : "leave", { channel_id: id, key: "bravo" });
  }
  const { messages } = await history(hub.url, id, "?limit=1000");
  expect(messages.map((message: Json) => message.seq)).toEqual(messages.map((_: Json, at: number) => at + 1));
  const times = messages.map((message: Json) => message.timestamp);
  expect(times).toEqual(times.toSorted());
});

test("[SEED §1] msg_type is text, system or toolresult", async () => {
  const id = await createChannel(hub.url);
  await send(hub.url, id);
  await send(hub.url, id, { msg_type: "text" });
  await send(hub.url, id, { msg_type: "toolresult" });
  const { messages } = await history(hub.url, id);
  expect(messages.map((message: Json) => message.msg_type)).toEqual(["system", "text", "text", "toolresult"]);
});

test("[SEED §1] [ORD1] the ring keeps 1000 messages, system messages included, oldest evicted", async () => {
  const id = await createChannel(hub.url);
  await post(hub.url, "join", { channel_id: id, key: "bravo", name: "BRAVO" });
  expect((await summaryOf(hub.url, id)).message_count).toBe(2);
  const alpha = await connected(hub.url, id, "key=alpha");
  await sendMany(alpha, 999);
  const full = await textsOf(hub.url, id);
  expect([full.length, full[0], full[1]]).toEqual([1000, "BRAVO joined the channel", "number 0"]);
  await post(hub.url, "leave", { channel_id: id, key: "bravo" });
  const after = await textsOf(hub.url, id);
  expect([after.length, after[0], after.at(-1)]).toEqual([1000, "number 0", "BRAVO left the channel"]);
  expect((await summaryOf(hub.url, id)).message_count).toBe(1000);
});

test("[SEED §1] a summary has these fields and no others", async () => {
  const id = await createChannel(hub.url, "The Room", "alpha", "ALPHA");
  await post(hub.url, "join", { channel_id: id, key: "bravo", name: "BRAVO" });
  await connected(hub.url, id, "key=bravo");
  expect(await summaryOf(hub.url, id)).toEqual({
    id,
    name: "The Room",
    created_by: "alpha",
    created_at: expect.stringMatching(INSTANT),
    participants: [
      { key: "alpha", name: "ALPHA", connected: false },
      { key: "bravo", name: "BRAVO", connected: true },
    ],
    participant_count: 2,
    connected_count: 1,
    message_count: 2,
  });
});

test("[SEED §1] [SOC5] joined is not connected: losing the socket leaves the participant joined", async () => {
  const id = await createChannel(hub.url);
  const bravo = await connected(hub.url, id, "key=bravo&name=BRAVO");
  expect(await summaryOf(hub.url, id)).toMatchObject({ participant_count: 2, connected_count: 1 });
  await bravo.close();
  expect(await summaryOf(hub.url, id)).toMatchObject({
    participants: [{ key: "alpha" }, { key: "bravo", connected: false }],
    participant_count: 2,
    connected_count: 0,
  });
});

test("[SEED §1] the hub's own words: on create, join and leave; none on connect, disconnect or a repeated join", async () => {
  const id = await createChannel(hub.url, 'Bob\'s "room"', "alpha", "ALPHA");
  await post(hub.url, "join", { channel_id: id, key: "bravo", name: "BRAVO" });
  await post(hub.url, "join", { channel_id: id, key: "bravo", name: "BRAVO" });
  const bravo = await connected(hub.url, id, "key=bravo");
  await bravo.ask({ action: "join" });
  await bravo.close();
  await post(hub.url, "leave", { channel_id: id, key: "bravo" });
  expect(await textsOf(hub.url, id)).toEqual([
    "Channel 'Bob's \"room\"' created by ALPHA",
    "BRAVO joined the channel",
    "BRAVO left the channel",
  ]);
});
