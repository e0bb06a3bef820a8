/** The WebSocket (SEED §3). */
import { once } from "node:events";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Agent, createChannel, type Json } from "../support/process/agent.ts";
import type { HubProcess } from "../support/process/hub-process.ts";
import { connected, history, post, send, sendMany, startHub, summaryOf, textsOf } from "./support/hub-calls.ts";
import { endCalmly, expectRefusal } from "./support/refusals.ts";

let hub: HubProcess;
beforeAll(async () => {
  hub = await startHub();
});
afterAll(() => endCalmly(hub));

test("[SEED §3] [SOC2] connecting joins: the join message is broadcast and stored", async () => {
  const id = await createChannel(hub.url);
  const alpha = await connected(hub.url, id, "key=alpha");
  await connected(hub.url, id, "key=bravo&name=BRAVO");
  const told = await alpha.next();
  expect(told).toMatchObject({
    type: "system",
    data: { from: "system", text: "BRAVO joined the channel", msg_type: "system" },
  });
  expect((await history(hub.url, id)).messages.at(-1)).toEqual(told.data);
  expect(await summaryOf(hub.url, id)).toMatchObject({ participant_count: 2, connected_count: 2 });
});

test("[SEED §3] [SOC2] the first frame is the last 50 messages, one's own join included", async () => {
  const id = await createChannel(hub.url);
  await sendMany(await connected(hub.url, id, "key=alpha"), 60);
  const bravo = await Agent.connect(hub.url, id, "key=bravo&name=BRAVO");
  const first = await bravo.next();
  expect(first).toMatchObject({ type: "history", meta: { first_seq: 1, last_seq: 62, gap: null, complete: true } });
  expect(first.data.map((message: Json) => message.seq)).toEqual(Array.from({ length: 50 }, (_, at) => at + 13));
  expect(first.data.at(-1).text).toBe("BRAVO joined the channel");
  await bravo.close();
});

test("[SEED §3] an unknown channel is said in an error", async () => {
  const stray = await Agent.connect(hub.url, "ch-999", "key=alpha");
  expect(await stray.next()).toMatchObject({ type: "error", data: "Channel not found: ch-999" });
});

test("[SEED §3] [KEY1] an upgrade needs the hub key", async () => {
  const id = await createChannel(hub.url);
  const refused = await Agent.connect(hub.url, id, "key=alpha", {}).catch((error: unknown) => error as Json);
  expectRefusal(refused, { is: "401 unauthorized", says: "x-spf-key" });
});

test("[SEED §3] a send is text unless told, history is 50 unless told, and unknown fields are ignored", async () => {
  const id = await createChannel(hub.url);
  const alpha = await connected(hub.url, id, "key=alpha");
  expect(await alpha.ask({ action: "send", text: "hello", limit: 5, colour: "red" })).toMatchObject({
    type: "ack",
    data: { msg_type: "text" },
  });
  expect(await alpha.ask({ action: "send", text: "42", msg_type: "toolresult" })).toMatchObject({
    data: { msg_type: "toolresult" },
  });
  await sendMany(alpha, 60);
  const page = await alpha.ask({ action: "history", text: "", msg_type: "text" });
  expect([page.type, page.data.length, page.data.at(-1).text]).toEqual(["history", 50, "number 59"]);
  const short = await alpha.ask({ action: "history", limit: 2 });
  expect(short.data.map((message: Json) => message.text)).toEqual(["number 58", "number 59"]);
});

test("[SEED §3] a send without text has the empty one, which says nothing and is refused", async () => {
  const id = await createChannel(hub.url);
  const alpha = await connected(hub.url, id, "key=alpha");
  expect(await alpha.ask({ action: "send" })).toMatchObject({ type: "error", data: "text must not be empty" });
});

test("[SEED §3] [SOC3] an ack is the stored message", async () => {
  const id = await createChannel(hub.url);
  const alpha = await connected(hub.url, id, "key=alpha");
  const ack = await alpha.ask({ action: "send", text: "hello" });
  const { messages } = await history(hub.url, id);
  expect(ack).toEqual({
    type: "ack",
    data: messages.at(-1),
    duplicate: false,
    delivered: 0,
    offline: [],
    unresolved: [],
  });
});

test("[SEED §3] others get the message in an envelope, whichever way it was sent", async () => {
  const id = await createChannel(hub.url);
  const [alpha, bravo] = [await connected(hub.url, id, "key=alpha"), await connected(hub.url, id, "key=bravo")];
  await alpha.next();
  const ack = await alpha.ask({ action: "send", text: "over the socket" });
  expect(await bravo.next()).toEqual({ type: "message", data: ack.data });
  const { message } = (await send(hub.url, id, { text: "over HTTP" })).body;
  expect(await bravo.next()).toEqual({ type: "message", data: message });
});

