/** The MCP endpoint by its wire: both eras, what is refused and how, streams, and callers that leave. */
import { env } from "cloudflare:workers";
import { afterEach, expect, test, vi } from "vitest";
import { type Json, KEY } from "./support/hub.ts";
import app from "./support/mcp-worker.ts";

const MODERN = "2026-07-28";
const META = {
  "io.modelcontextprotocol/protocolVersion": MODERN,
  "io.modelcontextprotocol/clientCapabilities": {},
};
const EVENTS = "application/json, text/event-stream";

afterEach(() => {
  vi.useRealTimers();
});

interface Sent {
  readonly tool?: string;
  readonly method?: string;
  readonly body: unknown;
  readonly headers?: Record<string, string>;
  readonly signal?: AbortSignal;
}

async function post({ tool = "echo", method = "POST", body, headers = {}, signal }: Sent): Promise<Response> {
  const content = typeof body === "string" || body instanceof Uint8Array ? body : JSON.stringify(body);
  const init = { method, headers: { "x-spf-key": KEY, ...headers }, ...(signal && { signal }) };
  return await app.request(
    `https://hub.test/fixture/${tool}`,
    { ...init, ...(method === "POST" && { body: content }) },
    env,
  );
}

async function answerOf(sent: Sent): Promise<{ status: number; body: Json }> {
  const response = await post(sent);
  return { status: response.status, body: await response.json() };
}

function request(method: string, params: object = {}, id: unknown = 1): object {
  return { jsonrpc: "2.0", id, method, params };
}

/** A request of the era without handshake, its headers agreeing with it. */
function modern(method: string, params: { name?: string; [field: string]: unknown } = {}): Sent & { tool: string } {
  const headers = {
    "mcp-protocol-version": MODERN,
    "mcp-method": method,
    ...(params.name !== undefined && { "mcp-name": params.name }),
  };
  return { tool: params.name ?? "echo", body: request(method, { _meta: META, ...params }), headers };
}

function withHeaders(sent: Sent, headers: Record<string, string>): Sent {
  return { ...sent, headers: { ...sent.headers, ...headers } };
}

function withMeta(meta: object): Sent {
  return { ...modern("tools/list"), body: request("tools/list", { _meta: meta }) };
}

test("up to 2025-11-25: initialize agrees on a version, notifications are taken, ping and the list answer", async () => {
  const opened = await answerOf({ body: request("initialize", { protocolVersion: "2025-06-18", capabilities: {} }) });
  expect(opened.status).toBe(200);
  expect(opened.body).toEqual({
    jsonrpc: "2.0",
    id: 1,
    result: {
      protocolVersion: "2025-06-18",
      capabilities: { tools: {} },
      serverInfo: { name: "channel-hub", version: expect.stringMatching(/^\d+\.\d+\.\d+$/) },
      instructions: expect.stringContaining("listen"),
    },
  });
  const headers = { "mcp-protocol-version": "2025-06-18" };
  const noted = await post({ body: { jsonrpc: "2.0", method: "notifications/initialized" }, headers });
  expect([noted.status, await noted.text()]).toEqual([202, ""]);
  expect(await answerOf({ body: request("ping", {}, "a"), headers })).toEqual({
    status: 200,
    body: { jsonrpc: "2.0", id: "a", result: {} },
  });
  const tool = { name: "echo", description: "A tool for tests: echo.", inputSchema: { type: "object" } };
  expect((await answerOf({ body: request("tools/list"), headers })).body.result).toEqual({ tools: [tool] });
});

test.each([
  ["2025-11-25", "2025-11-25"],
  ["2025-03-26", "2025-03-26"],
  ["2024-11-05", "2025-11-25"],
  [MODERN, "2025-11-25"],
  [undefined, "2025-11-25"],
])("initialize with %s is answered with %s", async (protocolVersion, agreed) => {
  const { body } = await answerOf({ body: request("initialize", { protocolVersion }) });
  expect(body.result.protocolVersion).toBe(agreed);
});

