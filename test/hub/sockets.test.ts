/** Sockets, presence and delivery, seen from outside. */
import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { expect, test, vi } from "vitest";
import { HubIndex } from "../../src/hub/index.ts";
import { call, channelStub, createChannel, history, type Json, sayTogether, send, Socket } from "./support/hub.ts";

async function joined(id: string, query: string): Promise<Socket> {
  const socket = await Socket.connect(id, query);
  await socket.next();
  return socket;
}

/** Frames of any packing, one by one. */
function unpack(frames: Json[]): Json[] {
  return frames.flatMap((frame) => (frame.type === "batch" ? frame.data : [frame]));
}

function seqOf(frame: Json): number {
  return frame.seq ?? frame.data.seq;
}

test("[SOC1] a key has eight sockets; a ninth is refused, and closing one touches only itself", async () => {
  const id = await createChannel();
  const sockets: Socket[] = [];
  for (let opened = 0; opened < 8; opened++) sockets.push(await joined(id, "key=alpha"));
  await expect(Socket.connect(id, "key=alpha")).rejects.toThrow(/429.*too_many_sockets/);
  await sockets[0]?.close();
  const { participants } = await call(`/api/channel/${id}`);
  expect(participants).toMatchObject([{ key: "alpha", connected: true }]);
  const ninth = await joined(id, "key=alpha");
  await send(id, "alpha", "to myself");
  expect(await ninth.quiet()).toEqual([]);
});

test("[SOC1] a silent socket gives way to a ninth", async () => {
  const id = await createChannel();
  const sockets: Socket[] = [];
  for (let opened = 0; opened < 8; opened++) sockets.push(await joined(id, "key=alpha"));
  await evictAndAge(id, 120_000, 1);
  const ninth = await joined(id, "key=alpha");
  expect(await closedOnes(sockets)).toEqual([{ code: 4509, reason: "replaced" }]);
  expect(await ninth.ask({ action: "send", text: "here" })).toMatchObject({ type: "ack" });
});

const OWN = "instance-of-alpha-1";

test("[SOC1] a link that flaps is never shut out: a new socket takes the place of its instance's older ones, through sleep", async () => {
  const id = await createChannel();
  const others: Socket[] = [];
  for (let opened = 0; opened < 7; opened++) others.push(await joined(id, "key=alpha"));
  let newest = await joined(id, `key=alpha&instance=${OWN}`);
  for (let attempt = 1; attempt <= 20; attempt++) {
    if (attempt % 5 === 0) await evictDurableObject(channelStub(id));
    const older = newest;
    newest = await joined(id, `key=alpha&instance=${OWN}&attempt=${attempt}`);
    expect(await older.next()).toMatchObject({ type: "error", code: "replaced", fatal: true });
    await older.untilClosed();
    expect(older.closed).toEqual({ code: 4509, reason: "replaced" });
  }
  await expect(Socket.connect(id, "key=alpha")).rejects.toThrow(/429.*too_many_sockets/);
  expect(await newest.ask({ action: "send", text: "here" })).toMatchObject({ type: "ack" });
  expect(others.filter(({ closed }) => closed !== undefined)).toEqual([]);
});

test("[SOC1] what was said on a replaced socket and comes later has no effect", async () => {
  const id = await createChannel();
  await joined(id, `key=alpha&instance=${OWN}`);
  const [older] = await runInDurableObject(channelStub(id), (_channel, state) => state.getWebSockets());
  const newer = await joined(id, `key=alpha&instance=${OWN}`);
  await runInDurableObject(channelStub(id), (channel) => {
    if (older === undefined) throw new Error("there is no socket");
    channel.webSocketMessage(older, JSON.stringify({ action: "send", text: "from the grave" }));
  });
  await newer.ask({ action: "send", text: "alive" });
  const { messages } = await history(id);
  expect(messages.map(({ text }: Json) => text).slice(1)).toEqual(["alive"]);
});

test("[SOC1] an upgrade that comes late replaces none that was made after it", async () => {
  const id = await createChannel();
  const newer = await joined(id, `key=alpha&instance=${OWN}&attempt=8`);
  await joined(id, `key=alpha&instance=${OWN}&attempt=7`);
  expect(await newer.quiet()).toEqual([]);
  expect(newer.closed).toBeUndefined();
});

