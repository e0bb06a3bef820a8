/** The client library on Node against a real hub. */
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import {
  type ChannelClient,
  type Host,
  HubClient,
  HubError,
  type Message,
  type StateChange,
  thisHost,
} from "../../src/client/index.ts";
import { Dice } from "../support/crash/dice.ts";
import { FaultyProxy } from "../support/network/faulty-proxy.ts";
import { createChannel } from "../support/process/agent.ts";
import { HUB_KEY, HubProcess } from "../support/process/hub-process.ts";

/** More than an inbox of 500 and a ring of 1000 hold together. */
const FLOOD = 2000;

let hub: HubProcess;
beforeAll(async () => {
  hub = await HubProcess.start({
    worker: inject("worker"),
    variables: { HUB_RATE_PER_SECOND: "0", HUB_LOOP_GUARD: "0" },
  });
});
afterAll(() => hub[Symbol.asyncDispose]());

type Options = ConstructorParameters<typeof HubClient>[0];

function clientOf(key: string, options: Partial<Options> = {}): HubClient {
  const agent = { key, name: key.toUpperCase(), kind: "agent" } as const;
  return new HubClient({ url: hub.url, key: HUB_KEY, agent, ...options });
}

const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, at) => from + at);

/** Sends as many as the queue takes at once, in order. */
async function flood(channel: ChannelClient, count: number): Promise<void> {
  for (let sent = 0; sent < count; sent += 500)
    await Promise.all(range(1, Math.min(500, count - sent)).map((n) => channel.send(`flood ${sent + n}`)));
}

async function untilAt(channel: ChannelClient, seq: number): Promise<void> {
  if ((channel.position?.seq ?? 0) >= seq) return;
  await new Promise<void>((resolve) => {
    const off = channel.on("message", (message) => {
      if (message.seq < seq) return;
      off();
      resolve();
    });
  });
}

async function failureOf(promise: Promise<unknown>): Promise<unknown> {
  return await promise.then(
    () => "it did not fail",
    (error: unknown) => error,
  );
}

test(`a slow application is told what its inbox dropped of ${FLOOD} messages, and nothing is lost unsaid`, async () => {
  const id = await createChannel(hub.url);
  const [alpha, slow] = [clientOf("alpha"), clientOf("slow")];
  const sender = await alpha.connect(id);
  const channel = await slow.connect(id);
  const start = channel.position?.seq ?? 0;
  channel.drain();
  await flood(sender, FLOOD);
  await untilAt(channel, start + FLOOD);
  const { messages, dropped, gaps } = channel.drain();
  expect(gaps).toEqual([]);
  expect(dropped).toEqual({ dropped: FLOOD - 500, from: start + 1, to: start + FLOOD - 500 });
  if (dropped === undefined) throw new Error("nothing was dropped");
  const again = await channel.refetch(dropped);
  // The ring is 1000 messages: what is older is gone, and said to be.
  const first = start + FLOOD - 1000 + 1;
  expect(again.gaps).toEqual([{ from: start + 1, to: first - 1, reason: "evicted" }]);
  expect([...again.messages, ...messages].map(({ seq }) => seq)).toEqual(range(first, start + FLOOD));
  expect(messages.at(-1)?.text).toBe(`flood ${FLOOD}`);
  await Promise.all([alpha.disconnect(id), slow.disconnect(id)]);
});

test("an iterator that sleeps through 900 messages is told each of them, in order", async () => {
  const id = await createChannel(hub.url);
  const [alpha, slow] = [clientOf("alpha"), clientOf("slow")];
  const sender = await alpha.connect(id);
  const channel = await slow.connect(id);
  const told: number[] = [];
  for await (const event of channel) {
    if (event.type === "message") told.push(event.message.seq);
    // Its first event is what it sleeps on.
    if (told.length === 1) await flood(sender, 900);
    if (told.at(-1) === 902) break;
  }
  expect(told).toEqual(range(1, 902));
  await Promise.all([alpha.disconnect(id), slow.disconnect(id)]);
});

/** A machine so busy that frames wait until it is free; it says how many of them were `lagging`. */
class BusyHost {
  isBusy = false;
  lagging = 0;
  readonly #waiting: (() => void)[] = [];

