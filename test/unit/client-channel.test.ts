/** A client on a fake machine: what it says to the hub, and what its application is told. */
import { expect, test } from "vitest";
import { FINAL_CODES } from "../../src/client/hear.ts";
import { isTemporary } from "../../src/client/hub-error.ts";
import type { ChannelClient, ChannelEvent, HubError, StateChange } from "../../src/client/index.ts";
import { ERRORS, mayReconnect } from "../../src/protocol/index.ts";
import {
  ack,
  connected,
  failureOf,
  live,
  message,
  messages,
  newHub,
  outcomeOf,
  page,
  reconnect,
} from "../support/client-fixture.ts";
import { FakeHost, json } from "../support/fake-host.ts";

const seqsOf = (channel: ChannelClient): number[] => channel.drain().messages.map(({ seq }) => seq);

function statesOf(channel: ChannelClient): StateChange[] {
  const changes: StateChange[] = [];
  channel.on("state", (change) => changes.push(change));
  return changes;
}

/** The attempt under way fails unseen, and the next one begins. */
async function refuse(host: FakeHost, isOver: () => boolean): Promise<void> {
  const count = host.sockets.length;
  host.sockets.at(-1)?.events.closed(1006, "");
  while (host.sockets.length === count && !isOver()) await host.advance(100);
}

test("[SOC7] connecting asks for batches and for every number, and says who it is", async () => {
  const { socket } = await connected();
  expect(socket.request).toEqual({
    url: "wss://hub.example/ws/channel/ch-1?key=alpha&name=ALPHA&kind=agent&frames=batch&echo=1&instance=id2&attempt=1",
    headers: { "x-spf-key": "hub-key" },
    protocols: [],
  });
});

test("[SOC2] connect resolves with the first frame, and listeners attached then hear all of it", async () => {
  const host = new FakeHost();
  const connecting = newHub(host).connect("ch-1");
  const socket = await host.socket();
  socket.events.opened();
  socket.say(page(messages(1, 3)), live(4)).flush();
  const channel = await connecting;
  const heard: number[] = [];
  channel.on("message", ({ seq }) => heard.push(seq));
  await host.advance(0);
  socket.say(live(5)).flush();
  expect(heard).toEqual([1, 2, 3, 4, 5]);
  expect(seqsOf(channel)).toEqual([1, 2, 3, 4, 5]);
  expect(channel.position).toEqual({ epoch: "e1", seq: 5 });
});

test("connecting twice is one connection, listed until it is ended", async () => {
  const { hub, channel, socket } = await connected();
  expect(await hub.connect("ch-1")).toBe(channel);
  expect(hub.connections()).toEqual([
    { key: "alpha", channel_id: "ch-1", hub_url: "https://hub.example", connected: true, buffered: 3 },
  ]);
  const ended = hub.disconnect("ch-1");
  expect(socket.isDropped).toBe(true);
  socket.events.closed(1000, "");
  await ended;
  expect(hub.connections()).toEqual([]);
});

test("[SOC3] own messages are left out, unless echo asks for them, each at its place", async () => {
  for (const [echo, expected] of [
    [false, [1, 2, 3, 5]],
    [true, [1, 2, 3, 4, 5, 6]],
  ] as const) {
    const { channel, socket } = await connected({ echo });
    const sent = channel.send("mine");
    socket.say(ack(4, "id1-1"), live(5), live(6, { from: "alpha" })).flush();
    expect(await sent).toMatchObject({ message: { seq: 4 }, duplicate: false, delivered: 1 });
    expect(seqsOf(channel)).toEqual(expected);
    expect(channel.position).toEqual({ epoch: "e1", seq: 6 });
  }
});