test("[SEED §3] [SOC4] join and leave are answered in the original's words", async () => {
  const id = await createChannel(hub.url);
  const alpha = await connected(hub.url, id, "key=alpha");
  expect(await alpha.ask({ action: "join" })).toMatchObject({ type: "system", data: "Joined" });
  expect(await alpha.ask({ action: "leave" })).toMatchObject({ type: "system", data: "Left channel" });
  expect(await alpha.ask({ action: "leave" })).toMatchObject({
    type: "error",
    data: `Not a participant in channel ${id}`,
  });
  expect(await alpha.ask({ action: "send", text: "x" })).toMatchObject({
    type: "error",
    data: `Not a participant in channel ${id}`,
  });
  expect(await textsOf(hub.url, id)).toEqual(["Channel 'ops' created by ALPHA", "ALPHA left the channel"]);
});

test("[SEED §3] what cannot be read is answered in the original's words", async () => {
  const id = await createChannel(hub.url);
  const alpha = await connected(hub.url, id, "key=alpha");
  const unreadable = await alpha.ask("{not json");
  expect([unreadable.type, unreadable.data]).toEqual(["error", expect.stringMatching(/^Invalid JSON: .+/)]);
  expect(await alpha.ask({ action: "dance" })).toMatchObject({ type: "error", data: "Unknown action: dance" });
});

test("[SEED §3] binary frames are ignored", async () => {
  const id = await createChannel(hub.url);
  const alpha = await connected(hub.url, id, "key=alpha");
  alpha.say(Buffer.from(JSON.stringify({ action: "send", text: "in binary" })));
  expect(await alpha.ask({ action: "send", text: "in text" })).toMatchObject({
    type: "ack",
    data: { seq: 2, text: "in text" },
  });
  expect(await alpha.quiet()).toEqual([]);
});

test("[SEED §3] [SOC5] pings are answered: the text one and the protocol's", async () => {
  const id = await createChannel(hub.url);
  const alpha = await connected(hub.url, id, "key=alpha");
  expect(await alpha.ask("ping")).toBe("pong");
  const pong = once(alpha.socket, "pong");
  alpha.socket.ping("are you there");
  const [payload] = (await pong) as [Buffer];
  expect(payload.toString()).toBe("are you there");
  expect(await alpha.quiet()).toEqual([]);
});

test("[SEED §3] [SOC3] the sender gets the ack; no socket of its key gets the message", async () => {
  const id = await createChannel(hub.url);
  const [one, two] = [await connected(hub.url, id, "key=alpha"), await connected(hub.url, id, "key=alpha")];
  const bravo = await connected(hub.url, id, "key=bravo");
  await Promise.all([one.next(), two.next()]);
  expect(await one.ask({ action: "send", text: "over one" })).toMatchObject({
    type: "ack",
    data: { text: "over one" },
  });
  await send(hub.url, id, { text: "over HTTP" });
  expect([await bravo.next(), await bravo.next()]).toMatchObject([
    { data: { text: "over one" } },
    { data: { text: "over HTTP" } },
  ]);
  expect([...(await one.quiet()), ...(await two.quiet())]).toEqual([]);
});

test("[SEED §3] [SOC1] closing a socket never removes the participant: others still see it, and it may send over HTTP", async () => {
  const id = await createChannel(hub.url);
  const alpha = await connected(hub.url, id, "key=alpha");
  const bravo = await connected(hub.url, id, "key=bravo&name=BRAVO");
  await alpha.next();
  bravo.socket.terminate();
  expect(await send(hub.url, id, { key: "bravo", text: "still here" })).toMatchObject({ status: 200 });
  expect(await alpha.next()).toMatchObject({
    type: "message",
    data: { from: "bravo", from_name: "BRAVO", text: "still here" },
  });
  expect(await summaryOf(hub.url, id)).toMatchObject({ participant_count: 2 });
});

test("[SEED §3] [SOC1] reconnecting writes no message and gives what was missed", async () => {
  const id = await createChannel(hub.url);
  const alpha = await connected(hub.url, id, "key=alpha");
  await alpha.close();
  await post(hub.url, "join", { channel_id: id, key: "bravo", name: "BRAVO" });
  await send(hub.url, id, { key: "bravo", text: "while you were away" });
  const again = await Agent.connect(hub.url, id, "key=alpha");
  expect((await again.next()).data.map((message: Json) => message.text)).toEqual([
    "Channel 'ops' created by ALPHA",
    "BRAVO joined the channel",
    "while you were away",
  ]);
  await again.close();
});

test("[SEED §3] [MEM1] the name of the query is the participant's; without one the key is", async () => {
  const id = await createChannel(hub.url);
  const bravo = await connected(hub.url, id, "key=bravo&name=Bravo%20the%202nd%20%26%20last");
  expect((await bravo.ask({ action: "send", text: "x" })).data.from_name).toBe("Bravo the 2nd & last");
  const carol = await connected(hub.url, id, "key=carol");
  expect((await carol.ask({ action: "send", text: "x" })).data.from_name).toBe("carol");
});
