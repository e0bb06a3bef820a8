/** The control plane as it goes over the wire: method, path, body, headers; and what comes back as what. */
import { createServer } from "node:http";
import { expect, test, vi } from "vitest";
import { type ApiClient, HubClient, HubError, isTemporary, type Signable, thisHost } from "../../src/client/index.ts";
import { ALPHA, newHub } from "../support/client-fixture.ts";
import { ANSWER, FakeHost, type FakeRequest, json } from "../support/fake-host.ts";

const URL = "https://hub.example";

async function requestOf(ask: (api: ApiClient) => Promise<unknown>): Promise<FakeRequest | undefined> {
  const host = new FakeHost();
  host.answer = () => json(200, ANSWER);
  await ask(newHub(host).api);
  return host.requests[0];
}

const who = { channel_id: "ch-1", key: "alpha" };
const all = { channel_id: "ch-1", ...ALPHA };

type Call = [name: string, ask: (api: ApiClient) => Promise<unknown>, line: string, body: object | undefined];

const NOTHING = undefined;
const CALLS: readonly Call[] = [
  [
    "create",
    (api) => api.create("ops"),
    "POST /api/channel/create",
    { name: "ops", key: "alpha", name_display: "ALPHA", kind: "agent" },
  ],
  ["join", (api) => api.join("ch-1"), "POST /api/channel/join", all],
  ["leave", (api) => api.leave("ch-1"), "POST /api/channel/leave", who],
  [
    "send",
    (api) => api.send("ch-1", "hi", { to: ["bravo"], reply_to: 7 }),
    "POST /api/channel/send",
    { ...all, text: "hi", to: ["bravo"], reply_to: 7 },
  ],
  ["list", (api) => api.list({ limit: 5, key: "alpha" }), "GET /api/channel/list?limit=5&key=alpha", NOTHING],
  ["channel", (api) => api.channel("ch-1"), "GET /api/channel/ch-1", NOTHING],
  ["an id that is none", (api) => api.channel("../x?"), "GET /api/channel/..%2Fx%3F", NOTHING],
  [
    "listen",
    (api) => api.listen("ch-1", { after: 9, wait: 50, for: "me", limit: 5 }),
    "GET /api/channel/ch-1/listen?key=alpha&after=9&for=me&limit=5&wait=50",
    NOTHING,
  ],
  [
    "listenAll",
    (api) => api.listenAll({ after: { "ch-1": 12, "ch-4": 7 }, wait: 5 }),
    "GET /api/listen?key=alpha&after=ch-1%3A12%2Cch-4%3A7&wait=5",
    NOTHING,
  ],
  ["listenAll from the read positions", (api) => api.listenAll(), "GET /api/listen?key=alpha", NOTHING],
  ["read", (api) => api.read("ch-1", 9), "POST /api/channel/read", { ...who, seq: 9 }],
  ["delete", (api) => api.delete("ch-1"), "DELETE /api/channel/ch-1?key=alpha", NOTHING],
  [
    "ticket",
    (api) => api.ticket("ch-1", { watch: true, seconds: 60 }),
    "POST /api/ticket",
    { ...all, watch: true, seconds: 60 },
  ],
  ["kick", (api) => api.kick("ch-1", "bravo", 5), "POST /api/channel/kick", { ...who, target: "bravo", minutes: 5 }],
  ["pause", (api) => api.pause("ch-1"), "POST /api/channel/pause", who],
  ["resume", (api) => api.resume("ch-1"), "POST /api/channel/resume", who],
  ["guardReset", (api) => api.guardReset("ch-1"), "POST /api/channel/guard-reset", who],
  ["health", (api) => api.health(), "GET /health", NOTHING],
];

test.each(CALLS)("%s", async (_name, ask, line, body) => {
  const request = await requestOf(ask);
  expect(`${request?.method} ${request?.url}`).toBe(line.replace(" ", ` ${URL}`));
  expect(request?.body === undefined ? undefined : JSON.parse(request.body)).toEqual(body);
  expect(request?.headers).toMatchObject({ "x-spf-key": "hub-key" });
});

test("a create that may be repeated carries its id, and a long wait has time", async () => {
  const create = await requestOf((api) => api.create("ops", "once"));
  expect(create?.headers).toEqual({ "idempotency-key": "once", "x-spf-key": "hub-key" });
  expect(create?.timeout_ms).toBe(30_000);
  expect((await requestOf((api) => api.listen("ch-1", { wait: 50 })))?.timeout_ms).toBe(80_000);
});

test("authorize signs each request and upgrade with what it covers", async () => {
  const host = new FakeHost();
  host.answer = () => json(200, ANSWER);
  const signed: Signable[] = [];
  const authorize = async (request: Signable): Promise<Record<string, string>> => {
    signed.push(request);
    return { signature: `s${signed.length}` };
  };
  const hub = new HubClient({ url: "wss://hub.example", agent: { key: "alpha" }, authorize, host });
  await hub.api.leave("ch-1");
  void hub.connect("ch-1");
  const socket = await host.socket();
  const url = `${URL}/ws/channel/ch-1?key=alpha&frames=batch&echo=1&instance=id2&attempt=1`;
  expect(signed).toEqual([
    { method: "POST", url: `${URL}/api/channel/leave`, body: '{"channel_id":"ch-1","key":"alpha"}' },
    { method: "GET", url },
  ]);
  expect(host.requests[0]?.headers).toEqual({ signature: "s1" });
  expect(socket.request).toEqual({ url: url.replace("https", "wss"), headers: { signature: "s2" }, protocols: [] });
});

