/** An object that slept between any two steps is not different to the agents. */
import { abortAllDurableObjects, evictDurableObject, runInDurableObject } from "cloudflare:test";
import { expect, test, vi } from "vitest";
import { call, channelStub, createChannel, history, type Json, send, Socket } from "./support/hub.ts";

type Sleep = (id: string) => Promise<void>;
const awake: Sleep = () => Promise.resolve();
/** An object that slept already, because the step before did not wake it, sleeps on. */
const asleep: Sleep = async (id) => {
  try {
    await evictDurableObject(channelStub(id));
  } catch (error) {
    if (!String(error).includes("not currently running")) throw error;
  }
};

/** The main journey, with a chance to sleep between any two steps. Times and ids aside, what it saw. */
async function journey(sleep: Sleep): Promise<Json[]> {
  const id = await createChannel();
  const seen: Json[] = [];
  const note = (step: Json): void => void seen.push(step);
  const step = async <T>(work: () => Promise<T>): Promise<T> => {
    const result = await work();
    await sleep(id);
    return result;
  };
  // First use makes the object, so that it can be put to sleep at all.
  await step(() => history(id));
  const alpha = await step(() => Socket.connect(id, "key=alpha&name=ALPHA"));
  note(await step(() => alpha.next()));
  const bravo = await step(() => Socket.connect(id, "key=bravo&name=BRAVO&frames=batch"));
  note(await step(() => bravo.next()));
  note(await step(() => alpha.next()));
  note(await step(() => alpha.ask({ action: "send", text: "one", client_msg_id: "c1" })));
  note(await step(() => bravo.next()));
  note(await step(() => alpha.ask({ action: "send", text: "one", client_msg_id: "c1" })));
  note(await step(() => send(id, "bravo", "two", { client_msg_id: "c2" })));
  note(await step(() => alpha.next()));
  note(await step(() => bravo.ask({ action: "read", seq: 3 })));
  note(await step(() => bravo.ask({ action: "leave" })));
  note(await step(() => alpha.next()));
  note(await step(() => alpha.ask({ action: "send", text: "unheard" })));
  note(await step(() => bravo.ask({ action: "join" })));
  note(await step(() => alpha.next()));
  note(await step(() => alpha.ask("ping")));
  note(await step(() => alpha.ask({ action: "history", limit: 3 })));
  await step(() => bravo.close());
  note(await step(() => call(`/api/channel/${id}`)));
  const again = await step(() => Socket.connect(id, "key=bravo&after=4"));
  note(await step(() => again.next()));
  note(await step(() => history(id)));
  note(await step(() => alpha.quiet()));
  await Promise.all([alpha.close(), again.close()]);
  return seen;
}

/** Without what differs from run to run: ids, times, epochs, channel numbers. */
function timeless(seen: Json[]): string {
  return JSON.stringify(seen)
    .replace(/"msg-[^"]*"/g, '"ID"')
    .replace(/"\d{4}-\d\d-\d\dT[^"]*"/g, '"TIME"')
    .replace(/"[0-9a-f]{16}"/g, '"EPOCH"')
    .replace(/"ch-\d+"/g, '"CH"');
}

test("[SOC8] eviction between any two steps of the main journey changes nothing", async () => {
  expect(timeless(await journey(asleep))).toBe(timeless(await journey(awake)));
});

test("[MEM1] participants stand in the order in which they joined, also after sleep and a new join", async () => {
  const id = await createChannel("order", "mike");
  const join = (key: string): Promise<Json> => call("/api/channel/join", { channel_id: id, key });
  for (const key of ["zulu", "alpha", "kilo", "bravo"]) await join(key);
  await call("/api/channel/leave", { channel_id: id, key: "alpha" });
  await call("/api/channel/kick", { channel_id: id, target: "zulu", minutes: 1 });
  vi.setSystemTime(Date.now() + 61_000);
  for (const key of ["alpha", "zulu"]) await join(key);
  vi.useRealTimers();
  const shown = async (): Promise<string[]> =>
    ((await call(`/api/channel/${id}`)).participants as { key: string }[]).map(({ key }) => key);
  const awakened = await shown();
  expect(awakened).toEqual(["mike", "kilo", "bravo", "alpha", "zulu"]);
  await asleep(id);
  expect(await shown()).toEqual(awakened);
});

test("a channel with the tables of version 1 is brought up to date when it is read", async () => {
  const id = await createChannel("old", "mike");
  for (const key of ["zulu", "alpha"]) await call("/api/channel/join", { channel_id: id, key });
  await runInDurableObject(channelStub(id), (_channel, { storage }) => {
    storage.sql.exec("ALTER TABLE participant DROP COLUMN joined_seq");
    storage.sql.exec("UPDATE channel SET schema = 1");
  });
  await asleep(id);
  const before = await call(`/api/channel/${id}`);
  expect((before.participants as Json[]).map(({ key }) => key)).toEqual(["alpha", "mike", "zulu"]);
  await call("/api/channel/join", { channel_id: id, key: "aaron" });
  await asleep(id);
  const after = await call(`/api/channel/${id}`);
  expect((after.participants as Json[]).map(({ key }) => key)).toEqual(["alpha", "mike", "zulu", "aaron"]);
});

