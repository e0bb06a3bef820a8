/** [T47] A crowd that waits is answered turn by turn, whatever it looks through. Counted by looks, never by time. */
import { runInDurableObject } from "cloudflare:test";
import { expect, test } from "vitest";
import { type ListenQuery, makeTurn } from "../../src/channel/index.ts";
import { Listeners, type Look } from "../../src/hub/channel-object/listeners.ts";
import { channelDeleted, type Message, ok } from "../../src/protocol/index.ts";
import { call, channelStub, createChannel } from "./support/hub.ts";

const MESSAGE: Message = {
  ...{ id: "m", channel_id: "ch-1", seq: 2, from: "alpha", from_name: "ALPHA", text: "@all", timestamp: "now" },
  ...{ msg_type: "text", verified: false, mentions: ["all"] },
};

const ENTRY = { message: MESSAGE, json: JSON.stringify(MESSAGE), bytes: 1, ts: 0, members: new Set<string>() };
const OUTCOME = { type: "left", seq: 2, entry: ENTRY } as const;
const ARRIVAL = { caller: { key: "alpha", verified: false }, command: { action: "leave" }, named: {} } as const;
const TURN = makeTurn([{ arrival: ARRIVAL, outcome: OUTCOME }], () => ({ outcome: OUTCOME }));

interface Crowd {
  readonly listeners: Listeners;
  readonly looks: () => number;
}

/** Reads a page for each place where a listen starts, as the channel does. */
function crowd(state: DurableObjectState): Crowd {
  let looks = 0;
  const look: Look = ({ after = 0 }, pages) => {
    looks++;
    pages?.set(after, []);
    const nothing = { messages: [], next: after, own: 0, others: 0, more: false, gap: null };
    return ok({ channel_id: "ch-1", epoch: "e", ...nothing });
  };
  return { listeners: new Listeners(state, look), looks: () => looks };
}

function open(listeners: Listeners, query: Partial<ListenQuery>): WebSocket {
  const { webSocket } = listeners.open(
    { key: "bravo", verified: false, for: "me", limit: 50, after: 1, ...query },
    Date.now(),
  );
  if (webSocket === null) throw new Error("answered at once");
  webSocket.accept();
  return webSocket;
}

test("[T47] [LIS2] of a crowd at one place 128 are answered in a turn, of one at many places four pages' readers", async () => {
  const id = await createChannel();
  await call(`/api/channel/${id}`);
  for (const [startOf, first] of [
    [() => 1, 128],
    [(n: number) => n, 4],
  ] as const) {
    await runInDurableObject(channelStub(id), async (_channel, state) => {
      const { listeners, looks } = crowd(state);
      for (let n = 0; n < 300; n++) open(listeners, { key: `key-${n}`, after: startOf(n) });
      const before = looks();
      listeners.hear(TURN);
      expect(looks() - before).toBe(first);
      // The others are told in turns that follow, all of them, once.
      while (looks() - before < 300) await new Promise((resolve) => setTimeout(resolve, 1));
      await new Promise((resolve) => setTimeout(resolve, 20));
      expect(looks() - before).toBe(300);
      expect(listeners.isPresent("key-299")).toBe(false);
    });
  }
});

test("[LIS2] listens of many who only read with one hub key do not end each other; an agent's ninth ends its first", async () => {
  const id = await createChannel();
  await call(`/api/channel/${id}`);
  await runInDurableObject(channelStub(id), (_channel, state) => {
    const { listeners, looks } = crowd(state);
    for (let n = 0; n < 256; n++) open(listeners, { key: "~read", observes: true });
    expect(looks()).toBe(256);
    open(listeners, { key: "~read", observes: true });
    expect(looks()).toBe(258);
    for (let n = 0; n < 9; n++) open(listeners, { key: "bravo" });
    expect(looks()).toBe(258 + 10);
    listeners.end(() => channelDeleted(id));
  });
});