test("instructions are at most 2 KB, where hosts cut them", async () => {
  const { body } = await answerOf({ body: request("initialize") });
  expect(body.result.instructions.length).toBeLessThan(2048);
});

test("2026-07-28: discover and the list say who answers and how long they may be kept", async () => {
  const who = { "io.modelcontextprotocol/serverInfo": { name: "channel-hub", version: expect.any(String) } };
  const fresh = { resultType: "complete", _meta: who, ttlMs: 300_000, cacheScope: "public" };
  expect((await answerOf(modern("server/discover"))).body.result).toEqual({
    ...fresh,
    supportedVersions: [MODERN],
    capabilities: { tools: {} },
    instructions: expect.stringContaining("listen"),
  });
  expect((await answerOf(modern("tools/list"))).body.result).toEqual({ ...fresh, tools: [expect.anything()] });
});

test("a call gives text and nothing else, and the tool gets its arguments as they came", async () => {
  const args = { action: "send", text: "hi", __proto__: null, more: [1, { a: null }] };
  const old = await answerOf({ body: request("tools/call", { name: "echo", arguments: args }) });
  expect(old.body.result).toEqual({ content: [{ type: "text", text: JSON.stringify(args) }] });
  const now = await answerOf(modern("tools/call", { name: "echo", arguments: args }));
  expect(now.body.result).toEqual({
    resultType: "complete",
    _meta: expect.anything(),
    content: [{ type: "text", text: JSON.stringify(args) }],
  });
});

test("a call without arguments has none", async () => {
  const { body } = await answerOf({ body: request("tools/call", { name: "echo" }) });
  expect(body.result.content[0].text).toBe("{}");
});

test("isError stands only on a call that failed", async () => {
  const { body } = await answerOf(modern("tools/call", { name: "test_error_handling" }));
  expect(body.result).toMatchObject({ content: [{ type: "text", text: "this tool fails" }], isError: true });
});

test("a fault of the hub is an error with an id to quote; its cause stays inside", async () => {
  const logged = vi.spyOn(console, "error").mockImplementation(() => undefined);
  const { status, body } = await answerOf(modern("tools/call", { name: "broken" }));
  expect(status).toBe(200);
  expect(body.error.code).toBe(-32603);
  const id = /request id ([0-9a-f-]{36})/.exec(body.error.message)?.[1] ?? "none";
  expect(JSON.stringify(body)).not.toContain("secret");
  expect(logged.mock.calls.flat().join("")).toContain(id);
  expect(logged.mock.calls.flat().join("")).not.toContain(KEY);
  logged.mockRestore();
});

interface Wrong {
  readonly what: string;
  readonly sent: Sent;
  readonly is: string;
  readonly says: string;
}

const CALL = modern("tools/call", { name: "echo" });
const VERSION_META = "io.modelcontextprotocol/protocolVersion";
const UNKNOWN_VERSION = { ...META, [VERSION_META]: "v999.0.0" };

