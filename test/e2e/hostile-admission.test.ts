/** Who may use a hub, and how much: keys, hubs without one, rates (KEY1, KEY2). */
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { Agent, type Answer, call, createChannel, type Json } from "../support/process/agent.ts";
import { HUB_KEY, type HubProcess } from "../support/process/hub-process.ts";
import { connected, history, post, send, startHub } from "./support/hub-calls.ts";
import { patchedHub, SPENT_FOR_GOOD } from "./support/patched-hub.ts";
import { rawCall, type RawRequest } from "./support/raw-call.ts";
import { endCalmly, expectError, expectRefusal, withoutTrace } from "./support/refusals.ts";

let hub: HubProcess;
let id: string;
beforeAll(async () => {
  hub = await startHub({ HUB_RATE_PER_SECOND: "" });
  id = await createChannel(hub.url);
});
afterAll(() => endCalmly(hub));

/** A hub of its own for one test. */
async function hubWith(variables: Readonly<Record<string, string>>): Promise<HubProcess> {
  const own = await startHub(variables);
  onTestFinished(() => endCalmly(own));
  return own;
}

const ROUTES: readonly RawRequest[] = [
  { path: "/api/channel/list" },
  { path: "/api/channel/create", method: "POST" },
  { path: "/api/channel/send", method: "POST" },
  { path: "/api/channel/ch-1/history" },
  { path: "/api/channel/ch-1", method: "DELETE" },
  { path: "/api/hub" },
  { path: "/ws/channel/ch-1?key=alpha" },
  { path: "/nowhere" },
];

const KEYS: readonly (readonly [what: string, headers: Record<string, string>, says: string])[] = [
  ["no key", {}, "the hub key is missing; send it as the header x-spf-key"],
  ["a wrong key", { "x-spf-key": "wrong" }, "the hub key is wrong"],
  ["a prefix of the key", { "x-spf-key": HUB_KEY.slice(0, -1) }, "the hub key is wrong"],
  ["the key and more", { "x-spf-key": `${HUB_KEY}x` }, "the hub key is wrong"],
  ["the key in capitals", { "x-spf-key": HUB_KEY.toUpperCase() }, "the hub key is wrong"],
  ["an empty key", { "x-spf-key": "" }, "the hub key is"],
  ["a wrong bearer", { authorization: "Bearer wrong" }, "the hub key is wrong"],
  ["another scheme", { authorization: `Basic ${HUB_KEY}` }, "the hub key is missing"],
];

test.each(KEYS)("[KEY1] with %s every route is closed, whatever it is", async (_what, headers, says) => {
  await withoutTrace(hub.url, id, async () => {
    for (const { path, method = "GET" } of ROUTES) {
      const answer = await fetch(hub.url + path, { method, headers });
      expectRefusal({ status: answer.status, body: await answer.json() }, { is: "401 unauthorized", says });
    }
  });
});

test("[KEY1] the key counts in x-spf-key and as Authorization: Bearer, over HTTP and on upgrades", async () => {
  for (const headers of [
    { "x-spf-key": HUB_KEY },
    { authorization: `Bearer ${HUB_KEY}` },
    { authorization: `bearer  ${HUB_KEY}` },
  ]) {
    expect((await fetch(`${hub.url}/api/channel/list`, { headers })).status).toBe(200);
    const alpha = await Agent.connect(hub.url, id, "key=alpha", headers);
    expect(await alpha.next()).toMatchObject({ type: "history" });
    await alpha.close();
  }
});

test("/health says that a hub is here, without a key, and nothing else", async () => {
  const answer = await fetch(`${hub.url}/health`);
  expect(await answer.json()).toEqual({ ok: true, name: "channel-hub", version: expect.any(String) });
});

const ENCODED = Array.from(HUB_KEY, (letter) => `%${letter.charCodeAt(0).toString(16)}`).join("");
const LEAKS: readonly string[] = [
  `/api/channel/list?key=${HUB_KEY}`,
  `/api/channel/list?x-spf-key=${HUB_KEY}`,
  `/api/channel/list?x=1&y=${ENCODED}`,
  `/api/channel/list?${HUB_KEY}`,
  `/api/channel/${HUB_KEY}/history`,
  `/api/channel/${ENCODED}`,
  `/nowhere/${HUB_KEY}`,
  `/ws/channel/ch-1?key=alpha&token=${HUB_KEY}`,
  `/api/channel/ch-1?x=%zz&y=${HUB_KEY}`,
  `/api/channel/ch-1?x=%zz&y=${ENCODED}`,
];

