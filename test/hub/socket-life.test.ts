/** No socket outlives a day (KEY3): it ends at the channel's next event, without a timer. */
import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { expect, test } from "vitest";
import { SOCKET_LIFE_MS } from "../../src/protocol/index.ts";
import { channelStub, createChannel, send, Socket } from "./support/hub.ts";

const EXPIRED = { type: "error", code: "socket_expired", fatal: true };
const CLOSED = { code: 4001, reason: "socket_expired" };

/** Makes the socket of `key` look opened so long ago, and puts the object to sleep. */
async function age(id: string, key: string, ms: number): Promise<void> {
  await runInDurableObject(channelStub(id), (_object, ctx) => {
    for (const socket of ctx.getWebSockets()) {
      const attached = socket.deserializeAttachment() as { readonly key: string };
      if (attached.key === key) socket.serializeAttachment({ ...attached, opened_at: Date.now() - ms });
    }
  });
  await evictDurableObject(channelStub(id));
}

async function pair(id: string): Promise<readonly [Socket, Socket]> {
  const [alpha, bravo] = [await Socket.connect(id, "key=alpha"), await Socket.connect(id, "key=bravo")];
  await alpha.next();
  await alpha.next();
  await bravo.next();
  return [alpha, bravo];
}

test("[T23] [KEY3] a socket of a day gets the message that ends it first, then 4001; younger ones stay", async () => {
  const id = await createChannel();
  const [alpha, bravo] = await pair(id);
  await age(id, "bravo", SOCKET_LIFE_MS);
  await send(id, "alpha", "one more");
  expect(await bravo.next()).toMatchObject({ type: "message", data: { text: "one more" } });
  expect(await bravo.next()).toMatchObject(EXPIRED);
  expect(await bravo.untilClosed()).toEqual(CLOSED);
  expect(await alpha.ask({ action: "send", text: "still here" })).toMatchObject({ type: "ack" });
});

test.each([
  ["send", { action: "send", text: "mine" }, { type: "ack", data: { text: "mine" } }],
  ["history", { action: "history", limit: 1 }, { type: "history" }],
  ["no JSON at all", "nonsense", { type: "error", code: "bad_json", fatal: false }],
])("[KEY3] a socket of a day that says %s is answered before it ends", async (_what, command, answer) => {
  const id = await createChannel();
  const [alpha] = await pair(id);
  await age(id, "alpha", SOCKET_LIFE_MS);
  expect(await alpha.ask(command)).toMatchObject(answer);
  expect(await alpha.next()).toMatchObject(EXPIRED);
  expect(await alpha.untilClosed()).toEqual(CLOSED);
});

test("[KEY3] a socket a second short of a day lives on", async () => {
  const id = await createChannel();
  const [alpha] = await pair(id);
  await age(id, "alpha", SOCKET_LIFE_MS - 60_000);
  expect(await alpha.ask({ action: "send", text: "young" })).toMatchObject({ type: "ack" });
  await send(id, "bravo", "nothing ends");
  expect(await alpha.next()).toMatchObject({ type: "message" });
  expect(alpha.closed).toBeUndefined();
});

test("[KEY3] a ping neither ends a socket of a day nor wakes its channel", async () => {
  const id = await createChannel();
  const [alpha] = await pair(id);
  await age(id, "alpha", 2 * SOCKET_LIFE_MS);
  expect(await alpha.ask("ping")).toBe("pong");
  expect(await alpha.quiet()).toEqual([]);
  expect(alpha.closed).toBeUndefined();
});