const WRONG: readonly Wrong[] = [
  { what: "no JSON", sent: { body: "{" }, is: "400 -32700 null", says: "not JSON" },
  { what: "no UTF-8", sent: { body: new Uint8Array([0x22, 0xff, 0x22]) }, is: "400 -32700 null", says: "not JSON" },
  { what: "a batch, before 2026-07-28", sent: { body: [request("ping")] }, is: "400 -32600 null", says: "batches" },
  { what: "a batch, now", sent: { ...CALL, body: [request("ping")] }, is: "400 -32600 undefined", says: "batches" },
  { what: "an empty batch", sent: { body: [] }, is: "400 -32600 null", says: "batches" },
  { what: "null", sent: { body: "null" }, is: "400 -32600 null", says: "send one object" },
  { what: "a string", sent: { body: '"ping"' }, is: "400 -32600 null", says: "send one object" },
  { what: "id null", sent: { body: request("ping", {}, null) }, is: "400 -32600 null", says: "whole number" },
  { what: "a broken id", sent: { body: request("ping", {}, 1.5) }, is: "400 -32600 null", says: "whole number" },
  { what: "JSON-RPC 1", sent: { body: { id: 7, method: "ping" } }, is: "400 -32600 7", says: '"jsonrpc":"2.0"' },
  { what: "a response", sent: { body: { jsonrpc: "2.0", id: 7, result: {} } }, is: "400 -32600 7", says: "method" },
  { what: "params of text", sent: { body: { ...request("ping"), params: "x" } }, is: "400 -32600 1", says: "params" },
  {
    what: "an unknown method, before",
    sent: { body: request("a/b") },
    is: "200 -32601 1",
    says: "Method not found: a/b",
  },
  { what: "an unknown method, now", sent: modern("a/b"), is: "404 -32601 1", says: "Method not found: a/b" },
  { what: "a method of objects", sent: { body: request("constructor") }, is: "200 -32601 1", says: "constructor" },
  { what: "discover, before", sent: { body: request("server/discover") }, is: "200 -32601 1", says: "server/discover" },
  { what: "ping, now", sent: modern("ping"), is: "404 -32601 1", says: "ping" },
  { what: "initialize, now", sent: modern("initialize"), is: "404 -32601 1", says: "initialize" },
  {
    what: "another tool",
    sent: { body: request("tools/call", { name: "nix" }) },
    is: "200 -32602 1",
    says: "nix; this server has echo",
  },
  { what: "no tool", sent: { body: request("tools/call") }, is: "200 -32602 1", says: "must be a string" },
  {
    what: "no _meta",
    sent: { ...CALL, body: request("tools/call", { name: "echo" }) },
    is: "400 -32602 1",
    says: VERSION_META,
  },
  {
    what: "_meta without version",
    sent: withMeta({ ...META, [VERSION_META]: undefined }),
    is: "400 -32602 1",
    says: VERSION_META,
  },
  {
    what: "_meta without capabilities",
    sent: withMeta({ [VERSION_META]: MODERN }),
    is: "400 -32602 1",
    says: "clientCapabilities",
  },
  {
    what: "another version in the header",
    sent: withHeaders(CALL, { "mcp-protocol-version": "2025-11-25" }),
    is: "400 -32020 1",
    says: "MCP-Protocol-Version",
  },
  {
    what: "another version in _meta",
    sent: withMeta(UNKNOWN_VERSION),
    is: "400 -32020 1",
    says: "MCP-Protocol-Version",
  },
  {
    what: "another method in the header",
    sent: withHeaders(CALL, { "mcp-method": "TOOLS/CALL" }),
    is: "400 -32020 1",
    says: "Mcp-Method",
  },
  {
    what: "another name in the header",
    sent: withHeaders(CALL, { "mcp-name": "nix" }),
    is: "400 -32020 1",
    says: "Mcp-Name",
  },
  {
    what: "a name that is no base64",
    sent: withHeaders(CALL, { "mcp-name": "=?base64?!?=" }),
    is: "400 -32020 1",
    says: "Mcp-Name",
  },
  {
    what: "no name header",
    sent: { ...CALL, headers: modern("tools/call").headers ?? {} },
    is: "400 -32020 1",
    says: "Mcp-Name is missing",
  },
  {
    what: "no method header",
    sent: { ...CALL, headers: { "mcp-protocol-version": MODERN } },
    is: "400 -32020 1",
    says: "Mcp-Method is missing",
  },
  {
    what: "no version header",
    sent: { ...CALL, headers: {} },
    is: "400 -32020 1",
    says: "MCP-Protocol-Version is missing",
  },
];

test.each(WRONG)("refused as $is: $what", async ({ sent, is, says }) => {
  const { status, body } = await answerOf(sent);
  expect(`${status} ${body.error.code} ${body.id}`).toBe(is);
  expect(body.error.message).toContain(says);
  expect(JSON.stringify(body)).not.toContain(KEY);
});

