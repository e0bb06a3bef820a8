/** Sockets end with the hub key that admitted them, at the first event after a deploy (KEY3). */
import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { expect, test } from "vitest";
import { Connections } from "../../src/hub/channel-object/sockets/connections.ts";
import { Meter } from "../../src/hub/between/meter.ts";
import type { KeyVariables } from "../../src/hub/between/keys.ts";
import { closeRevoked } from "../../src/hub/channel-object/revocation.ts";
import { channelStub, createChannel, KEY, send, Socket } from "./support/hub.ts";

/** Nobody came by a pass, so nothing is asked of them. */
const NO_PASSES = { refuseSocket: () => undefined };

/** What a channel object does when it is made, under other variables than the test runtime's. */
async function wakeUnder(id: string, variables: KeyVariables): Promise<void> {
  await runInDurableObject(channelStub(id), (_object, ctx) =>
    closeRevoked(new Connections(ctx, new Meter(ctx.storage.sql)), NO_PASSES, variables),
  );
}

test("[KEY3] sockets of a key that still stands live through a wake, also beside new keys", async () => {
  const id = await createChannel();
  const socket = await Socket.connect(id, "key=alpha");
  await socket.next();
  await evictDurableObject(channelStub(id));
  await wakeUnder(id, { HUB_KEY: KEY, HUB_KEYS: `new:agent:${"ab".repeat(32)}` });
  await send(id, "bravo", "nobody hears it");
  expect(await socket.ask({ action: "send", text: "still here" })).toMatchObject({ type: "ack" });
});

test.each([
  ["is gone", { HUB_KEYS: `new:agent:${"ab".repeat(32)}` }],
  ["was replaced", { HUB_KEY: `${KEY}-rotated` }],
])("[T23] [KEY3] sockets are closed when the key that admitted them %s", async (_how, variables) => {
  const id = await createChannel();
  const socket = await Socket.connect(id, "key=alpha");
  await socket.next();
  await wakeUnder(id, variables);
  expect(await socket.next()).toMatchObject({ type: "error", code: "key_revoked", fatal: true });
  expect(await socket.untilClosed()).toEqual({ code: 4501, reason: "key_revoked" });
});

test("[KEY3] under variables that make no sense nobody stays, but everybody may come back", async () => {
  const id = await createChannel();
  const socket = await Socket.connect(id, "key=alpha");
  await socket.next();
  await wakeUnder(id, { HUB_KEY: KEY, HUB_KEYS: "nonsense" });
  expect(await socket.next()).toMatchObject({ type: "error", code: "hub_not_configured", fatal: true });
  expect(await socket.untilClosed()).toMatchObject({ code: 1011 });
});
