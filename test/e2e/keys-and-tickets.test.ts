/** Hub keys with scopes, observers, tickets and origins, against a real hub (KEY1–KEY3, IDN3, SOC9). */
import { afterAll, beforeAll, expect, inject, onTestFinished, test } from "vitest";
import { WebSocket } from "ws";
import { createIdentity, type Identity } from "../../src/client/identity.ts";
import * as protocol from "../../src/protocol/index.ts";
import { Agent, call, createChannel, type Json, type UpgradeRefused } from "../support/process/agent.ts";
import { HUB_KEY, HubProcess } from "../support/process/hub-process.ts";
import { connected, send, startHub, summaryOf } from "./support/hub-calls.ts";
import { ask, hubKey, outcome, type TestKey } from "./support/identity.ts";
import { rawCall } from "./support/raw-call.ts";
import { endCalmly, expectError, expectRefusal, withoutTrace } from "./support/refusals.ts";

const READ = hubKey("reader", "read");
const TEAM = hubKey("team", "agent");
const OPS = hubKey("ops", "admin");
const BOUND = hubKey("bot", "agent", "bot-1");
const OLD = hubKey("old", "agent");

let hub: HubProcess;
let me: Identity;
let id: string;
beforeAll(async () => {
  hub = await startHub({
    HUB_KEYS: [READ, TEAM, OPS, BOUND, OLD].map(({ entry }) => entry).join(", "),
    HUB_ORIGINS: "https://FRIEND.example:443/, https://other.example:8443 app://Editor/",
  });
  me = (await createIdentity()).identity;
  id = await createChannel(hub.url);
});
afterAll(() => endCalmly(hub));

const SCOPES: readonly (readonly [scope: string, key: TestKey, allowed: readonly string[]])[] = [
  ["read", READ, ["list", "history", "details", "watch"]],
  ["agent", TEAM, ["list", "history", "details", "watch", "create", "join", "send", "read", "leave", "ticket"]],
  [
    "admin",
    OPS,
    ["list", "history", "details", "watch", "create", "join", "send", "read", "leave", "ticket", "hub", "delete"],
  ],
];

test.each(SCOPES)("[KEY1] a hub key of scope %s opens these routes and no others", async (scope, key, allowed) => {
  const room = await createChannel(hub.url);
  const body = { channel_id: room, key: "carol" };
  const requests: Record<string, { path: string; method?: string; body?: object }> = {
    list: { path: "/api/channel/list" },
    history: { path: `/api/channel/${room}/history` },
    details: { path: `/api/channel/${room}` },
    watch: { path: "/api/ticket", body: { channel_id: room, watch: true } },
    create: { path: "/api/channel/create", body: { name: "x", key: "carol" } },
    join: { path: "/api/channel/join", body },
    send: { path: "/api/channel/send", body: { ...body, text: "hi" } },
    read: { path: "/api/channel/read", body: { ...body, seq: 1 } },
    leave: { path: "/api/channel/leave", body },
    ticket: { path: "/api/ticket", body },
    hub: { path: "/api/hub" },
    delete: { path: `/api/channel/${room}`, method: "DELETE" },
  };
  const opened: string[] = [];
  for (const [name, request] of Object.entries(requests)) {
    const answer = await ask(hub.url, { ...request, as: key.text });
    if (answer.status === 200) opened.push(name);
    else if (name === "delete" && scope === "agent") expect(outcome(answer)).toBe("401 signature_required");
    else expect(outcome(answer), name).toBe("403 forbidden_scope");
  }
  expect(opened).toEqual(allowed);
});

test("[SOC1] an instance that somebody with another hub key came upon ends no socket", async () => {
  const room = await createChannel(hub.url);
  const query = "key=carol&instance=carols-laptop-instance";
  const carol = await connected(hub.url, room, query, { "x-spf-key": TEAM.text });
  await connected(hub.url, room, query, { "x-spf-key": OLD.text });
  expect(await carol.ask({ action: "send", text: "still here" })).toMatchObject({ type: "ack" });
  await connected(hub.url, room, query, { "x-spf-key": TEAM.text });
  expect(await carol.untilClosed()).toEqual({ code: 4509, reason: "replaced" });
});