test.each(LEAKS)("[T3] [KEY2] the key in the URL %s is refused, also beside a valid header", async (path) => {
  const refused = { is: "400 secret_in_url", says: "the hub key must not stand in a URL" };
  expectRefusal(await rawCall(hub, { path }), refused);
  expectRefusal(await rawCall(hub, { path, headers: { "x-spf-key": "" } }), refused);
});

test("[KEY2] the key in the URL of an upgrade is refused as plain HTTP", async () => {
  const refused = await Agent.connect(hub.url, id, `key=alpha&token=${HUB_KEY}`).catch(
    (error: unknown) => error as Json,
  );
  expectRefusal(refused, { is: "400 secret_in_url", says: "send it as x-spf-key and change it" });
});

/** As `openssl rand -base64 32` makes them. */
const BASE64_KEY = "q+Zs/1JvT0mJ+oYx8h3n/5l2cFqR7w==";

test.each([BASE64_KEY, encodeURIComponent(BASE64_KEY)])(
  "[KEY2] a key of any characters is found in a URL: %s",
  async (written) => {
    const own = await hubWith({ HUB_KEY: BASE64_KEY });
    const headers = { "x-spf-key": BASE64_KEY };
    expect(await call(own.url, "/api/channel/list", { headers })).toMatchObject({ status: 200 });
    const refused = { is: "400 secret_in_url", says: "the hub key must not stand in a URL" };
    expectRefusal(await call(own.url, `/api/channel/list?token=${written}`, { headers }), refused);
  },
);

const CLOSED: readonly (readonly [what: string, variables: Record<string, string>, says: string])[] = [
  ["without HUB_KEY", { HUB_KEY: "" }, "set HUB_KEY to a secret of at least 24 characters"],
  ["with a short HUB_KEY", { HUB_KEY: "dev-key" }, "at least 24 characters"],
  ["with HUB_KEY of 23 characters", { HUB_KEY: "x".repeat(23) }, "at least 24 characters"],
  ["with a short HUB_KEY and HUB_DEV not 1", { HUB_KEY: "dev-key", HUB_DEV: "true" }, "at least 24 characters"],
  ["without HUB_KEY but HUB_DEV=1", { HUB_KEY: "", HUB_DEV: "1" }, "set HUB_KEY to a secret"],
  ["with a misspelt HUB_REQUIRE_VERIFIED", { HUB_REQUIRE_VERIFIED: "true" }, "HUB_REQUIRE_VERIFIED must be 1 or 0"],
  ["with a page in HUB_ORIGINS", { HUB_ORIGINS: "https://a.example/chat" }, "is more than an origin"],
  ["with a pattern in HUB_ORIGINS", { HUB_ORIGINS: "https://a.example, https://*.b.example" }, "is a pattern"],
  ["with a bare host in HUB_ORIGINS", { HUB_ORIGINS: "a.example:8443" }, '"a.example:8443" has no scheme'],
  ["with the origin null in HUB_ORIGINS", { HUB_ORIGINS: "null" }, "every page without an origin"],
  [
    "with a limit that is no number",
    { HUB_RATE_BURST: "lots" },
    "HUB_RATE_BURST must be a whole number, 0 for unlimited, got",
  ],
];

test.each(CLOSED)(
  "[KEY2] a hub %s is closed everywhere but /health, and says what to do",
  async (_what, variables, says) => {
    const own = await hubWith(variables);
    const key = variables["HUB_KEY"] ?? HUB_KEY;
    const refused = { is: "503 hub_not_configured", says };
    for (const route of ROUTES) expectRefusal(await rawCall(own, { ...route, headers: { "x-spf-key": key } }), refused);
    const upgrade = await Agent.connect(own.url, "ch-1", "key=alpha", { "x-spf-key": key }).catch(
      (error: unknown) => error as Json,
    );
    expectRefusal(upgrade, refused);
    expect((await fetch(`${own.url}/health`)).status).toBe(200);
  },
);

