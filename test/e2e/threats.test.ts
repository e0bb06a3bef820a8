/**
 * The threats of SECURITY.md that no rule of PROTOCOL.md names, each against a real hub. The others
 * have their tests beside their rules, with the threat's id in the title.
 */
import { readdir } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { ERRORS } from "../../src/protocol/index.ts";
import { Agent, call, createChannel, type Json } from "../support/process/agent.ts";
import { HUB_KEY, type HubProcess } from "../support/process/hub-process.ts";
import { TELLING_WAKES } from "../support/process/wakes.ts";
import { connected, history, post, send, startHub } from "./support/hub-calls.ts";
import { untilSaid } from "./support/log-lines.ts";
import { patchedHub } from "./support/patched-hub.ts";
import { rawCall } from "./support/raw-call.ts";
import { endCalmly, expectNoInsides, withoutTrace } from "./support/refusals.ts";

let hub: HubProcess;
let id: string;
beforeAll(async () => {
  hub = await startHub({ HUB_LOOP_GUARD: "0" });
  id = await createChannel(hub.url);
});
afterAll(() => endCalmly(hub));

/** Files in which objects keep their state: one a channel object that stored anything. */
async function storedObjects(of: HubProcess): Promise<string[]> {
  const files = await readdir(join(of.directory, "state"), { recursive: true });
  return files.filter((file) => /[0-9a-f]{64}\.sqlite$/.test(file));
}

function withoutKey(path: string, init: RequestInit = {}): Promise<Response> {
  return fetch(hub.url + path, init);
}

test("[T1] a hub without a key is closed and says how to open it; with a wrong one no object is made", async () => {
  const closed = await patchedHub([TELLING_WAKES], { HUB_KEY: "" });
  const open = await patchedHub([TELLING_WAKES]);
  for (const path of ["/api/channel/list", "/api/channel/ch-1", "/ws/channel/ch-1?key=alpha", "/mcp", "/x"]) {
    const answer = await call(closed.url, path);
    expect(answer).toMatchObject({ status: 503, body: { code: "hub_not_configured" } });
    expect(answer.body.error).toContain("npx wrangler secret put HUB_KEY");
    // Who looks for a stream at /mcp is told what everybody is (HST7).
    const refused = path === "/mcp" ? 405 : 401;
    expect((await call(open.url, path, { headers: { "x-spf-key": "wrong" } })).status).toBe(refused);
  }
  for (const one of [closed, open]) {
    expect(one.output).not.toContain("woke");
    expect(await storedObjects(one)).toEqual([]);
  }
});

test("[T8] ids that exist, never were or were deleted are answered alike to those without a key", async () => {
  const deleted = await createChannel(hub.url, "short-lived");
  await call(hub.url, `/api/channel/${deleted}`, { method: "DELETE" });
  const answers = new Set<string>();
  for (const one of [id, deleted, "ch-999999", "ch-0", "nonsense"]) {
    for (const headers of [{}, { "x-spf-key": "wrong" }]) {
      const paths = [`/api/channel/${one}`, `/api/channel/${one}/history`, `/ws/channel/${one}?key=alpha`];
      for (const path of paths) {
        const answer = await withoutKey(path, { headers });
        const { request_id: _id, ...body } = (await answer.json()) as Json;
        const { date: _date, "x-request-id": _own, ...given } = Object.fromEntries(answer.headers);
        answers.add(JSON.stringify([Object.keys(headers), answer.status, given, body]));
      }
    }
  }
  expect(answers.size).toBe(2);
});

const HTML = [
  "<script>alert(1)</script>",
  "<img src=x onerror=alert(1)>",
  "<svg onload=alert(1)>",
  "</title><iframe src=javascript:alert(1)>",
  "{{constructor.constructor('alert(1)')()}}",
];

test("[T11] a browser that opens an answer runs, frames, sniffs and tells nothing of it, whatever it holds", async () => {
  for (const text of HTML) await send(hub.url, id, { text });
  const paths = [
    `/api/channel/${id}/history`,
    "/api/channel/list",
    "/health",
    "/api/channel/%3Cscript%3E",
    "/<script>alert(1)</script>",
    "/mcp",
  ];
  for (const path of paths) {
    for (const headers of [{ "x-spf-key": HUB_KEY }, {}]) {
      const { headers: given } = await withoutKey(path, { headers });
      expect(given.get("content-type"), path).toBe("application/json; charset=utf-8");
      expect(given.get("x-content-type-options"), path).toBe("nosniff");
      expect(given.get("referrer-policy"), path).toBe("no-referrer");
      expect(given.get("content-security-policy"), path).toBe("default-src 'none'; frame-ancestors 'none'");
    }
  }
});