test("[KEY1] [KEY2] every configured key admits as a header, and none as a part of the URL", async () => {
  for (const { text } of [READ, TEAM, OPS, BOUND]) {
    for (const headers of [{ "x-spf-key": text }, { "x-spf-key": "", authorization: `Bearer ${text}` }]) {
      const isEmpty = headers["x-spf-key"] === "";
      const answer = await rawCall(hub, { path: "/api/channel/list", headers });
      expect(outcome(answer)).toBe(isEmpty ? "401 unauthorized" : "ok");
    }
    for (const path of [`/api/channel/list?x=${text}`, `/health2/${text}`, `/ws/channel/${id}?key=a&b=%zz&c=${text}`])
      expectRefusal(await rawCall(hub, { path, headers: { "x-spf-key": text } }), {
        is: "400 secret_in_url",
        says: "must not stand in a URL",
      });
  }
});

test("[T2] [KEY1] an unknown kid and a wrong secret are answered alike", async () => {
  const wrong = [hubKey("nobody", "admin").text, hubKey("team", "agent").text, `${TEAM.text}x`, "x"];
  const answers = await Promise.all(wrong.map((as) => ask(hub.url, { path: "/api/channel/list", as })));
  const bodies = answers.map(({ status, body: { request_id: _own, ...body } }) => ({ status, body }));
  for (const answer of bodies) expect(answer).toEqual(bodies[0]);
  expect(bodies[0]).toMatchObject({
    status: 401,
    body: { code: "unauthorized", error: "the hub key is wrong; send the right one as the header x-spf-key" },
  });
  expect(answers[0]?.headers.get("www-authenticate")).toBe("Bearer");
});

test("[KEY1] a malformed HUB_KEYS closes the hub, names the entry and not what stands there", async () => {
  const own = await startHub({ HUB_KEYS: `${TEAM.entry},oops-a-secret:agent:123` });
  onTestFinished(() => endCalmly(own));
  const refused = await ask(own.url, { path: "/api/channel/list", as: HUB_KEY });
  expectRefusal(refused, { is: "503 hub_not_configured", says: "HUB_KEYS: entry 2 must be kid:scope:sha256hex" });
  expect(JSON.stringify(refused.body) + own.output).not.toContain("oops");
});

test("[SOC9] a key of scope read observes: it gets everything, is nobody, and may not speak", async () => {
  const room = await createChannel(hub.url);
  const before = await summaryOf(hub.url, room);
  const watcher = await Agent.connect(hub.url, room, "key=alpha&name=Ghost&frames=batch", { "x-spf-key": READ.text });
  onTestFinished(() => watcher.socket.terminate());
  expect(await watcher.next()).toMatchObject({ type: "history", meta: { last_seq: 1 } });
  expect(await summaryOf(hub.url, room)).toEqual(before);
  const sent = await send(hub.url, room, { text: "seen by all" });
  expect(sent.body.delivered).toBe(0);
  expect(await watcher.next()).toMatchObject({ type: "message", data: { text: "seen by all", from: "alpha" } });
  for (const command of [
    { action: "send", text: "x" },
    { action: "join" },
    { action: "leave" },
    { action: "read", seq: 1 },
  ]) {
    expectError(await watcher.ask({ ...command, ref: "r" }), { is: "forbidden_scope", says: "this socket only reads" });
  }
  expect(await watcher.ask({ action: "history", limit: 1 })).toMatchObject({
    type: "history",
    data: [{ text: "seen by all" }],
  });
  await call(hub.url, "/api/channel/join", { body: { channel_id: room, key: "bravo" } });
  expect(await watcher.next()).toMatchObject({ type: "system", data: { event: { kind: "join", key: "bravo" } } });
});

test("[SOC9] observers of one hub key cannot fill a channel", async () => {
  const room = await createChannel(hub.url);
  const open = (): Promise<Agent> => Agent.connect(hub.url, room, "", { "x-spf-key": READ.text });
  const watchers = await Promise.all(Array.from({ length: 64 }, open));
  onTestFinished(() => watchers.forEach((watcher) => watcher.socket.terminate()));
  await expect(open()).rejects.toMatchObject({ status: 429, body: { code: "too_many_sockets" } });
  await connected(hub.url, room, "key=alpha");
});

async function ticketFor(body: object, as = TEAM.text, by?: Identity): Promise<Json> {
  return (await ask(hub.url, { path: "/api/ticket", body, as, by })).body;
}