  readonly host: Host = { ...thisHost(), open: (request, events) => this.#open(request, events) };

  free(): void {
    this.isBusy = false;
    for (const hear of this.#waiting.splice(0)) hear();
  }

  #open(request: Parameters<Host["open"]>[0], events: Parameters<Host["open"]>[1]): ReturnType<Host["open"]> {
    const text = (data: string): void => {
      if (data.startsWith('{"type":"lagging"')) this.lagging++;
      if (this.isBusy) this.#waiting.push(() => events.text(data));
      else events.text(data);
    };
    return thisHost().open(request, { ...events, text });
  }
}

test("[SOC6] a client that was too busy to read is left behind by the hub, and reads on to the end", async () => {
  const id = await createChannel(hub.url);
  const machine = new BusyHost();
  const [alpha, busy] = [clientOf("alpha"), clientOf("busy", { host: machine.host })];
  const sender = await alpha.connect(id);
  const channel = await busy.connect(id);
  const start = channel.position?.seq ?? 0;
  const messages: Message[] = [];
  const gaps: unknown[] = [];
  channel.on("message", (message) => message.seq > start && messages.push(message));
  channel.on("gap", (gap) => gaps.push(gap));
  // A hundred that are read, so that the hub knows it as a reader that says what it has seen.
  await flood(sender, 100);
  await untilAt(channel, start + 100);
  machine.isBusy = true;
  // 3 MiB, of which the hub keeps one for it.
  for (let n = 1; n <= 50; n++) await sender.send("x".repeat(60 * 1024));
  machine.free();
  await untilAt(channel, start + 150);
  await sender.send("live again");
  await untilAt(channel, start + 151);
  expect(machine.lagging).toBeGreaterThan(0);
  expect(gaps).toEqual([]);
  expect(messages.map(({ seq }) => seq)).toEqual(range(start + 1, start + 151));
  await Promise.all([alpha.disconnect(id), busy.disconnect(id)]);
});

test("a rate that the hub limits delays sends and loses none", async () => {
  await using strict = await HubProcess.start({
    worker: inject("worker"),
    variables: { HUB_RATE_PER_SECOND: "50", HUB_RATE_BURST: "20" },
  });
  const alpha = clientOf("alpha", { url: strict.url });
  const id = await createChannel(strict.url);
  const channel = await alpha.connect(id);
  const sent = await Promise.all(range(1, 60).map((n) => channel.send(`text ${n}`)));
  expect(sent.map(({ message }) => message.seq).toSorted((a, b) => a - b)).toEqual(range(2, 61));
  expect(sent.every(({ duplicate }) => !duplicate)).toBe(true);
  await alpha.disconnect(id);
});

test("[SOC5] a link that dies in silence is noticed by the missing pong, and resumed", async () => {
  await using proxy = await FaultyProxy.start(hub.port, new Dice(1));
  const timing = { ping_ms: 100, pong_ms: 200, backoff: { least: 20, most: 100 } };
  const [alpha, bravo] = [clientOf("alpha"), clientOf("bravo", { url: proxy.url, timing })];
  const id = await createChannel(hub.url);
  const sender = await alpha.connect(id);
  const channel = await bravo.connect(id);
  channel.drain();
  const changes: StateChange[] = [];
  const isBack = new Promise<void>((resolve) => {
    channel.on("state", (change) => {
      changes.push(change);
      if (change.attempt > 0 && change.state === "connected") resolve();
    });
  });
  for (const link of proxy.links) link.arm("stall", "down", 0);
  for (const link of proxy.links) link.fire();
  await sender.send("into the silence");
  await isBack;
  expect(changes.find(({ state }) => state === "disconnected")).toMatchObject({
    code: "network",
    reason: "no sign of the hub for 0.2 s",
  });
  expect(channel.drain().messages.map(({ text }) => text)).toEqual(["into the silence"]);
  await Promise.all([alpha.disconnect(id), bravo.disconnect(id)]);
});

test("a connect that is refused says why", async () => {
  const id = await createChannel(hub.url);
  const wrongKey = clientOf("alpha", { key: "wrong-key-that-is-long-enough" });
  expect(await failureOf(wrongKey.connect(id))).toMatchObject({ code: "unauthorized", status: 401 });
  expect(await failureOf(clientOf("alpha").connect("ch-999"))).toMatchObject({
    code: "channel_not_found",
    message: "Channel not found: ch-999",
  });
  expect(await failureOf(clientOf("bad key").connect(id))).toMatchObject({ code: "bad_key", status: 400 });
  const away = await failureOf(clientOf("alpha", { url: "http://127.0.0.1:9" }).connect(id, { wait_ms: 0 }));
  expect(away).toBeInstanceOf(HubError);
  expect(away).toMatchObject({ code: "network", status: 0 });
});

test("a channel that is deleted ends the connection for good, with the reason", async () => {
  const id = await createChannel(hub.url);
  const alpha = clientOf("alpha");
  const channel = await alpha.connect(id);
  const closed = new Promise<StateChange>((resolve) => {
    channel.on("state", (change) => change.state === "closed" && resolve(change));
  });
  await alpha.api.delete(id);
  expect(await closed).toMatchObject({ code: "channel_deleted", reason: `Channel deleted: ${id}` });
  expect(alpha.connections()).toEqual([]);
});

test("the control plane: create once by id, join, send, list, history, who, read, leave", async () => {
  const alpha = clientOf("alpha").api;
  const bravo = clientOf("bravo").api;
  const { channel_id } = await alpha.create("plane", "once");
  expect((await alpha.create("plane", "once")).channel_id).toBe(channel_id);
  expect(await bravo.join(channel_id)).toMatchObject({ channel_id, seq: 2 });
  const sent = await alpha.send(channel_id, "hi @BRAVO", { client_msg_id: "m-1", to: ["bravo"] });
  expect(sent).toMatchObject({ message: { seq: 3, text: "hi @BRAVO", mentions: ["bravo"] }, offline: ["bravo"] });
  expect(await alpha.send(channel_id, "hi @BRAVO", { client_msg_id: "m-1", to: ["bravo"] })).toMatchObject({
    duplicate: true,
  });
  expect((await bravo.list({ key: "bravo" })).channels.map(({ id }) => id)).toContain(channel_id);
  expect(await bravo.history(channel_id, { after: 2 })).toMatchObject({ count: 1, meta: { complete: true } });
  expect(await bravo.read(channel_id, 3)).toMatchObject({ seq: 3 });
  const { participants } = await bravo.channel(channel_id);
  expect(participants.map(({ key, unread }) => [key, unread])).toEqual([
    ["alpha", 0],
    ["bravo", 0],
  ]);
  await bravo.leave(channel_id);
  expect(await failureOf(bravo.send(channel_id, "late"))).toMatchObject({
    code: "not_participant",
    status: 403,
    message: `Not a participant in channel ${channel_id}`,
    request_id: expect.any(String),
  });
  expect(await bravo.health()).toMatchObject({ name: "channel-hub" });
});