test("an unknown version is refused with those that are served", async () => {
  const sent = withHeaders(withMeta(UNKNOWN_VERSION), { "mcp-protocol-version": "v999.0.0" });
  const { status, body } = await answerOf(sent);
  expect(status).toBe(400);
  expect(body.error).toMatchObject({ code: -32022, data: { supported: [MODERN], requested: "v999.0.0" } });
  expect(body.error.message).toContain("open with initialize for 2025-11-25");
});

test("a header may be padded or base64, and still says what the body says", async () => {
  for (const name of ["  echo  ", `=?base64?${btoa("echo")}?=`]) {
    expect((await answerOf(withHeaders(CALL, { "mcp-name": name }))).status).toBe(200);
  }
});

test("GET and DELETE are answered 405 with Allow", async () => {
  for (const method of ["GET", "DELETE"]) {
    const response = await post({ method, body: "" });
    expect([response.status, response.headers.get("allow")]).toEqual([405, "POST"]);
  }
});

test.each(["https://evil.test", "http://hub.test", "https://hub.test:8443", "https://hub.test.evil.test", "null", ""])(
  "[IDN3] a page of %s may not use it",
  async (origin) => {
    const { status, body } = await answerOf({ body: request("ping"), headers: { origin } });
    expect([status, body.code]).toEqual([403, "origin_forbidden"]);
  },
);

test("[IDN3] the hub's own page may, and those in HUB_ORIGINS; under npm start only pages of this machine", async () => {
  const ping = { method: "POST", body: JSON.stringify(request("ping")) };
  const asked = async (url: string, origin: string, variables: object = {}): Promise<number> => {
    const headers = { "x-spf-key": KEY, origin };
    return (await app.request(`${url}/fixture/echo`, { ...ping, headers }, { ...env, ...variables })).status;
  };
  const listed = { HUB_ORIGINS: "https://a.test, https://b.test" };
  expect(await asked("https://hub.test", "https://hub.test")).toBe(200);
  expect(await asked("https://hub.test", "https://b.test", listed)).toBe(200);
  expect(await asked("https://hub.test", "https://c.test", listed)).toBe(403);
  expect(await asked("http://127.0.0.1:8787", "http://127.0.0.1:8787", { HUB_DEV: "1" })).toBe(200);
  expect(await asked("http://evil.test:8787", "http://evil.test:8787", { HUB_DEV: "1" })).toBe(403);
  // Behind TLS wrangler writes http where the page said https.
  const behind = { HUB_DEV: "1", HUB_ORIGINS: "https://Hub.test/" };
  for (const origin of ["http://hub.test", "https://hub.test"])
    expect(await asked("http://hub.test", origin, behind)).toBe(200);
  expect(await asked("http://evil.test", "http://evil.test", behind)).toBe(403);
  expect(await asked("http://evil.test", "http://hub.test", behind)).toBe(403);
});

function waiting(seconds: number, meta: object = {}): Sent {
  return {
    tool: "wait",
    body: request("tools/call", { name: "wait", arguments: { wait: seconds }, _meta: meta }),
    headers: { accept: EVENTS },
  };
}