/** Connects as a browser does: with subprotocols, without headers. */
function connect(url: string, ticket?: string, headers: Record<string, string> = {}): Promise<Agent> {
  const offered = ticket === undefined ? [] : ["spf.v1", `spf.ticket.${ticket}`];
  return Agent.over(new WebSocket(url, offered, { headers, perMessageDeflate: false }));
}

test("[IDN3] a connect ticket opens one socket, once, without a header, as its caller", async () => {
  const { ticket, url, expires_at, ok } = await ticketFor({ channel_id: id, key: "dora", name: "Döra", kind: "human" });
  expect({ ok, url }).toEqual({ ok: true, url: `${hub.url.replace("http", "ws")}/ws/channel/${id}` });
  const seconds = (Date.parse(expires_at) - Date.now()) / 1000;
  expect(seconds > 20 && seconds <= 30).toBe(true);
  const socket = await connect(url, ticket);
  expect(socket.socket.protocol).toBe("spf.v1");
  await socket.next();
  const ack = await socket.ask({ action: "send", text: "hi" });
  expect(ack).toMatchObject({ type: "ack", data: { from: "dora", from_name: "Döra", verified: false } });
  for (const crash of [false, true]) {
    if (crash) await hub.kill().then(() => hub.restart());
    await expect(connect(url, ticket)).rejects.toMatchObject({ status: 409, body: { code: "replay" } });
  }
});

test("[IDN3] a used ticket stays used when its agent has left meanwhile", async () => {
  const { ticket, url } = await ticketFor({ channel_id: id, key: "eve" });
  const socket = await connect(url, ticket);
  await socket.next();
  expect(await socket.ask({ action: "leave" })).toMatchObject({ data: "Left channel" });
  await withoutTrace(hub.url, id, async () => {
    await expect(connect(url, ticket)).rejects.toMatchObject({ status: 409, body: { code: "replay" } });
  });
  socket.socket.terminate();
});

test.each([
  ["bound", BOUND.text, undefined, "bot-1"],
  ["signed", TEAM.text, () => me, ""],
] as const)("[IDN3] a ticket carries its asker's strength: %s", async (_mode, as, by, own) => {
  const key = own === "" ? me.key : own;
  const { ticket, url } = await ticketFor({ channel_id: id }, as, by?.());
  const socket = await connect(url, ticket);
  await socket.next();
  expect(await socket.ask({ action: "send", text: "hi" })).toMatchObject({ data: { from: key, verified: true } });
  socket.socket.terminate();
});

test("[IDN3] a plain ticket for a key that is proven in the channel opens nothing", async () => {
  const { identity } = await createIdentity();
  const { ticket, url } = await ticketFor({ channel_id: id, key: identity.key });
  await ask(hub.url, { path: "/api/channel/join", body: { channel_id: id }, as: TEAM.text, by: identity });
  await withoutTrace(hub.url, id, async () => {
    await expect(connect(url, ticket)).rejects.toMatchObject({ status: 403, body: { code: "identity_mismatch" } });
  });
});

test("[IDN3] a ticket is for its channel, its key, the upgrade and its place; anything else is refused", async () => {
  const other = await createChannel(hub.url);
  const { ticket, url } = await ticketFor({ channel_id: id, key: "fay" });
  const refusals: readonly (readonly [url: string, ticket: string | undefined, refused: string])[] = [
    [url.replace(id, other), ticket, "401 unauthorized"],
    [`${url}?key=alpha`, ticket, "403 identity_mismatch"],
    [`${url}?ticket=${ticket}`, undefined, "400 secret_in_url"],
    [url, `${ticket}A`, "401 unauthorized"],
    [url, ticket.replace(/^./, ticket.startsWith("A") ? "B" : "A"), "401 unauthorized"],
    [url, "", "401 unauthorized"],
    [url, undefined, "401 unauthorized"],
  ];
  for (const [at, given, refused] of refusals) {
    const why = await connect(at, given).catch((error: unknown) => error as UpgradeRefused);
    expect(why instanceof Agent ? "ok" : outcome(why), at).toBe(refused);
  }
  const overHttp = await fetch(`${hub.url}/api/channel/list?ticket=${ticket}`);
  expect(overHttp.status).toBe(401);
  const opened = await connect(`${url}?key=fay`, ticket);
  opened.socket.terminate();
});