test("[SOC1] who comes upon another's instance ends none of its sockets", async () => {
  const id = await createChannel();
  const alpha = await joined(id, `key=alpha&instance=${OWN}`);
  const others = [
    await joined(id, `key=bravo&instance=${OWN}`),
    await joined(id, `key=alpha&instance=${OWN}x`),
    await joined(id, "key=alpha"),
  ];
  await alpha.quiet();
  expect([alpha, ...others].filter(({ closed }) => closed !== undefined)).toEqual([]);
});

/** Makes some `count` sockets look as if they had been opened `ms` earlier and never heard since. */
async function evictAndAge(id: string, ms: number, count: number): Promise<void> {
  await runInDurableObject(channelStub(id), (_channel, state) => {
    for (const socket of state.getWebSockets().slice(0, count)) {
      const attached = socket.deserializeAttachment() as { opened_at: number };
      socket.serializeAttachment({ ...attached, opened_at: attached.opened_at - ms });
    }
  });
  await evictDurableObject(channelStub(id));
}

async function closedOnes(sockets: readonly Socket[]): Promise<unknown[]> {
  await Promise.race(sockets.map((socket) => socket.untilClosed()));
  await sockets[0]?.quiet();
  return sockets.flatMap((socket) => (socket.closed === undefined ? [] : [socket.closed]));
}

test("[SOC3] acks stand at their place: what a socket gets is strictly increasing and without holes", async () => {
  const id = await createChannel();
  const sockets = [
    await joined(id, "key=alpha"),
    await joined(id, "key=bravo"),
    await joined(id, "key=carol&frames=batch"),
  ];
  // The joins of those that came later.
  for (const at of [0, 0, 1]) await sockets[at]?.next();
  for (let round = 0; round < 20; round++)
    for (const socket of sockets) socket.say({ action: "send", text: `round ${round}` });
  for (const socket of sockets) {
    const frames: Json[] = [];
    while (frames.length < 60) frames.push(...unpack([await socket.next()]));
    const seqs = frames.map(seqOf);
    expect(seqs).toEqual(seqs.map((_, at) => (seqs[0] ?? 0) + at));
    expect(frames.filter((frame) => frame.type === "ack")).toHaveLength(20);
  }
});

test("[SOC3] no socket of the sender's key gets its message, unless it asked for echo", async () => {
  const id = await createChannel();
  const [one, two, echo] = [
    await joined(id, "key=alpha"),
    await joined(id, "key=alpha"),
    await joined(id, "key=alpha&echo=1"),
  ];
  expect(await one.ask({ action: "send", text: "mine" })).toMatchObject({ type: "ack" });
  expect(await echo.next()).toMatchObject({ type: "message", data: { text: "mine" } });
  expect(await echo.ask({ action: "send", text: "echo's" })).toMatchObject({ type: "ack" });
  expect([...(await one.quiet()), ...(await two.quiet()), ...(await echo.quiet())]).toEqual([]);
});

test("[SOC4] a leaver gets all before its leave and nothing later; a join restores delivery", async () => {
  const id = await createChannel();
  const [alpha, bravo, other] = [
    await joined(id, "key=alpha"),
    await joined(id, "key=bravo&name=BRAVO"),
    await joined(id, "key=bravo"),
  ];
  expect(await alpha.next()).toMatchObject({ data: { text: "BRAVO joined the channel" } });
  expect(await alpha.ask({ action: "send", text: "before" })).toMatchObject({ type: "ack" });
  expect(await bravo.next()).toMatchObject({ data: { text: "before" } });
  expect(await bravo.ask({ action: "leave", ref: "l" })).toMatchObject({
    type: "system",
    data: "Left channel",
    seq: 4,
    ref: "l",
  });
  expect((await other.take(2)).map((frame) => frame.data.text)).toEqual(["before", "BRAVO left the channel"]);
  expect(await alpha.next()).toMatchObject({ data: { text: "BRAVO left the channel" } });
  expect(await alpha.ask({ action: "send", text: "unheard" })).toMatchObject({ type: "ack", delivered: 0 });
  expect(await bravo.ask({ action: "send", text: "no" })).toMatchObject({
    type: "error",
    code: "not_participant",
    fatal: false,
  });
  expect(await bravo.quiet()).toEqual([]);
  const back = await bravo.ask({ action: "join" });
  expect(back).toMatchObject({ type: "system", data: "Joined", seq: 6 });
  expect(back.epoch).toMatch(/^[0-9a-f]{16}$/);
  expect(await other.next()).toMatchObject({ type: "system", data: { text: "BRAVO joined the channel", seq: 6 } });
  expect(await bravo.ask({ action: "join" })).toMatchObject({ data: "Joined", seq: 6 });
  expect(await alpha.next()).toMatchObject({ data: { text: "BRAVO joined the channel" } });
  await alpha.ask({ action: "send", text: "heard" });
  expect(await bravo.next()).toMatchObject({ type: "message", data: { text: "heard", seq: 7 } });
});