test("[T11] an upgrade is not given the headers of an answer", async () => {
  const agent = await new Promise<Record<string, string>>((resolve, reject) => {
    const socket = connect(hub.port, "127.0.0.1", () => {
      socket.write(
        `GET /ws/channel/${id}?key=alpha HTTP/1.1\r\nHost: 127.0.0.1:${hub.port}\r\nx-spf-key: ${HUB_KEY}\r\nUpgrade: websocket\r\n` +
          "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
      );
    });
    socket.once("error", reject);
    socket.once("data", (data) => {
      const [status = "", ...lines] = (data.toString("latin1").split("\r\n\r\n")[0] ?? "").split("\r\n");
      resolve({
        status,
        ...Object.fromEntries(lines.map((line) => line.toLowerCase().split(": ") as [string, string])),
      });
      socket.destroy();
    });
  });
  expect(agent["status"]).toBe("HTTP/1.1 101 Switching Protocols");
  expect(Object.keys(agent)).not.toContain("content-security-policy");
});

test("[T17] unfinished bodies and requests hold up nobody and reach no object", async () => {
  const own = await patchedHub([
    TELLING_WAKES,
    { file: "body.ts", find: "const BODY_MS = 10_000;", replace: "const BODY_MS = 1000;" },
  ]);
  const room = await createChannel(own.url);
  // The index looked whether the number was free (IDX5), which is no wake of the callers below.
  const before = own.output.length;
  const body = new TextEncoder().encode(`{"channel_id":"${room}","key":"alpha","text":"`);
  const dribbling = Array.from({ length: 50 }, () =>
    rawCall(own, { method: "POST", path: "/api/channel/send", parts: [body], isUnfinished: true }),
  );
  const silent = Array.from({ length: 50 }, () => connect(own.port, "127.0.0.1"));
  onTestFinished(() => silent.forEach((socket) => socket.destroy()));
  await sleep(200);
  expect(own.output.slice(before)).not.toContain("woke");
  expect((await send(own.url, room)).status).toBe(200);
  for (const answer of await Promise.all(dribbling)) {
    expect(answer).toMatchObject({ status: 400, body: { code: "bad_request" } });
    expect(answer.body.error).toContain("the body did not arrive within 1 s");
  }
  expect((await history(own.url, room)).count).toBe(2);
});

test("[T18] JSON of any depth, width and prototype is refused or ignored, at once and without a trace", async () => {
  const deep = (open: string, close: string, n: number): string => `${open.repeat(n)}${close.repeat(n)}`;
  const bombs = [
    deep("[", "]", 120_000),
    deep('{"a":', "}", 40_000).replace("}", "1}"),
    `{"channel_id":"${id}","key":"alpha","text":${deep("[", "]", 100_000)}}`,
    `{"channel_id":"${id}","key":"alpha","text":"x","to":[${Array(50_000).fill('"a"').join(",")}]}`,
    `{"channel_id":"${id}","__proto__":{"key":"alpha","text":"polluted"}}`,
    `{"channel_id":"${id}","constructor":{"prototype":{"key":"alpha","text":"polluted"}}}`,
  ];
  const alpha = await connected(hub.url, id, "key=alpha");
  // As much that is nothing but large, on this machine as it is now.
  const plain = `{"channel_id":"${id}","key":"alpha","text":"${"x".repeat(240_000)}"}`;
  const plainly = performance.now();
  expect((await call(hub.url, "/api/channel/send", { body: plain })).status).toBe(413);
  const usual_ms = Math.max(250, performance.now() - plainly);
  await withoutTrace(hub.url, id, async () => {
    for (const body of bombs) {
      const started_at = performance.now();
      const answer = await call(hub.url, "/api/channel/send", { body });
      expect(answer.status).toBe(400);
      expectNoInsides(answer.body);
      expect(await alpha.ask(body.replace("{", '{"action":"send",'))).toMatchObject({ type: "error", fatal: false });
      expect(performance.now() - started_at).toBeLessThan(100 * usual_ms);
    }
  });
  expect(await alpha.ask({ action: "send", text: "alive" })).toMatchObject({ type: "ack" });
});

/** Ways to write a path that is another's, in each place where one could be believed. */
const CLIMBS = [
  ...["..", ".", "%2e%2e", "%2E%2E", ".%2e", "%2e", "..%2f..", "..%5c..", "..\\..", "%252e%252e", "....//", "..;"],
  ...["%00", "%0d%0aX-Injected:1", "ch-1%00", "ch-1%2f..%2fch-2", "ch-1/../ch-2", "ch-01", "ch-1 ", "CH-1", "ch-１"],
].flatMap((part) => [`/api/channel/${part}`, `/api/channel/${part}/history`, `/ws/channel/${part}?key=alpha`]);