test("[SOC8] the third wake still tells the truth about closed sockets", async () => {
  const id = await createChannel();
  const alpha = await Socket.connect(id, "key=alpha");
  await alpha.next();
  // A peer that never answers a close frame: the hub closes it, and no close event ever comes.
  await runInDurableObject(channelStub(id), (_channel, state) => {
    for (const socket of state.getWebSockets()) {
      socket.serializeAttachment({ ...(socket.deserializeAttachment() as object), closing: true });
    }
  });
  for (let wake = 0; wake < 3; wake++) {
    await evictDurableObject(channelStub(id));
    const { participants, connected_count } = await call(`/api/channel/${id}`);
    expect({ participants, connected_count }).toMatchObject({
      participants: [{ key: "alpha", connected: false }],
      connected_count: 0,
    });
    expect(await send(id, "alpha", `wake ${wake}`)).toMatchObject({ ok: true, delivered: 0 });
  }
});

test("[SOC8] a socket that closed while the object slept is gone at every later wake", async () => {
  const id = await createChannel();
  const [alpha, bravo] = [await Socket.connect(id, "key=alpha"), await Socket.connect(id, "key=bravo")];
  await evictDurableObject(channelStub(id));
  await bravo.close();
  for (let wake = 0; wake < 3; wake++) {
    await evictDurableObject(channelStub(id));
    const { participants } = await call(`/api/channel/${id}`);
    expect(participants.map((one: Json) => [one.key, one.connected])).toEqual([
      ["alpha", true],
      ["bravo", false],
    ]);
  }
  await alpha.close();
});

test("[SOC2] [SOC8] a reader that is behind is so when it wakes, and one that has caught up is live", async () => {
  const id = await createChannel();
  // More than a page holds.
  for (let sent = 0; sent < 20; sent++) await send(id, "alpha", "x".repeat(60_000));
  const bravo = await Socket.connect(id, "key=bravo&after=0");
  const first = await bravo.next();
  expect(first.meta.complete).toBe(false);
  // It knows the words: one that did not would be caught up as it pings, by an object that stays awake for it.
  bravo.say({ action: "seen", seq: first.data.at(-1).seq });
  expect(await bravo.ask({ action: "dance" })).toMatchObject({ code: "unknown_action" });
  await evictDurableObject(channelStub(id));
  await send(id, "alpha", "unheard");
  expect(await bravo.quiet()).toEqual([]);
  const rest = await bravo.ask({ action: "history", after: first.data.at(-1).seq, limit: 1000 });
  expect(rest.meta.complete).toBe(true);
  await evictDurableObject(channelStub(id));
  await send(id, "alpha", "heard");
  expect(await bravo.next()).toMatchObject({ type: "message", data: { text: "heard" } });
  await bravo.close();
});

test("[DUR2] a crash before the flush loses only what was not acknowledged", async () => {
  const id = await createChannel();
  const acked: string[] = [];
  for (let round = 0; round < 5; round++) {
    const alpha = await Socket.connect(id, "key=alpha");
    await alpha.next();
    for (let sent = 0; sent < 20; sent++) alpha.say({ action: "send", text: `${round}.${sent}` });
    acked.push((await alpha.next()).data.text);
    await abortAllDurableObjects();
    acked.push(...alpha.inbox.filter((frame) => frame.type === "ack").map((frame) => frame.data.text as string));
  }
  const { messages } = await history(id, "?limit=1000");
  const texts: string[] = messages.map((message: Json) => message.text);
  for (const text of acked) expect(texts.filter((stored) => stored === text)).toEqual([text]);
  expect(messages.map((message: Json) => message.seq)).toEqual(messages.map((_: Json, at: number) => at + 1));
});

test("[DUR2] an object that has nothing to do has no timer", async () => {
  const id = await createChannel();
  const timers = new Set<unknown>();
  const [set, clear] = [globalThis.setTimeout, globalThis.clearTimeout];
  const alpha = await Socket.connect(id, "key=alpha");
  await alpha.next();
  await runInDurableObject(channelStub(id), () => {
    globalThis.setTimeout = ((run: () => void, ms: number) => {
      const timer = set(() => {
        timers.delete(timer);
        run();
      }, ms);
      timers.add(timer);
      return timer;
    }) as typeof setTimeout;
    globalThis.clearTimeout = ((timer: number) => {
      timers.delete(timer);
      clear(timer);
    }) as typeof clearTimeout;
  });
  for (let sent = 0; sent < 3; sent++) await alpha.ask({ action: "send", text: "x" });
  await call("/api/channel/list");
  await alpha.ask({ action: "send", text: "after a list" });
  await alpha.close();
  // The tick after the last change ends, and starts no other.
  await expect.poll(() => timers.size).toBe(0);
  globalThis.setTimeout = set;
  globalThis.clearTimeout = clear;
});