test("[IDN3] a watch ticket stands in a URL, opens observing sockets again and again, for one channel", async () => {
  const { ticket, url, expires_at } = await ticketFor({ channel_id: id, watch: true, seconds: 60 }, READ.text);
  expect(url).toBe(`${hub.url.replace("http", "ws")}/ws/channel/${id}?ticket=${ticket}`);
  expect((Date.parse(expires_at) - Date.now()) / 1000).toBeGreaterThan(50);
  for (let times = 0; times < 3; times++) {
    const watcher = await connect(url);
    expect(await watcher.next()).toMatchObject({ type: "history" });
    expectError(await watcher.ask({ action: "send", text: "x" }), { is: "forbidden_scope", says: "only reads" });
    watcher.socket.terminate();
  }
  const other = await createChannel(hub.url);
  await expect(connect(url.replace(`${id}?`, `${other}?`))).rejects.toMatchObject({ status: 401 });
});

const TICKETS: readonly (readonly [body: object, as: string, refused: string])[] = [
  [{ key: "alpha" }, TEAM.text, "400 bad_request"],
  [{ channel_id: "ch-1" }, TEAM.text, "400 bad_key"],
  [{ channel_id: "ch-1", key: "alpha" }, READ.text, "403 forbidden_scope"],
  [{ channel_id: "ch-1", key: "bot-1" }, TEAM.text, "403 identity_mismatch"],
  [{ channel_id: "ch-999", key: "alpha" }, TEAM.text, "404 channel_not_found"],
  [{ channel_id: "ch-1", watch: "yes" }, TEAM.text, "400 bad_request"],
  [{ channel_id: "ch-1", watch: true, seconds: 86_401 }, TEAM.text, "400 bad_request"],
  [{ channel_id: "ch-1", watch: true, seconds: 0 }, TEAM.text, "400 bad_request"],
];

test.each(TICKETS)("[IDN3] no ticket for %j", async (body, as, refused) => {
  expect(outcome(await ask(hub.url, { path: "/api/ticket", body, as }))).toBe(refused);
});

test("[KEY3] [IDN3] with its hub key go a socket and a ticket; those of other keys stay", async () => {
  const variables = (...keys: TestKey[]): Record<string, string> => ({
    HUB_KEYS: keys.map(({ entry }) => entry).join(),
  });
  const own = await startHub(variables(OLD, TEAM));
  onTestFinished(() => endCalmly(own));
  const room = await createChannel(own.url);
  const asked = { path: "/api/ticket", body: { channel_id: room, watch: true }, as: OLD.text };
  const { url } = (await ask(own.url, asked)).body;
  (await connect(url)).socket.terminate();
  await own.kill();
  const after = await HubProcess.start({
    worker: inject("worker"),
    variables: variables(TEAM),
    directory: own.directory,
  });
  onTestFinished(() => after.kill());
  const moved = url.replace(`:${own.port}/`, `:${after.port}/`);
  await expect(connect(moved)).rejects.toMatchObject({ status: 401, body: { code: "unauthorized" } });
  expect(outcome(await ask(after.url, { ...asked, as: OLD.text }))).toBe("401 unauthorized");
  expect(outcome(await ask(after.url, { ...asked, as: TEAM.text }))).toBe("ok");
});

const ORIGINS: readonly (readonly [origin: string, isOwn: boolean])[] = [
  ["https://friend.example", true],
  ["https://other.example:8443", true],
  ["app://editor", true],
  ["https://friend.example.evil.example", false],
  ["https://evil-friend.example", false],
  ["http://friend.example", false],
  ["https://friend.example:8443", false],
  ["https://other.example", false],
  ["https://FRIEND.example", false],
  ["https://friend.example/", false],
  ["https://friend.example,", false],
  ["null", false],
];

test.each(ORIGINS)("[T9] [IDN3] a page of origin %j: allowed %j, whatever it carries", async (origin, isAllowed) => {
  const refused = isAllowed ? "ok" : "403 origin_forbidden";
  expect(outcome(await rawCall(hub, { path: "/api/channel/list", headers: { origin } }))).toBe(refused);
  const { ticket, url } = await ticketFor({ channel_id: id, key: "gus" });
  const socket = await connect(url, ticket, { origin }).catch((error: unknown) => error as UpgradeRefused);
  expect(socket instanceof Agent ? "ok" : outcome(socket)).toBe(refused);
  if (socket instanceof Agent) socket.socket.terminate();
});