test("[SOC4] join and leave within one tick reach those who were members at that place", async () => {
  const id = await createChannel();
  const [alpha, bravo, carol] = [
    await joined(id, "key=alpha"),
    await joined(id, "key=bravo"),
    await joined(id, "key=carol"),
  ];
  for (const socket of [alpha, alpha, bravo]) await socket.next();
  await sayTogether(id, [
    ["alpha", { action: "send", text: "1" }],
    ["carol", { action: "leave" }],
    ["alpha", { action: "send", text: "2" }],
    ["carol", { action: "join" }],
    ["alpha", { action: "send", text: "3" }],
  ]);
  const texts = (frames: Json[]): string[] => frames.map((frame) => frame.data.text ?? frame.data);
  expect(texts(await bravo.take(5))).toEqual(["1", "carol left the channel", "2", "carol joined the channel", "3"]);
  expect(texts(await carol.take(4))).toEqual(["1", "Left channel", "Joined", "3"]);
});

test("[SOC5] connected is computed from sockets; ping is answered without waking the object", async () => {
  const id = await createChannel();
  const alpha = await joined(id, "key=alpha");
  const connected = async (): Promise<boolean> =>
    (await call(`/api/channel/${id}`)).participants[0].connected as boolean;
  expect(await connected()).toBe(true);
  await evictDurableObject(channelStub(id));
  expect(await alpha.ask("ping")).toBe("pong");
  expect(await connected()).toBe(true);
  await alpha.close();
  expect(await connected()).toBe(false);
});

test("[SOC5] who pinged once and is silent for 90 s counts as gone, until it is heard of again", async () => {
  const id = await createChannel();
  const alpha = await Socket.connect(id, "key=alpha");
  await alpha.next();
  const isConnected = async (): Promise<boolean> => (await call(`/api/channel/${id}`)).participants[0].connected;
  const before = Date.now();
  expect(await alpha.ask("ping")).toBe("pong");
  const after = Date.now();
  vi.setSystemTime(before + 89_000);
  expect(await isConnected()).toBe(true);
  vi.setSystemTime(after + 91_000);
  expect(await isConnected()).toBe(false);
  expect((await alpha.ask({ action: "history", limit: 1 })).type).toBe("history");
  expect(await isConnected()).toBe(true);
  vi.useRealTimers();
  await alpha.close();
});

test("[SOC7] frames=batch takes the frames of a tick in one, in order, acks included", async () => {
  const id = await createChannel();
  const [alpha, bravo] = [await joined(id, "key=alpha&frames=batch"), await joined(id, "key=bravo&frames=batch")];
  await alpha.next();
  await sayTogether(
    id,
    ["first", "a", "b", "c"].map((text) => ["alpha", { action: "send", text }]),
  );
  // The first of a tick does not wait for its end.
  expect(await alpha.next()).toMatchObject({ type: "ack", data: { text: "first" } });
  expect(await bravo.next()).toMatchObject({ type: "message", data: { text: "first" } });
  const acks = await alpha.next();
  expect(acks).toMatchObject({ type: "batch", data: [{ type: "ack" }, { type: "ack" }, { type: "ack" }] });
  expect(await bravo.next()).toMatchObject({
    type: "batch",
    data: ["a", "b", "c"].map((text) => ({ type: "message", data: { text } })),
  });
  expect(await alpha.ask({ action: "send", text: "alone" })).toMatchObject({ type: "ack" });
});

