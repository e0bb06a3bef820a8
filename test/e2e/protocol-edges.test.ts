/** What PROTOCOL.md says of the edges of its rules, from outside. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { Agent, call, createChannel, type Json } from "../support/process/agent.ts";
import { HUB_KEY, type HubProcess } from "../support/process/hub-process.ts";
import { connected, send, startHub } from "./support/hub-calls.ts";
import { patchedHub, SPENT_FOR_GOOD } from "./support/patched-hub.ts";
import { endCalmly, expectError, expectRefusal } from "./support/refusals.ts";

let hub: HubProcess;
beforeAll(async () => {
  hub = await startHub();
});
afterAll(() => endCalmly(hub));

/** 1005 stands for a close frame without a code: RFC 6455 §7.1.5. */
test.each([
  [1000, 1000],
  [3000, 3000],
  [4999, 4999],
  [1001, 1005],
  [1008, 1005],
])("[SOC8] a client that closes with %i is answered %i", async (code, answered) => {
  const id = await createChannel(hub.url);
  const alpha = await connected(hub.url, id, "key=alpha");
  expect(await alpha.ask("ping")).toBe("pong");
  alpha.socket.close(code);
  expect(await alpha.untilClosed()).toMatchObject({ code: answered });
});

test("[KEY1] where both headers carry a key, x-spf-key counts", async () => {
  const list = (own: string, bearer: string): ReturnType<typeof call> =>
    call(hub.url, "/api/channel/list", { headers: { "x-spf-key": own, authorization: `Bearer ${bearer}` } });
  expect(await list(HUB_KEY, "wrong")).toMatchObject({ status: 200 });
  expectRefusal(await list("wrong", HUB_KEY), { is: "401 unauthorized", says: "the hub key is wrong" });
});

test("[IDX2] a repeated create answers the first channel's id, also when that was deleted since", async () => {
  const create = (): ReturnType<typeof call> =>
    call(hub.url, "/api/channel/create", {
      body: { name: "ops", key: "alpha" },
      headers: { "idempotency-key": "c-1" },
    });
  const first = await create();
  await call(hub.url, `/api/channel/${first.body.channel_id}`, { method: "DELETE" });
  expect((await create()).body).toEqual(first.body);
});

test("[SOC2] a socket that left may read history, and is not pushed what it reads", async () => {
  const id = await createChannel(hub.url);
  const bravo = await connected(hub.url, id, "key=bravo");
  await bravo.ask({ action: "leave" });
  await send(hub.url, id, { text: "without bravo" });
  const page = await bravo.ask({ action: "history", after: 3 });
  expect(page).toMatchObject({ data: [{ seq: 4, text: "without bravo" }], meta: { complete: true, gap: null } });
  expect(await bravo.quiet()).toEqual([]);
});

const LIMITED = "a key may make 1 commands a second in a channel (HUB_RATE_PER_SECOND); retry in";

/** How many of sixty at once were refused for their rate; the others succeed or are refused for another reason. */
async function limitedOf(attempt: () => Promise<Json>): Promise<number> {
  const answers = await Promise.all(Array.from({ length: 60 }, attempt));
  const limited = answers.filter((answer) => answer.body?.code === "rate_limited");
  for (const answer of limited) expectRefusal(answer, { is: "429 rate_limited", says: LIMITED });
  return limited.length;
}

test("frames, changes and upgrades take from a key's rate; ping, seen and reading over HTTP do not", async () => {
  const own = await patchedHub([SPENT_FOR_GOOD], { HUB_RATE_PER_SECOND: "1", HUB_RATE_BURST: "20" });
  const id = await createChannel(own.url);
  const alpha = await connected(own.url, id, "key=alpha");
  const frames: Json[] = [];
  for (let said = 0; said < 60; said++) alpha.say({ action: "read", seq: 1 });
  while (frames.length < 60) frames.push(await alpha.next());
  const limited = frames.filter((frame) => frame.type === "error");
  expect(limited.length).toBeGreaterThan(0);
  for (const frame of limited) expectError(frame, { is: "rate_limited", says: LIMITED });
  for (let said = 0; said < 60; said++) alpha.say({ action: "seen", seq: 1 });
  expect(await alpha.ask("ping")).toBe("pong");
  expect(await limitedOf(() => send(own.url, id))).toBeGreaterThan(0);
  expect(await limitedOf(() => call(own.url, `/api/channel/${id}/history`))).toBe(0);
  const upgrade = (): Promise<Json> =>
    Agent.connect(own.url, id, "key=bravo").then(
      (agent) => agent.socket.terminate(),
      (refused: unknown) => refused,
    );
  expect(await limitedOf(async () => (await upgrade()) ?? {})).toBeGreaterThan(0);
  await endCalmly(own);
});