test("[T19] no way of writing a path reaches another channel or a file, nor passes as a signed one", async () => {
  await withoutTrace(hub.url, id, async () => {
    for (const path of CLIMBS) {
      const raw = path.replaceAll(" ", "%20").replaceAll("１", "%EF%BC%91");
      for (const headers of [{}, { signature: "hub=:x:" }]) {
        const answer = await rawCall(hub, { path: raw, headers });
        if (answer.status === 200) expect(Object.keys(answer.body), path).not.toContain("messages");
        else expect(Object.keys(ERRORS), path).toContain(answer.body.code);
        expect(answer.headers.get("x-injected")).toBeNull();
        expectNoInsides(answer.body);
      }
    }
  });
  const climbing = await rawCall(hub, { path: "/api/x/../channel/list", headers: { signature: "hub=:x:" } });
  expect(climbing).toMatchObject({ status: 400, body: { code: "bad_target" } });
});

const INJECTIONS = [
  "'; DROP TABLE log; --",
  '" OR 1=1 --',
  "x'); DELETE FROM channels; --",
  "1; ATTACH DATABASE '/tmp/x' AS x",
  "\\'; SELECT * FROM sqlite_master; --",
];

test("[T20] SQL in every text field is text", async () => {
  for (const sql of INJECTIONS) {
    const room = await createChannel(hub.url, sql, "alpha", sql);
    const sent = await send(hub.url, room, {
      text: sql,
      name: sql,
      client_msg_id: sql.replaceAll(" ", "_").slice(0, 64),
    });
    expect(sent.body.message).toMatchObject({ text: sql, from_name: sql });
    await post(hub.url, "join", { channel_id: room, key: "bravo", name: sql });
    for (const query of [`?epoch=${encodeURIComponent(sql)}&after=1`, "?limit=10"]) {
      const { messages } = await history(hub.url, room, query);
      expect(messages.find((one: Json) => one.msg_type === "text")).toMatchObject({ text: sql });
    }
    const { body } = await call(hub.url, `/api/channel/${room}`);
    expect(body).toMatchObject({ name: sql, participants: [{ name: sql }, { name: sql }] });
  }
});

const SPOOFED = { key: "mallory", verified: true, admin: true };

test("[T22] headers in which the hub speaks to its objects mean nothing when a caller sends them", async () => {
  const asked = { caller: SPOOFED, right: "x:admin:x:", query: {} };
  const listen = { caller: SPOOFED, query: { limit: 10, for: "all" } };
  const headers = {
    "x-spf-key": HUB_KEY,
    "x-asked": encodeURIComponent(JSON.stringify(asked)),
    "x-hub-identity": "mallory",
    "cf-connecting-ip": "127.0.0.1",
    "x-forwarded-host": "other.example",
  };
  const agent = await Agent.connect(hub.url, id, "key=carol", headers);
  onTestFinished(() => agent.socket.terminate());
  await agent.next();
  const { data } = await agent.ask({ action: "send", text: "who am I" });
  expect(data).toMatchObject({ from: "carol", verified: false });
  const heard = await call(hub.url, `/api/channel/${id}/listen?key=carol&wait=1&after=0`, {
    headers: { ...headers, "x-asked": encodeURIComponent(JSON.stringify(listen)) },
  });
  expect(heard.body).toMatchObject({ ok: true });
  const { body } = await call(hub.url, `/api/channel/${id}`);
  expect(body.participants.map((one: Json) => one.key)).not.toContain("mallory");
});

/** Statements that fail as no one foresaw, each in a part of the hub of its own. */
const FAULTS: readonly (readonly [where: string, file: string, find: string])[] = [
  ["a route", "channel-routes.ts", "const viewer = query.key === undefined"],
  ["admission", "admission.ts", "const keys = await readKeys(env, url.hostname);"],
  ["identity", "admission/identity.ts", "const signed = await signerOf(c);"],
  [
    "the index",
    "hub-index.ts",
    "const { page, isCut } = cutPage(this.#store.listed(cursor, limit + 1, wanted), limit);",
  ],
];

test.each(FAULTS)(
  "[T25] a fault in %s is told as internal with an id, and its cause to the log alone",
  async (_where, file, find) => {
    const replace = `if (Date.now() > 0) throw new Error("planted: SELECT secret FROM log at /src/x.ts:1"); ${find}`;
    const broken = await patchedHub([{ file, find, replace }]);
    const answer = await call(broken.url, "/api/channel/list");
    expect([500, 503]).toContain(answer.status);
    expect(["internal", "storage_unavailable"]).toContain(answer.body.code);
    expect(JSON.stringify([answer.body, ...answer.headers])).not.toMatch(/planted|SELECT|secret|\.ts|\bat /);
    expect(answer.body.request_id).toMatch(/^[0-9a-f-]{36}$/);
    await untilSaid(broken, "planted");
  },
);