test("[SOC2] a broken link is resumed from the position, and nothing is told twice", async () => {
  const stage = await connected();
  const { channel, socket } = stage;
  socket.say({ type: "batch", data: [live(4), live(5)] }).flush();
  const next = await reconnect(stage);
  expect(next.request.url).toContain("&after=5&epoch=e1");
  next.say(page(messages(4, 7)), live(8), live(8), live(7)).flush();
  expect(seqsOf(channel)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
});

test("[SOC2] a first frame that is not complete is read on to the end", async () => {
  const stage = await connected();
  const next = await reconnect(stage);
  next.say(page(messages(4, 6), { complete: false, last_seq: 9 })).flush();
  expect(next.take()).toEqual([{ action: "history", ref: "read-on", after: 6, epoch: "e1", limit: 1000 }]);
  next.say(page(messages(7, 9), {}, "read-on"), live(10)).flush();
  expect(seqsOf(stage.channel)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
});

test.each([
  [{ from: 4, to: 6, reason: "evicted" }, messages(7, 9), [7, 8, 9], 9],
  [{ from: 1, to: 9, reason: "epoch_changed" }, messages(1, 9), [1, 2, 3, 4, 5, 6, 7, 8, 9], 9],
  [{ from: 3, to: 3, reason: "ahead" }, messages(1, 2), [], 2],
] as const)("[SOC2] what the hub cannot give any more is told as a gap: %j", async (gap, data, told, seq) => {
  const stage = await connected();
  stage.channel.drain();
  const next = await reconnect(stage);
  next.say(page(data, { gap, epoch: gap.reason === "epoch_changed" ? "e2" : "e1" })).flush();
  const { messages: came, gaps } = stage.channel.drain();
  expect({ gaps, seqs: came.map((one) => one.seq) }).toEqual({ gaps: [gap], seqs: told });
  expect(stage.channel.position?.seq).toBe(seq);
});

test("[SOC3] a number that is missing on a live link makes the client come back for it", async () => {
  const { host, channel, socket } = await connected();
  const errors: HubError[] = [];
  channel.on("error", (error) => errors.push(error));
  socket.say(live(5), live(6)).flush();
  expect(socket.isDropped).toBe(true);
  await host.advance(250);
  const next = await host.socket();
  expect(next.request.url).toContain("&after=3&epoch=e1");
  next.events.opened();
  next.say(page(messages(4, 6))).flush();
  expect(seqsOf(channel)).toEqual([1, 2, 3, 4, 5, 6]);
  expect(errors.map(({ code, message: text }) => [code, text])).toEqual([
    ["hole", "message 4 is missing before 5; reading on from 3"],
  ]);
});

test.each([
  ["a hole", [message(4), message(6)], {}, "message 5 is missing in a page of history"],
  ["an early end", messages(4, 5), { last_seq: 9 }, "a page of history ends at 5, before 9"],
  ["nothing where more follows", [], { complete: false, last_seq: 9 }, "a page of history ends at 3, before 9"],
])("[SOC2] a page with %s is a fault of the link: nothing of it is told", async (_what, data, meta, why) => {
  const stage = await connected();
  const errors: HubError[] = [];
  stage.channel.on("error", (error) => errors.push(error));
  const next = await reconnect(stage);
  next.say(page(data, meta)).flush();
  expect(next.isDropped).toBe(true);
  expect(errors.map(({ code, message: text }) => [code, text])).toEqual([["hole", why]]);
  expect(seqsOf(stage.channel)).toEqual([1, 2, 3]);
});

test("a client_msg_id that the hub would not name in its answer is refused before it is sent", async () => {
  const { channel, socket } = await connected();
  socket.take();
  const refused = channel.send("x", { client_msg_id: "two words" });
  await expect(refused).rejects.toMatchObject({
    code: "bad_request",
    message: expect.stringContaining("client_msg_id"),
  });
  expect(socket.take()).toEqual([]);
});

test("[SOC6] a lagging reader reads on by history, and repeats what was on the wire", async () => {
  const { channel, socket } = await connected();
  const sent = channel.send("mine");
  socket.take();
  socket.say({ type: "lagging", data: { last_seq: 6 } }).flush();
  const [history, again] = socket.take();
  expect(history).toMatchObject({ action: "history", after: 3, epoch: "e1" });
  expect(again).toMatchObject({ action: "send", client_msg_id: "id1-1" });
  // The ack of the repeat runs ahead of the page: it settles the send and moves nothing.
  socket.say(ack(6, "id1-1", { duplicate: true })).flush();
  expect(await sent).toMatchObject({ duplicate: true });
  expect(channel.position?.seq).toBe(3);
  const mine = message(6, { from: "alpha" });
  socket.say(page([...messages(4, 5), mine, ...messages(7, 7)], {}, "read-on"), live(8)).flush();
  expect(seqsOf(channel)).toEqual([1, 2, 3, 4, 5, 7, 8]);
});

test("[SOC6] a page that the hub wants asked for later is asked for later", async () => {
  const { host, socket } = await connected();
  socket.say({ type: "lagging", data: { last_seq: 6 } }).flush();
  socket.take();
  socket
    .say({ type: "error", data: "slow down", code: "rate_limited", fatal: false, retry_after_ms: 40, ref: "read-on" })
    .flush();
  await host.advance(39);
  expect(socket.take()).toEqual([]);
  await host.advance(1);
  expect(socket.take()).toMatchObject([{ action: "history", after: 3 }]);
});

test("[SOC6] progress is said after 100 messages and after 64 KiB, and never for time's sake", async () => {
  const { host, socket } = await connected();
  for (let seq = 4; seq <= 103; seq++) socket.say(live(seq)).flush();
  // The first frame's three count as well.
  expect(socket.take()).toEqual([{ action: "seen", seq: 100 }]);
  socket.say(live(104, { text: "x".repeat(64 * 1024) })).flush();
  expect(socket.take()).toEqual([{ action: "seen", seq: 104 }]);
  socket.say(live(105)).flush();
  await host.advance(24_999);
  expect(socket.take()).toEqual([]);
});

test("[SOC5] it pings every 25 s, only after the pong, and a silent link is dropped after 10 s", async () => {
  const { host, channel, socket } = await connected();
  const changes = statesOf(channel);
  await host.advance(25_000);
  expect(socket.take()).toEqual(["ping"]);
  socket.say("pong").flush();
  await host.advance(24_999);
  expect(socket.take()).toEqual([]);
  await host.advance(1);
  expect(socket.take()).toEqual(["ping"]);
  await host.advance(9_000);
  // A frame is a sign of life, though the pong stands behind a long queue.
  socket.say(live(4)).flush();
  await host.advance(9_999);
  expect(socket.isDropped).toBe(false);
  await host.advance(1);
  expect(socket.isDropped).toBe(true);
  expect(changes.at(-1)).toMatchObject({
    state: "disconnected",
    code: "network",
    reason: "no sign of the hub for 10 s",
  });
  // The old socket's late end is no news.
  const { time } = host;
  socket.events.closed(1006, "");
  expect(changes.at(-1)).toMatchObject({ attempt: 1, retry_at: time + 125 });
});

test("[SOC5] there is no second ping before the first one's pong, however long the link lives on", async () => {
  const { host, socket } = await connected();
  await host.advance(25_000);
  for (let seq = 4; seq <= 13; seq++) {
    socket.say(live(seq)).flush();
    await host.advance(5_000);
  }
  expect(socket.take().filter((said) => said === "ping")).toEqual(["ping"]);
  socket.say("pong").flush();
  await host.advance(0);
  expect(socket.take()).toEqual(["ping"]);
});

test("[DUR3] unanswered sends go again in order after a break, and a lost ack comes as a duplicate", async () => {
  const stage = await connected();
  const { channel, socket } = stage;
  const sent = Promise.all(["a", "b", "c"].map((text) => channel.send(text)));
  socket.say(ack(4, "id1-1")).flush();
  const next = await reconnect(stage);
  const late = channel.send("d");
  expect(next.take()).toEqual([]);
  next.say(page([message(5, { from: "alpha", client_msg_id: "id1-2" })])).flush();
  expect(next.take()).toMatchObject([{ text: "b" }, { text: "c" }, { text: "d" }]);
  next.say(ack(5, "id1-2", { duplicate: true, delivered: 0 }), ack(6, "id1-3"), ack(7, "id1-4")).flush();
  expect((await sent).map(({ message: { seq }, duplicate }) => [seq, duplicate])).toEqual([
    [4, false],
    [5, true],
    [6, false],
  ]);
  expect((await late).message.seq).toBe(7);
  expect(channel.position?.seq).toBe(7);
});

test("a send that the hub wants later waits as long and goes again", async () => {
  const { host, channel, socket } = await connected();
  const sent = channel.send("a");
  socket.take();
  const limited = { type: "error", data: "slow", code: "rate_limited", fatal: false, retry_after_ms: 500 };
  socket.say({ ...limited, client_msg_id: "id1-1" }).flush();
  await host.advance(499);
  expect(socket.take()).toEqual([]);
  await host.advance(1);
  expect(socket.take()).toMatchObject([{ action: "send", text: "a" }]);
  socket.say(ack(4, "id1-1")).flush();
  expect((await sent).message.seq).toBe(4);
});

test("a send that the hub refuses rejects with its code, words and hint", async () => {
  const { channel, socket } = await connected();
  const refused = failureOf(channel.send("a"));
  const frame = { type: "error", data: "Not a participant in channel ch-1", code: "not_participant", fatal: false };
  socket.say({ ...frame, hint: "join it first", client_msg_id: "id1-1" }).flush();
  expect(await refused).toMatchObject({
    name: "HubError",
    code: "not_participant",
    message: "Not a participant in channel ch-1",
    hint: "join it first",
  });
});

test("[DUR3] after four minutes a send that never was on the wire is not sent; after fifteen the rest is unknown", async () => {
  const stage = await connected();
  const sent = outcomeOf(stage.channel.send("a"));
  stage.socket.events.closed(1006, "");
  const unsent = failureOf(stage.channel.send("b"));
  await stage.host.advance(4 * 60_000);
  expect(await unsent).toMatchObject({ code: "not_sent", client_msg_id: "id1-2" });
  await stage.host.advance(11 * 60_000 - 1);
  expect(sent.is).toBe("open");
  await stage.host.advance(1);
  expect(sent.is).toMatchObject({ code: "outcome_unknown", client_msg_id: "id1-1" });
});

test("too many, too large, and the same id twice are refused at once", async () => {
  const { channel } = await connected();
  const all = Array.from({ length: 1000 }, (_, at) => channel.send("x", { client_msg_id: `c${at}` }));
  for (const one of all) one.catch(() => undefined);
  expect(await failureOf(channel.send("one more"))).toMatchObject({ code: "queue_full" });
  const fresh = (await connected()).channel;
  expect(await failureOf(fresh.send("x".repeat(256 * 1024)))).toMatchObject({ code: "frame_too_large" });
  fresh.send("x", { client_msg_id: "same" }).catch(() => undefined);
  expect(await failureOf(fresh.send("y", { client_msg_id: "same" }))).toMatchObject({ code: "idempotency_conflict" });
});

test("[SOC4] leave and join again: what passed meanwhile is not due", async () => {
  const { channel, socket } = await connected();
  const left = channel.leave();
  expect(socket.take()).toEqual([{ action: "leave", ref: "id1-1" }]);
  socket.say({ type: "system", data: "Left channel", seq: 4, ref: "id1-1" }).flush();
  await left;
  const joined = channel.join();
  socket.say({ type: "system", data: "Joined", seq: 9, epoch: "e1", ref: "id1-2" }, live(10)).flush();
  await joined;
  expect(channel.position).toEqual({ epoch: "e1", seq: 10 });
  expect(socket.isDropped).toBe(false);
  expect(seqsOf(channel)).toEqual([1, 2, 3, 10]);
});

test("[SOC4] another socket of the key may leave and join for it", async () => {
  const { channel, socket } = await connected();
  const event = (kind: "leave" | "join"): object => ({ event: { kind, key: "alpha", name: "ALPHA" }, from: "system" });
  socket.say(live(4, event("leave")), live(9, event("join")), live(10)).flush();
  expect(seqsOf(channel)).toEqual([1, 2, 3, 4, 9, 10]);
});

test("[SOC4] a link that breaks after the agent left is not renewed, since that would join again", async () => {
  const { channel, socket } = await connected();
  const left = channel.leave();
  socket.say({ type: "system", data: "Left channel", seq: 4, ref: "id1-1" }).flush();
  await left;
  const changes = statesOf(channel);
  await Promise.resolve();
  socket.events.closed(1006, "");
  expect(channel.state).toBe("closed");
  expect(changes.at(-1)).toMatchObject({ state: "closed", code: "left" });
});

test("read moves the read position and says where it stands", async () => {
  const { channel, socket } = await connected();
  const read = channel.read(99);
  expect(socket.take()).toEqual([{ action: "read", seq: 99, ref: "id1-1" }]);
  socket.say({ type: "system", data: "Read", seq: 3, ref: "id1-1" }).flush();
  expect(await read).toBe(3);
});

test.each(["not json", "[1]", '{"type":"message","data":{"seq":"4"}}', '{"type":"history","data":[{}]}', '{"data":1}'])(
  "a frame that no hub writes is an error event and nothing else: %s",
  async (text) => {
    const { host, channel, socket } = await connected();
    const errors: HubError[] = [];
    channel.on("error", (error) => errors.push(error));
    await host.advance(0);
    socket.say(text, { type: "of tomorrow", data: {} }, live(4)).flush();
    expect(errors.map(({ code }) => code)).toEqual(["bad_frame"]);
    expect(seqsOf(channel)).toEqual([1, 2, 3, 4]);
  },
);

test.each(Object.getOwnPropertyNames(Object.prototype))(
  "a frame of the type %s is one of an unknown type: nothing is thrown, and what follows is heard",
  async (type) => {
    const { host, channel, socket } = await connected();
    const errors: HubError[] = [];
    channel.on("error", (error) => errors.push(error));
    await host.advance(0);
    socket.say({ type, data: {} }, `{"type":"batch","data":[{"type":${JSON.stringify(type)}}]}`, live(4)).flush();
    expect(errors).toEqual([]);
    expect(seqsOf(channel)).toEqual([1, 2, 3, 4]);
  },
);

test("waits grow with each attempt, and a link that held ten seconds resets them", async () => {
  const stage = await connected();
  const changes = statesOf(stage.channel);
  await stage.host.advance(0);
  const waits: number[] = [];
  for (const held of [0, 0, 0, 10_000]) {
    const socket = await stage.host.socket();
    await stage.host.advance(held);
    socket.events.closed(1012, "");
    waits.push((changes.at(-1)?.retry_at ?? 0) - stage.host.time);
    const next = await reconnect({ ...stage, socket }, waits.at(-1));
    next.say(page([], { last_seq: 3 })).flush();
  }
  expect(waits).toEqual([125, 250, 500, 125]);
});

test("reconnectNow does not wait", async () => {
  const { host, channel, socket } = await connected();
  socket.events.closed(1006, "");
  expect(channel.state).toBe("disconnected");
  channel.reconnectNow();
  expect(channel.state).toBe("connecting");
  await host.settle();
  expect(host.sockets).toHaveLength(2);
});

test.each([
  [1001, "", "disconnected"],
  [4008, "slow_reader", "disconnected"],
  [4029, "flooding", "disconnected"],
  [1009, "frame_too_large", "closed"],
  [1009, "", "disconnected"],
  [4503, "", "disconnected"],
  [4504, "Not Found <html>", "disconnected"],
  [4501, "key_revoked", "closed"],
  [4503, "forbidden", "closed"],
  [4509, "replaced", "closed"],
])("[SOC2] close code %i decides: %s", async (code, reason, state) => {
  const { channel, socket } = await connected();
  socket.events.closed(code, reason);
  expect(channel.state).toBe(state);
});

test("the hub's last words are the reason, and its wait is obeyed", async () => {
  const { host, channel, socket } = await connected();
  const changes = statesOf(channel);
  await host.advance(0);
  const error = { type: "error", data: "come back later", code: "overloaded", fatal: true, retry_after_ms: 7000 };
  socket.say(error).flush();
  socket.events.closed(1013, "overloaded");
  expect(changes).toMatchObject([
    { state: "connecting" },
    { state: "connected" },
    { state: "disconnected", code: "overloaded", reason: "come back later", retry_at: host.time + 7125 },
  ]);
});

test("last words whose close does not arrive are found out by coming back", async () => {
  const { host, channel, socket } = await connected();
  const changes = statesOf(channel);
  socket.say({ type: "error", data: "too slow", code: "slow_reader", fatal: true }).flush();
  await host.advance(999);
  expect(channel.state).toBe("connected");
  await host.advance(1);
  expect(socket.isDropped).toBe(true);
  expect(changes.at(-1)).toMatchObject({ state: "disconnected", code: "slow_reader" });
  await host.advance(125);
  const next = await host.socket();
  expect(next).not.toBe(socket);
  next.events.opened();
  next.say({ type: "error", data: "too slow", code: "slow_reader", fatal: true }).flush();
  next.events.closed(4504, "channel_deleted");
  expect(changes.at(-1)).toMatchObject({ state: "closed", code: "slow_reader" });
});

test("a connect to an unknown channel rejects with the hub's words", async () => {
  const host = new FakeHost();
  const connecting = failureOf(newHub(host).connect("ch-9"));
  const socket = await host.socket();
  socket.events.opened();
  const words = { data: "Channel not found: ch-9", hint: "GET /api/channel/list shows the channels" };
  socket.say({ type: "error", code: "channel_not_found", fatal: true, ...words }).flush();
  socket.events.closed(4504, "channel_not_found");
  expect(await connecting).toMatchObject({ code: "channel_not_found", message: words.data, hint: words.hint });
});

test.each([
  [401, "unauthorized", "the hub key is wrong"],
  [410, "channel_deleted", "Channel deleted: ch-1"],
])("an upgrade refused unseen is explained by a plain request: %i", async (status, code, error) => {
  const host = new FakeHost();
  host.answer = () => json(status, { ok: false, error, code, request_id: "r-1" });
  const connecting = failureOf(newHub(host).connect("ch-1"));
  (await host.socket()).events.closed(1006, "");
  expect(await connecting).toMatchObject({ code, status, message: error, request_id: "r-1" });
  expect(host.requests).toMatchObject([{ url: "https://hub.example/api/channel/ch-1" }]);
});

test("a first connect waits for a hub that says later, or cannot be reached, for 30 s", async () => {
  const host = new FakeHost();
  const hub = newHub(host);
  const busy = { ok: false, error: "busy", code: "overloaded", request_id: "r-1", retry_after_ms: 2000 };
  host.answer = () => json(503, busy);
  const connecting = hub.connect("ch-1");
  (await host.socket()).events.closed(1006, "");
  await host.advance(2124);
  expect(host.sockets).toHaveLength(1);
  await host.advance(1);
  const socket = await host.socket();
  expect(host.sockets).toHaveLength(2);
  socket.events.opened();
  socket.say(page(messages(1, 3))).flush();
  expect((await connecting).state).toBe("connected");
  const other = new FakeHost();
  const failing = outcomeOf(newHub(other).connect("ch-1"));
  const begun = other.time;
  while (failing.is === "open") await refuse(other, () => failing.is !== "open");
  expect(failing.is).toMatchObject({ code: "network", message: "no connection to the hub: connection refused" });
  expect(other.time - begun).toBeLessThanOrEqual(30_000);
  expect(other.sockets.length).toBeGreaterThan(4);
  expect(other.timers).toBe(0);
});

test("a hub that never gives a first frame is given up after 30 s", async () => {
  const host = new FakeHost();
  const connecting = failureOf(newHub(host).connect("ch-1"));
  (await host.socket()).events.opened();
  await host.advance(30_000);
  expect(await connecting).toMatchObject({ code: "network", message: "the hub gave no first frame within 30 s" });
  expect(host.timers).toBe(0);
});

test("[IDN3] where upgrades carry no headers, a ticket stands in for them", async () => {
  const host = new FakeHost();
  host.carries_headers = false;
  host.answer = () => json(200, { ok: true, ticket: "t.h", url: "", expires_at: "" });
  const connecting = newHub(host).connect("ch-1");
  const socket = await host.socket();
  expect(host.requests).toMatchObject([
    {
      method: "POST",
      url: "https://hub.example/api/ticket",
      headers: { "x-spf-key": "hub-key" },
      body: JSON.stringify({ channel_id: "ch-1", key: "alpha", name: "ALPHA", kind: "agent" }),
    },
  ]);
  expect(socket.request).toMatchObject({ headers: {}, protocols: ["spf.v1", "spf.ticket.t.h"] });
  socket.events.opened();
  socket.say(page(messages(1, 1))).flush();
  await connecting;
});

test("an aborted connect rejects and leaves nothing behind", async () => {
  const host = new FakeHost();
  const hub = newHub(host);
  const abort = new AbortController();
  const connecting = failureOf(hub.connect("ch-1", { signal: abort.signal }));
  const socket = await host.socket();
  abort.abort();
  expect(await connecting).toMatchObject({ code: "disconnected", message: "the connect was aborted" });
  expect([socket.isDropped, hub.connections(), host.timers]).toEqual([true, [], 0]);
});

test("disconnect rejects what was not answered, ends iterators, and leaves no timer", async () => {
  const { host, channel, socket } = await connected();
  const sent = failureOf(channel.send("a"));
  const told: ChannelEvent[] = [];
  const reading = (async () => {
    for await (const event of channel) told.push(event);
  })();
  await host.settle();
  const ended = channel.disconnect();
  socket.events.closed(1000, "");
  await Promise.all([ended, reading]);
  expect(await sent).toMatchObject({ code: "outcome_unknown" });
  expect(await failureOf(channel.send("b"))).toMatchObject({ code: "not_sent" });
  expect(told).toHaveLength(3);
  await host.advance(0);
  expect(host.timers).toBe(0);
});

test("a listener that throws hinders no other, and its error surfaces", async () => {
  const { host, channel, socket } = await connected();
  const heard: number[] = [];
  channel.on("message", () => {
    throw new Error("of the application");
  });
  channel.on("message", ({ seq }) => heard.push(seq));
  channel.drain();
  await expect(host.advance(0)).rejects.toThrow("of the application");
  socket.say(live(4)).flush();
  expect(heard).toEqual([1, 2, 3, 4]);
});

test("a slow application is told what its inbox dropped, and gets it again; what is gone is a gap", async () => {
  const { host, channel, socket } = await connected();
  channel.drain();
  const dropped: unknown[] = [];
  channel.on("dropped", (range) => dropped.push(range));
  await host.advance(0);
  for (let seq = 4; seq <= 2003; seq++) socket.say(live(seq)).flush();
  const drained = channel.drain();
  expect(drained.messages.map(({ seq }) => seq)).toEqual(messages(1504, 2003).map(({ seq }) => seq));
  expect(drained.dropped).toEqual({ dropped: 1500, from: 4, to: 1503 });
  expect(dropped).toEqual([{ dropped: 1, from: 4, to: 4 }]);
  host.answer = ringOf(1004, 2003);
  const { messages: again, gaps } = await channel.refetch({ dropped: 1500, from: 4, to: 1503 });
  expect(gaps).toEqual([{ from: 4, to: 1003, reason: "evicted" }]);
  expect(again.map(({ seq }) => seq)).toEqual(messages(1004, 1503).map(({ seq }) => seq));
});

test("an iterator at its own pace is told everything once, in order, over an outage of the hub", async () => {
  const { host, channel, socket } = await connected();
  const told: number[] = [];
  const iterator = channel[Symbol.asyncIterator]();
  const next = async (): Promise<void> => {
    const { value } = await iterator.next();
    told.push((value as Extract<ChannelEvent, { type: "message" }>).message.seq);
  };
  for (let times = 0; times < 3; times++) await next();
  const waiting = next();
  for (let seq = 4; seq <= 903; seq++) socket.say(live(seq)).flush();
  await host.settle();
  let isAway = true;
  const ring = ringOf(1, 903);
  host.answer = (request) => {
    if (isAway) throw new TypeError("connection refused");
    return ring(request);
  };
  await host.settle();
  isAway = false;
  await host.advance(1000);
  await waiting;
  while (told.length < 903) await next();
  expect(told).toEqual(messages(1, 903).map(({ seq }) => seq));
});

/** Answers history as a hub would that retains `first` to `last`. */
function ringOf(first: number, last: number): FakeHost["answer"] {
  return ({ url }) => {
    const asked = new URL(url).searchParams;
    const [after, before, limit] = ["after", "before", "limit"].map((name) => Number(asked.get(name)));
    const start = Math.max((after ?? 0) + 1, first);
    const end = Math.min((before ?? 0) - 1, last, start + (limit ?? 0) - 1);
    const gap = start > (after ?? 0) + 1 ? { from: (after ?? 0) + 1, to: start - 1, reason: "evicted" } : null;
    const meta = { epoch: "e1", first_seq: first, last_seq: last, gap, complete: end >= (before ?? 0) - 1 };
    const data = messages(start, end);
    return json(200, { ok: true, channel_id: "ch-1", messages: data, count: data.length, meta });
  };
}

test("the codes that a client takes for final are those whose close is final by the protocol's table", () => {
  const final = Object.entries(ERRORS).flatMap(([code, entry]) =>
    "close" in entry && !mayReconnect(entry.close) ? [code] : [],
  );
  expect([...FINAL_CODES].toSorted()).toEqual(final.toSorted());
});

test("final last words end the connection at once, whether or not its close arrives", async () => {
  const { host, channel, socket } = await connected();
  const changes = statesOf(channel);
  socket.say({ type: "error", data: "Channel deleted: ch-1", code: "channel_deleted", fatal: true }).flush();
  expect(changes.at(-1)).toMatchObject({ state: "closed", code: "channel_deleted", reason: "Channel deleted: ch-1" });
  expect(socket.isDropped).toBe(true);
  await host.advance(60_000);
  expect(channel.state).toBe("closed");
});

test("the client holds for final what the protocol's table does; a replay is signed anew", () => {
  for (const [code, { status, retry }] of Object.entries(ERRORS)) {
    const isFinal = !isTemporary({ code, status, message: "" });
    expect([code, isFinal]).toEqual([code, !retry && code !== "replay"]);
  }
});
