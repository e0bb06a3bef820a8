/** Upgrades that must not succeed, and how a client that cannot see a status learns why. */
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { Agent, call, createChannel, type Json } from "../support/process/agent.ts";
import type { HubProcess } from "../support/process/hub-process.ts";
import { connected, history, post, send, startHub, summaryOf } from "./support/hub-calls.ts";
import { rawCall } from "./support/raw-call.ts";
import { endCalmly, expectError, expectRefusal, withoutTrace } from "./support/refusals.ts";

let hub: HubProcess;
let id: string;
beforeAll(async () => {
  hub = await startHub();
  id = await createChannel(hub.url);
});
afterAll(() => endCalmly(hub));

/** What a refused upgrade was answered. */
function refusedUpgrade(query: string, headers?: Record<string, string>): Promise<Json> {
  return Agent.connect(hub.url, id, query, headers).then(
    () => expect.unreachable("the upgrade was accepted"),
    (refused: unknown) => refused,
  );
}

const QUERIES: readonly (readonly [query: string, is: string, says: string])[] = [
  ["", "400 bad_key", "key is required"],
  ["name=ALPHA", "400 bad_key", "key is required"],
  ["key=", "400 bad_key", "key must be 1 to 128 of the characters"],
  ["key=bravo%20two", "400 bad_key", "key must be 1 to 128 of the characters"],
  ["key=bravo&name=", "400 bad_name", "name must be 1 to 64 characters"],
  ["key=bravo&name=%00", "400 bad_name", "name must not hold control"],
  ["key=bravo&after=-1", "400 bad_limit", "after must be a whole number from 0"],
  ["key=bravo&after=last", "400 bad_limit", "after must be a whole number from 0"],
  ["key=bravo&epoch=", "400 bad_request", "epoch must be 1 to 64 characters"],
  ["key=bravo&frames=all", "400 bad_request", "frames must be single or batch"],
  ["key=bravo&echo=yes", "400 bad_request", "echo must be 0 or 1"],
  ["key=bravo&kind=robot", "400 bad_request", "kind must be agent, human or service"],
  ["key=bravo&name=%C3%28", "400 bad_request", "malformed percent-encoding; encode its values as UTF-8"],
];

test.each(QUERIES)("an upgrade with ?%s is refused with plain HTTP, and nobody joins", async (query, is, says) => {
  expectRefusal(await withoutTrace(hub.url, id, () => refusedUpgrade(query)), { is, says });
});

test("of a repeated query field the first counts, and unknown ones are ignored", async () => {
  const alpha = await connected(hub.url, id, "key=alpha&key=stranger&colour=red&__proto__=1&constructor=2");
  expect(await alpha.ask({ action: "send", text: "x" })).toMatchObject({ type: "ack", data: { from: "alpha" } });
});

test("[KEY1] a missing or wrong key is told as plain HTTP, before the query is looked at", async () => {
  expectRefusal(await refusedUpgrade("", {}), {
    is: "401 unauthorized",
    says: "the hub key is missing; send it as the header x-spf-key",
  });
  expectRefusal(await refusedUpgrade("", { "x-spf-key": "wrong" }), {
    is: "401 unauthorized",
    says: "the hub key is wrong",
  });
});

const NOT_UPGRADES: readonly (readonly [string, Record<string, string>])[] = [
  ["no Upgrade", {}],
  ["an Upgrade to something else", { connection: "upgrade", upgrade: "h2c" }],
];

test.each(NOT_UPGRADES)("the socket route with %s is answered 426", async (_what, headers) => {
  const refused = await rawCall(hub, { path: `/ws/channel/${id}?key=alpha`, headers });
  expectRefusal(refused, { is: "426 upgrade_required", says: "WebSocket upgrades only" });
});