test("[IDN3] behind a proxy that ends TLS the page is the hub's own, and a ticket's url is wss", async () => {
  const from = (origin: string, more: Record<string, string> = {}): ReturnType<typeof rawCall> =>
    rawCall(hub, { path: "/api/channel/list", headers: { host: "hub.example", origin, ...more } });
  expect(outcome(await from("https://hub.example"))).toBe("ok");
  expect(outcome(await from("http://hub.example"))).toBe("ok");
  for (const origin of ["https://hub.example:8443", "https://hub.example.evil.example", "https://evil.example"])
    expect(outcome(await from(origin, { "x-forwarded-host": "evil.example" }))).toBe("403 origin_forbidden");
  const headers = { "x-spf-key": HUB_KEY, host: "hub.example" };
  const body = JSON.stringify({ channel_id: id, key: "gus" });
  const urlWith = async (more: Record<string, string>): Promise<unknown> => {
    const parts = [new TextEncoder().encode(body)];
    return (await rawCall(hub, { path: "/api/ticket", method: "POST", headers: { ...headers, ...more }, parts })).body
      .url;
  };
  expect(await urlWith({})).toBe(`ws://hub.example/ws/channel/${id}`);
  for (const more of [
    { "x-forwarded-proto": "https" },
    { "x-forwarded-proto": "HTTPS, http" },
    { forwarded: 'for=1.2.3.4;proto="https"' },
  ])
    expect(await urlWith(more)).toBe(`wss://hub.example/ws/channel/${id}`);
});

test("[IDN3] the hub's own pages and what sends no Origin are at home", async () => {
  expect(outcome(await rawCall(hub, { path: "/api/channel/list", headers: { origin: hub.url } }))).toBe("ok");
  expect(outcome(await rawCall(hub, { path: "/api/channel/list" }))).toBe("ok");
  const answer = await fetch(`${hub.url}/api/channel/list`, { headers: { "x-spf-key": HUB_KEY } });
  expect(
    [...answer.headers.keys()].filter((name) => name.startsWith("access-control") || name === "set-cookie"),
  ).toEqual([]);
});

test("[T10] [IDN3] pages of HUB_ORIGINS are told that they may, with any key of theirs, and no others are told anything", async () => {
  const path = "/api/ticket";
  const preflight = (origin: string): ReturnType<typeof fetch> =>
    fetch(hub.url + path, { method: "OPTIONS", headers: { origin, "access-control-request-method": "POST" } });
  const asked = await preflight("https://friend.example");
  expect(asked.status).toBe(204);
  expect(asked.headers.get("access-control-allow-origin")).toBe("https://friend.example");
  expect(asked.headers.get("access-control-allow-headers")).toContain("x-spf-key,");
  expect(asked.headers.get("access-control-allow-credentials")).toBeNull();
  expect(asked.headers.get("vary")).toContain("Origin");
  const foreign = await preflight("https://evil.example");
  expect(foreign.status).toBe(403);
  expect([...foreign.headers.keys()].filter((name) => name.startsWith("access-control"))).toEqual([]);
  const headers = { origin: "https://friend.example" };
  for (const key of [READ.text, "wrong"]) {
    const answer = await rawCall(hub, { path: "/api/channel/list", headers: { ...headers, "x-spf-key": key } });
    expect(answer.headers.get("access-control-allow-origin")).toBe("https://friend.example");
  }
});

test("[KEY1] GET /api/hub tells an admin all limits and counts, and keys by their kid, never more of them", async () => {
  const { body } = await ask(hub.url, { path: "/api/hub", as: HUB_KEY });
  const limits = Object.entries(protocol.constants).filter(([, value]) => typeof value === "number");
  expect(body.limits).toMatchObject(Object.fromEntries(limits));
  expect(body.limits).toMatchObject({ ...protocol.LIMITS, HUB_RATE_PER_SECOND: null });
  expect(body).toMatchObject({ require_verified: false, channels: expect.any(Number), deleted: expect.any(Number) });
  expect(body.keys).toContainEqual({ kid: "HUB_KEY", scope: "admin" });
  expect(body.keys).toContainEqual({ kid: "bot", scope: "agent", agent_key: "bot-1" });
  for (const { text, entry } of [TEAM, BOUND, READ]) {
    expect(JSON.stringify(body)).not.toContain(text);
    expect(JSON.stringify(body)).not.toContain(entry.split(":")[2]);
  }
});