/** The next piece of a stream; undefined at its end. */
async function piece(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<string | undefined> {
  const { value } = await reader.read();
  return value && new TextDecoder().decode(value);
}

function readerOf(response: Response): ReadableStreamDefaultReader<Uint8Array> {
  expect(response.headers.get("content-type")).toBe("text/event-stream");
  expect(response.headers.get("x-accel-buffering")).toBe("no");
  if (response.body === null) throw new Error("no body");
  return response.body.getReader() as ReadableStreamDefaultReader<Uint8Array>;
}

const WAITED =
  'event: message\ndata: {"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"text","text":"waited"}]}}\n\n';

test("a call that waits is streamed: the first byte at once, a comment every ten seconds, then the answer", async () => {
  vi.useFakeTimers();
  const reader = readerOf(await post(waiting(25)));
  expect(await piece(reader)).toBe(": ok\n\n");
  await vi.advanceTimersByTimeAsync(20_000);
  expect(await piece(reader)).toBe(": waiting\n\n");
  expect(await piece(reader)).toBe(": waiting\n\n");
  await vi.advanceTimersByTimeAsync(5000);
  expect(await piece(reader)).toBe(WAITED);
  expect(await piece(reader)).toBeUndefined();
  expect(vi.getTimerCount()).toBe(0);
});

test.each([7, "seven"])(
  "with the progress token %j the signs of life are progress that rises",
  async (progressToken) => {
    vi.useFakeTimers();
    const reader = readerOf(await post(waiting(25, { progressToken })));
    await vi.advanceTimersByTimeAsync(25_000);
    for (const progress of [1, 10, 20]) {
      const message = { jsonrpc: "2.0", method: "notifications/progress", params: { progressToken, progress } };
      const sign = (await piece(reader)) ?? "";
      expect(sign.slice(sign.indexOf("event:"))).toBe(`event: message\ndata: ${JSON.stringify(message)}\n\n`);
    }
    expect(await piece(reader)).toBe(`id: answered\n${WAITED}`);
  },
);

test("what the tool reports goes to a caller that gave a token, also when it does not wait", async () => {
  const name = "test_tool_with_progress";
  const body = request("tools/call", { name, _meta: { progressToken: 7 } });
  const text = await (await post({ tool: name, body, headers: { accept: EVENTS } })).text();
  const steps = ["one", "two", "three"].map((message, at) => ({ progressToken: 7, progress: at + 1, message }));
  const said = steps.map((params) => ({ jsonrpc: "2.0", method: "notifications/progress", params }));
  const events = said.map((message) => `event: message\ndata: ${JSON.stringify(message)}\n\n`).join("");
  expect(text.startsWith(`: ok\n\n${events}event: message\ndata: {"jsonrpc":"2.0","id":1,"result"`)).toBe(true);
});

test("a fault of the hub ends a stream with an error, too", async () => {
  const logged = vi.spyOn(console, "error").mockImplementation(() => undefined);
  const body = request("tools/call", { name: "broken", arguments: { wait: 1 } });
  const text = await (await post({ tool: "broken", body, headers: { accept: EVENTS } })).text();
  expect(text).toMatch(/^: ok\n\nevent: message\ndata: .*"code":-32603,.*\n\n$/);
  logged.mockRestore();
});

/** Of a client that can go on with a stream that broke. */
const RESUMING = { "mcp-protocol-version": "2025-11-25" };

test("[HST8] a stream that broke goes on: its first event has an id, which a GET takes for what is left of the wait", async () => {
  vi.useFakeTimers();
  const broken = readerOf(await post(withHeaders(waiting(25, { progressToken: 7 }), RESUMING)));
  const [, cursor = ""] =
    /^id: (\S+)\nretry: 3000\nevent: message\ndata: \{.*"progress":1\}\}\n\n$/.exec((await piece(broken)) ?? "") ?? [];
  await vi.advanceTimersByTimeAsync(15_000);
  await broken.cancel();
  const sent = { tool: "wait", method: "GET", body: undefined, headers: { accept: EVENTS, ...RESUMING } };
  const reader = readerOf(await post(withHeaders(sent, { "last-event-id": cursor })));
  expect(await piece(reader)).toMatch(new RegExp(`^id: ${cursor}\nretry: 3000\n.*\n.*"progress":15}}\n\n$`));
  await vi.advanceTimersByTimeAsync(10_000);
  expect(await piece(reader)).toContain('{"progressToken":7,"progress":25}');
  // Who asks for more after the answer makes no call again.
  expect(await piece(reader)).toBe(`id: answered\n${WAITED}`);
  expect((await post(withHeaders(sent, { "last-event-id": "answered" }))).status).toBe(405);
  expect(await piece(reader)).toBeUndefined();
  // Long after its time it is answered at once.
  await vi.advanceTimersByTimeAsync(60_000);
  const late = readerOf(await post(withHeaders(sent, { "last-event-id": cursor })));
  await piece(late);
  await vi.advanceTimersByTimeAsync(1);
  expect(await piece(late)).toBe(`id: answered\n${WAITED}`);
});