async function failureFor(answer: FakeHost["answer"]): Promise<HubError> {
  const host = new FakeHost();
  host.answer = answer;
  const error: unknown = await newHub(host)
    .api.history("ch-1")
    .catch((thrown: unknown) => thrown);
  if (!(error instanceof HubError)) throw new Error("it did not fail as a HubError");
  return error;
}

test("a refusal is a HubError with all that the hub said", async () => {
  const said = { error: "slow down", code: "rate_limited", request_id: "r-1", hint: "wait", retry_after_ms: 33 };
  const error = await failureFor(() => json(429, { ok: false, ...said }));
  expect(error).toMatchObject({
    status: 429,
    code: "rate_limited",
    message: "slow down",
    request_id: "r-1",
    hint: "wait",
    retry_after_ms: 33,
  });
});

const refusal = { ok: false, error: "Channel not found: ch-1", code: "channel_not_found", request_id: "r-1" };

test.each([
  [
    "a page of another server",
    { status: 200, text: "<html>\n<body>", type: "text/html" },
    "200, text/html): <html> <body>",
  ],
  ["a proxy's error", { status: 502, text: "Bad Gateway" }, "502): Bad Gateway"],
  ["a page for a missing path", { status: 404, text: "", type: "text/plain" }, "404, text/plain)"],
  ["a proxy's refusal", { status: 403, text: `<h1>${"no ".repeat(50)}` }, "403): <h1>no no no"],
  [
    "a login page",
    { status: 302, text: "", location: "https://portal.example/" },
    "302, a redirect to https://portal.example/)",
  ],
  ["a redirect that a browser hides", { status: 0, text: "" }, "0)"],
  ["an answer without its messages", json(200, { ok: true }), '200): {"ok":true}'],
  ["an answer that is an array", { status: 200, text: "[]" }, "200): []"],
  ["a refusal without a request_id", json(404, { ...refusal, request_id: undefined }), "404): {"],
  ["a refusal without a code", json(404, { ...refusal, code: undefined }), "404): {"],
  ["a refusal whose code is no text", json(403, { ...refusal, code: 7 }), "403): {"],
  ["a refusal without its error", json(403, { ...refusal, error: { message: "no" } }), "403): {"],
  ["a refusal that does not say so", json(404, { ...refusal, ok: undefined }), "404): {"],
  ["a refusal with a status of success", json(200, refusal), "200): {"],
  ["JSON of another API", json(404, { error: "not_found", code: "not_found", request_id: "x" }), "404): {"],
])("%s is no answer of a hub, says what was seen, and is never final", async (_name, answer, seen) => {
  const error = await failureFor(() => answer);
  expect(error).toMatchObject({ code: "bad_answer", status: answer.status });
  expect(error.message.startsWith(`this is no answer of a hub (status ${seen}`), error.message).toBe(true);
  expect(error.message.length).toBeLessThan(200);
  expect(error.hint).toContain("is the url right?");
  expect(isTemporary(error)).toBe(true);
});

test("what a peer writes into a refusal beside its fields changes nothing of the error", async () => {
  const text = `{"ok":false,"error":"no","code":"forbidden","request_id":"r","__proto__":{"a":1},"name":"x","stack":"y","hint":5}`;
  const error = await failureFor(() => ({ status: 403, text }));
  expect(Object.getPrototypeOf(error)).toBe(HubError.prototype);
  expect([error.name, error.code, error.hint]).toEqual(["HubError", "forbidden", undefined]);
  expect(error.stack).toContain("HubError: no");
});

test.each([
  ["create", (api: ApiClient) => api.create("ops")],
  ["join", (api: ApiClient) => api.join("ch-1")],
  ["send", (api: ApiClient) => api.send("ch-1", "hi")],
  ["list", (api: ApiClient) => api.list()],
  ["channel", (api: ApiClient) => api.channel("ch-1")],
  ["listen", (api: ApiClient) => api.listen("ch-1")],
  ["listenAll", (api: ApiClient) => api.listenAll()],
  ["read", (api: ApiClient) => api.read("ch-1", 3)],
  ["delete", (api: ApiClient) => api.delete("ch-1")],
  ["kick", (api: ApiClient) => api.kick("ch-1", "bravo")],
  ["health", (api: ApiClient) => api.health()],
  ["fsck", (api: ApiClient) => api.fsck()],
  ["audit", (api: ApiClient) => api.audit()],
])("to %s, {ok: true} and nothing of what was asked for is no answer of a hub", async (_name, ask) => {
  const host = new FakeHost();
  host.answer = () => json(200, { ok: true });
  await expect(ask(newHub(host).api)).rejects.toMatchObject({ code: "bad_answer" });
});