test.each(["ch-999", "ch-0", "nonsense", "%zz", "%F0%9F%A6%80"])(
  "the unknown channel %s is said in one fatal error, then 4504",
  async (unknown) => {
    const stray = await Agent.connect(hub.url, unknown, "key=alpha");
    expectError(await stray.next(), { is: "channel_not_found", says: "Channel not found: " }, true);
    expect(await stray.untilClosed()).toEqual({ code: 4504, reason: "channel_not_found" });
    expect(stray.inbox).toEqual([]);
  },
);

test("[IDX2] a deleted channel is said in one fatal error, then 4504", async () => {
  const gone = await createChannel(hub.url);
  await call(hub.url, `/api/channel/${gone}`, { method: "DELETE" });
  const stray = await Agent.connect(hub.url, gone, "key=alpha");
  expectError(await stray.next(), { is: "channel_deleted", says: `Channel deleted: ${gone}` }, true);
  expect(await stray.untilClosed()).toEqual({ code: 4504, reason: "channel_deleted" });
});

test("[IDX2] deleting a channel ends its sockets with one fatal error and 4504", async () => {
  const gone = await createChannel(hub.url);
  const alpha = await connected(hub.url, gone, "key=alpha");
  // workerd ends the TCP connection of a socket that never spoke only 10 s after both close frames.
  expect(await alpha.ask("ping")).toBe("pong");
  await call(hub.url, `/api/channel/${gone}`, { method: "DELETE" });
  expectError(await alpha.next(), { is: "channel_deleted", says: `Channel deleted: ${gone}` }, true);
  expect(await alpha.untilClosed()).toEqual({ code: 4504, reason: "channel_deleted" });
});

test("[SOC1] a ninth socket of a key is refused, and the eight live on", async () => {
  const room = await createChannel(hub.url);
  const eight = await Promise.all(Array.from({ length: 8 }, () => connected(hub.url, room, "key=alpha")));
  const ninth = await Agent.connect(hub.url, room, "key=alpha").catch((refused: unknown) => refused as Json);
  expectRefusal(ninth, { is: "429 too_many_sockets", says: "a key may have 8 sockets on a channel; close one first" });
  expect(ninth.body.retry_after_ms).toBeGreaterThan(0);
  for (const socket of eight) expect(await socket.ask({ action: "send", text: "x" })).toMatchObject({ type: "ack" });
  await connected(hub.url, room, "key=bravo");
  await eight[0]?.close();
  await connected(hub.url, room, "key=alpha");
});

test("refused upgrades in numbers leave the hub as it was", async () => {
  const before = await history(hub.url, id);
  const refused = await Promise.all(
    Array.from({ length: 50 }, (_, at) => refusedUpgrade(`key=stranger-${at}&after=x`)),
  );
  for (const answer of refused) expect(answer.status).toBe(400);
  expect(await history(hub.url, id)).toEqual(before);
});

const FULL: readonly (readonly [variable: string, is: string, says: string])[] = [
  ["HUB_MAX_SOCKETS", "429 too_many_sockets", "the channel has 2 sockets, the most it may have (HUB_MAX_SOCKETS)"],
  ["HUB_MAX_PARTICIPANTS", "403 channel_full", "has 2 participants, the most it may have (HUB_MAX_PARTICIPANTS)"],
];

test.each(FULL)("a channel over its %s refuses the upgrade", async (variable, is, says) => {
  const small = await startHub({ [variable]: "2" });
  onTestFinished(() => endCalmly(small));
  const room = await createChannel(small.url);
  for (const key of ["alpha", "bravo"]) await connected(small.url, room, `key=${key}`);
  const third = await withoutTrace(small.url, room, () =>
    Agent.connect(small.url, room, "key=carol").catch((refused: unknown) => refused),
  );
  expectRefusal(third as Json, { is, says });
  if (is.startsWith("403"))
    expectRefusal(await post(small.url, "join", { channel_id: room, key: "carol" }), { is, says });
  expect(await send(small.url, room)).toMatchObject({ status: 200 });
  expect(await summaryOf(small.url, room)).toMatchObject({ participant_count: 2 });
});