test("[KEY2] HUB_DEV=1 lets a short key in at a loopback host, and nowhere else", async () => {
  const own = await hubWith({ HUB_KEY: "dev-key", HUB_DEV: "1" });
  const list = (host: string, key = "dev-key"): Promise<Answer> =>
    rawCall(own, { path: "/api/channel/list", headers: { host, "x-spf-key": key } });
  for (const host of [`127.0.0.1:${own.port}`, "localhost", `localhost:${own.port}`, "[::1]"])
    expect(await list(host)).toMatchObject({ status: 200 });
  for (const host of ["hub.example", "127.0.0.1.hub.example", "localhost.hub.example", "10.0.0.1"]) {
    expectRefusal(await list(host), { is: "403 host_forbidden", says: `not ${host}; to serve other addresses` });
  }
  expectRefusal(await list("localhost", "other"), { is: "401 unauthorized", says: "the hub key is wrong" });
});

test("[T14] a key over its rate is told when to come back, on its sockets and over HTTP; others are not touched", async () => {
  const own = await patchedHub([SPENT_FOR_GOOD], { HUB_RATE_PER_SECOND: "" });
  const room = await createChannel(own.url);
  const alpha = await connected(own.url, room, "key=alpha");
  for (let sent = 0; sent < 400; sent++) alpha.say({ action: "send", text: "x", ref: `r-${sent}` });
  const answers: Json[] = [];
  while (answers.length < 400) answers.push(await alpha.next());
  const overHttp = await Promise.all(Array.from({ length: 30 }, () => send(own.url, room)));
  const refused = answers.filter((answer) => answer.type === "error");
  expect(answers.length - refused.length).toBeGreaterThanOrEqual(100);
  expect(refused.length).toBeGreaterThan(0);
  for (const frame of refused) {
    expectError(frame, {
      is: "rate_limited",
      says: "a key may make 30 commands a second in a channel (HUB_RATE_PER_SECOND); retry in",
    });
    expect(frame).toMatchObject({ retry_after_ms: expect.any(Number), ref: expect.stringMatching(/^r-/) });
  }
  const late = overHttp.filter((answer) => answer.status !== 200);
  expect(late.length).toBe(overHttp.length);
  for (const answer of late) expectRateLimited(answer);
  const accepted = answers.length - refused.length + overHttp.length - late.length;
  expect(await history(own.url, room)).toMatchObject({ meta: { last_seq: accepted + 1 } });
  await post(own.url, "join", { channel_id: room, key: "bravo" });
  expect(await send(own.url, room, { key: "bravo" })).toMatchObject({ status: 200 });
  await endCalmly(own);
});

function expectRateLimited(answer: Answer): void {
  expectRefusal(answer, { is: "429 rate_limited", says: "retry in" });
  expect(answer.body.retry_after_ms).toBeGreaterThan(0);
  expect(answer.headers.get("retry-after")).toBe(String(Math.ceil(answer.body.retry_after_ms / 1000)));
}

test("what cannot be read counts in the rate too, and the socket outlives it", async () => {
  const own = await patchedHub([SPENT_FOR_GOOD], { HUB_RATE_PER_SECOND: "" });
  const room = await createChannel(own.url);
  const alpha = await connected(own.url, room, "key=alpha");
  for (let sent = 0; sent < 400; sent++) alpha.say("nonsense");
  const codes = new Set<string>();
  for (let taken = 0; taken < 400; taken++) codes.add((await alpha.next()).code);
  expect(codes).toEqual(new Set(["bad_json", "rate_limited"]));
  expect(alpha.closed).toBeUndefined();
});

const QUOTAS: readonly (readonly [variable: string, says: string])[] = [
  ["HUB_MAX_CHANNELS", "the hub has 2 channels, the most it may have (HUB_MAX_CHANNELS); delete one first"],
  ["HUB_CREATES_PER_MINUTE", "a hub makes 2 channels a minute (HUB_CREATES_PER_MINUTE); retry in"],
];

test.each(QUOTAS)("a hub over its %s makes no more channels, and says what to do", async (variable, says) => {
  const own = await patchedHub([SPENT_FOR_GOOD], { [variable]: "2" });
  const [first] = [await createChannel(own.url), await createChannel(own.url)];
  const refused = await withoutTrace(own.url, first, () => post(own.url, "create", { name: "third", key: "alpha" }));
  expectRefusal(refused, { is: "429 quota_exceeded", says });
  expect(await send(own.url, first)).toMatchObject({ status: 200 });
});