test("[MEM1] a different name on connect, join or send renames; a missing one keeps it", async () => {
  const id = await createChannel();
  const nameNow = async (): Promise<string> => (await call(`/api/channel/${id}`)).participants[0].name as string;
  expect(await nameNow()).toBe("ALPHA");
  const alpha = await joined(id, "key=alpha&name=Connected");
  expect(await nameNow()).toBe("Connected");
  expect((await alpha.ask({ action: "send", text: "x", name: "Sent" })).data.from_name).toBe("Sent");
  expect((await alpha.ask({ action: "send", text: "y" })).data.from_name).toBe("Sent");
  await call("/api/channel/join", { channel_id: id, key: "alpha", name: "Joined" });
  expect(await nameNow()).toBe("Joined");
  expect((await call(`/api/channel/${id}`)).last_seq).toBe(3);
});

test("[SOC2] connect, join and snapshot are one turn: nothing falls between, nothing comes twice", async () => {
  const id = await createChannel();
  const alpha = await joined(id, "key=alpha");
  const total = 150;
  const writing = (async () => {
    for (let sent = 0; sent < total; sent++) {
      alpha.say({ action: "send", text: `n ${sent}` });
      if (sent % 10 === 0) await new Promise((resolve) => setTimeout(resolve, 0));
    }
  })();
  const readers: Socket[] = [];
  for (let opened = 0; opened < 8; opened++) readers.push(await Socket.connect(id, `key=reader-${opened}&after=0`));
  await writing;
  alpha.say({ action: "send", text: "last" });
  for (const reader of readers) {
    const first = await reader.next();
    const seqs: number[] = first.data.map((message: Json) => message.seq);
    while (seqs.at(-1) !== undefined && !(await sawLast(reader, seqs)));
    expect(seqs).toEqual(seqs.map((_, at) => at + 1));
  }
});

/** Takes one frame; true once the message `last` was among what came. */
async function sawLast(reader: Socket, seqs: number[]): Promise<boolean> {
  const frame = await reader.next();
  seqs.push(frame.data.seq);
  return frame.data.text === "last";
}

test("[SOC6] [DUR1] who is found too far behind for messages is still told what became of its own", async () => {
  const id = await createChannel();
  for (let sent = 0; sent < 20; sent++) await send(id, "alpha", "x".repeat(62_150));
  const alpha = await joined(id, "key=alpha");
  const bravo = await Socket.connect(id, "key=bravo");
  await bravo.next();
  await bravo.ask({ action: "read", seq: 1 });
  bravo.say({ action: "seen", seq: 22 });
  await call("/api/channel/list?limit=1000");
  const { dirty } = HubIndex.prototype;
  const { promise: allWait, resolve: answerNow } = Promise.withResolvers<void>();
  const late = async function late(this: HubIndex, number: number, change: number) {
    await allWait;
    dirty.call(this, number, change);
  };
  Object.assign(HubIndex.prototype, { dirty: late });
  // All of it waits for the index together, so that nothing is heard of bravo between page and ack.
  await sayTogether(id, [
    ["bravo", { action: "send", text: "before", ref: "before" }],
    ["bravo", { action: "history", limit: 1000 }],
    ["bravo", { action: "send", text: "mine", ref: "after" }],
    ["alpha", { action: "send", text: "y".repeat(60_000) }],
  ]);
  answerNow();
  expect(await bravo.next()).toMatchObject({ type: "ack", ref: "before" });
  expect(await bravo.next()).toMatchObject({ type: "history" });
  const rest = [await bravo.next(), await bravo.next()];
  expect(new Set(rest.map(({ type }) => type as string))).toEqual(new Set(["ack", "lagging"]));
  HubIndex.prototype.dirty = dirty;
  await Promise.all([alpha.close(), bravo.close()]);
});

test("[SOC6] readers that are each a little behind are no backlog, however many they are", async () => {
  const id = await createChannel();
  const readers: Socket[] = [];
  for (let at = 0; at < 560; at++) readers.push(await joined(id, `key=reader-${Math.floor(at / 8)}`));
  // 70 KB unread of each with its first frame: together more than the 32 MiB a channel may have, and none has said `seen` yet.
  for (let sent = 0; sent < 13; sent++) await send(id, "alpha", "x".repeat(3900));
  await send(id, "alpha", "last");
  const isLast = ({ type, data }: Json): boolean => type === "lagging" || data.text === "last";
  const frames = await Promise.all(readers.map((reader) => reader.takeUntil(isLast)));
  expect(frames.flat().filter((frame) => frame.type === "lagging")).toEqual([]);
  expect(frames.filter((own) => own.at(-1).data.text !== "last")).toEqual([]);
});