test("a ticket that is none is no answer of a hub", async () => {
  const host = new FakeHost();
  host.answer = () => json(200, { ok: true });
  await expect(newHub(host).api.ticket("ch-1")).rejects.toMatchObject({ code: "bad_answer" });
});

test("no answer at all is the network's fault, with its cause", async () => {
  const error = await failureFor(() => {
    throw new TypeError("fetch failed", { cause: new Error("connect ECONNREFUSED") });
  });
  expect(error).toMatchObject({
    code: "network",
    status: 0,
    message: "no connection to the hub: fetch failed (connect ECONNREFUSED)",
  });
});

test.each([
  ["fetch's", (cause: Error) => new TypeError("fetch failed", { cause })],
  ["a host's own", (cause: Error) => cause],
])("%s error gives the machine's code for it, and words where it has none", async (_whose, thrown) => {
  const tls = "40:error:0A00010B:SSL routines:tls_validate_record_header:wrong version number:../deps/tls_any.c:77:\n";
  const failureOf = (cause: Error, code?: string): Promise<unknown> =>
    failureFor(() => {
      throw thrown(Object.assign(cause, code !== undefined && { code }));
    });
  const refused = await failureOf(new Error("connect ECONNREFUSED 127.0.0.1:1"), "ECONNREFUSED");
  expect(refused).toMatchObject({ reason: "ECONNREFUSED", message: expect.stringContaining("connect ECONNREFUSED") });
  const several = await failureOf(new AggregateError([], ""), "ECONNREFUSED");
  expect(several).toMatchObject({ reason: "ECONNREFUSED", message: expect.stringContaining("ECONNREFUSED") });
  const plain = await failureOf(new Error(tls), "EPROTO");
  expect(plain).toMatchObject({ reason: "EPROTO", message: expect.not.stringMatching(/error:|\n/) });
});

test("a host without WebSocket, as Node 20 is, is told so at once and in plain words; requests go as ever", async () => {
  vi.stubGlobal("WebSocket", undefined);
  vi.stubGlobal("fetch", async () => Response.json({ ok: true, name: "channel-hub", version: "1" }));
  try {
    const hub = new HubClient({ url: URL, key: "k", agent: { key: "alpha" }, host: thisHost() });
    await expect(hub.connect("ch-1", { wait_ms: Infinity })).rejects.toMatchObject({
      code: "no_websocket",
      message: "this JavaScript host has no WebSocket, so it can only make requests",
      hint: expect.stringContaining("Node 22"),
    });
    expect(await hub.api.health()).toMatchObject({ name: "channel-hub" });
  } finally {
    vi.unstubAllGlobals();
  }
});

test("a redirect is not followed, so no key goes where it leads", async () => {
  const elsewhere: string[] = [];
  const portal = createServer((request, response) => {
    if (request.url === "/login") elsewhere.push(JSON.stringify(request.headers));
    response.writeHead(302, { location: "/login" }).end();
  });
  await new Promise<void>((resolve) => portal.listen(0, "127.0.0.1", resolve));
  const { port } = portal.address() as { port: number };
  const { api } = new HubClient({ url: `http://127.0.0.1:${port}`, key: "secret", agent: { key: "alpha" } });
  const error: unknown = await api.channel("ch-1").catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({
    code: "bad_answer",
    status: 302,
    message: "this is no answer of a hub (status 302, a redirect to /login)",
  });
  expect(elsewhere).toEqual([]);
  await new Promise((resolve) => portal.close(resolve));
});

test("a page hears of waking by its own events and the browser's, and only while it shows", () => {
  const world = new EventTarget();
  const document = Object.assign(new EventTarget(), { visibilityState: "visible" });
  for (const [name, value] of Object.entries({
    navigator: { onLine: true },
    document,
    addEventListener: world.addEventListener.bind(world),
    removeEventListener: world.removeEventListener.bind(world),
  }))
    vi.stubGlobal(name, value);
  try {
    const heard: string[] = [];
    let now = "";
    const off = thisHost().onWake(() => heard.push(now));
    for (now of ["online", "pageshow"]) world.dispatchEvent(new Event(now));
    for (now of ["visibilitychange", "resume"]) document.dispatchEvent(new Event(now));
    document.visibilityState = "hidden";
    document.dispatchEvent(new Event("visibilitychange"));
    expect(heard).toEqual(["online", "pageshow", "visibilitychange", "resume"]);
    off();
    document.visibilityState = "visible";
    world.dispatchEvent(new Event("online"));
    expect(heard).toHaveLength(4);
  } finally {
    vi.unstubAllGlobals();
  }
});

test("on Node an upgrade carries headers, and ids are not guessed", () => {
  const host = thisHost();
  expect(host.carries_headers).toBe(true);
  expect(host.id()).toMatch(/^[0-9a-f]{32}$/);
  expect(host.id()).not.toBe(host.id());
});