test("[HST8] only what may be made again has an id, for clients of the revision that knows it; no other GET is answered", async () => {
  const first = async (sent: Sent): Promise<string | undefined> => await piece(readerOf(await post(sent)));
  expect(await first(withHeaders(waiting(0.1), RESUMING))).toMatch(/^id: \S+\nretry: 3000\ndata:\n\n$/);
  expect(await first(withHeaders(waiting(0.1), { "mcp-protocol-version": "2025-06-18" }))).toBe(": ok\n\n");
  const steps = { name: "test_tool_with_progress", arguments: {}, _meta: { progressToken: 1 } };
  const tool = "test_tool_with_progress";
  expect(await first({ tool, body: request("tools/call", steps), headers: { accept: EVENTS, ...RESUMING } })).toBe(
    ": ok\n\n",
  );
  const long = { name: "wait", arguments: { wait: 0.1, long: "x".repeat(2000) } };
  expect(
    await first({ tool: "wait", body: request("tools/call", long), headers: { accept: EVENTS, ...RESUMING } }),
  ).toBe(": ok\n\n");
  const cursor = (call: object): string => btoa(JSON.stringify(call)).replaceAll("=", "");
  const call = { id: 1, name: "wait", args: {}, begun: 0 };
  for (const [to, id] of [
    ["wait", "12"],
    ["wait", "{"],
    ["wait", cursor({ ...call, name: "echo" })],
    ["wait", cursor({ ...call, args: "x" })],
    ["echo", cursor({ ...call, name: "echo" })],
  ] as const) {
    const headers = { accept: EVENTS, "last-event-id": id };
    expect((await post({ tool: to, method: "GET", body: undefined, headers })).status).toBe(405);
  }
});

test("a client that takes no events gets JSON, however long it waits", async () => {
  const { body } = await answerOf({ ...waiting(0.01), headers: { accept: "application/json" } });
  expect(body.result.content[0].text).toBe("waited");
});

test("a call that does not wait and asks for no progress is answered as JSON", async () => {
  for (const wait of [0, "0", "soon", -1, null, [1]]) {
    const body = request("tools/call", { name: "echo", arguments: { wait } });
    const response = await post({ body, headers: { accept: EVENTS } });
    expect(response.headers.get("content-type")).toMatch(/^application\/json/);
  }
});

async function leftEarly(): Promise<number> {
  const { body } = await answerOf({ tool: "wait", body: request("tools/call", { name: "wait" }) });
  return Number(/left early: (\d+)/.exec(body.result.content[0].text)?.[1]);
}

test("a caller that closes its stream ends the wait, and nothing is left running", async () => {
  const before = await leftEarly();
  vi.useFakeTimers();
  const reader = readerOf(await post(waiting(50)));
  await piece(reader);
  await reader.cancel();
  await vi.advanceTimersByTimeAsync(0);
  expect(vi.getTimerCount()).toBe(0);
  expect(await leftEarly()).toBe(before + 1);
});

test("a caller whose connection ends does too, streamed or not", async () => {
  vi.useFakeTimers();
  for (const accept of [EVENTS, "application/json"]) {
    const before = await leftEarly();
    const connection = new AbortController();
    const answer = post({ ...waiting(50), headers: { accept }, signal: connection.signal });
    await vi.advanceTimersByTimeAsync(1000);
    connection.abort();
    await answer;
    await vi.advanceTimersByTimeAsync(0);
    expect(vi.getTimerCount()).toBe(0);
    expect(await leftEarly()).toBe(before + 1);
  }
});
