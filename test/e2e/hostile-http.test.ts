/** What bad input gets over HTTP: the right status and code, words that say what to change, and no trace. */
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Answer, call, createChannel, type Json } from "../support/process/agent.ts";
import type { HubProcess } from "../support/process/hub-process.ts";
import { history, post, send, startHub, textsOf } from "./support/hub-calls.ts";
import { rawCall } from "./support/raw-call.ts";
import { endCalmly, expectNoInsides, expectRefusal, withoutTrace } from "./support/refusals.ts";

let hub: HubProcess;
let id: string;
beforeAll(async () => {
  hub = await startHub();
  id = await createChannel(hub.url);
});
afterAll(() => endCalmly(hub));

/** What is wrong with it; status and code; what its text must say. */
type Fault = readonly [what: string, fields: object, is: string, says: string];

const KIB = 1024;
const DEEP = 100_000;

const SENDS: readonly Fault[] = [
  ["no text", { text: undefined }, "400 bad_text", "text must not be empty"],
  ["an empty text", { text: "" }, "400 bad_text", "text must not be empty"],
  ["a number as text", { text: 5 }, "400 bad_text", "text must be a string"],
  ["null as text", { text: null }, "400 bad_text", "text must not be empty"],
  ["an object as text", { text: { toString: "x" } }, "400 bad_text", "text must be a string"],
  ["NUL in the text", { text: "a\u0000b" }, "400 bad_text", "text must not hold the character U+0000"],
  ["a lone high surrogate in the text", { text: "a\ud800" }, "400 bad_text", "text must not hold a lone surrogate"],
  ["a lone low surrogate in the text", { text: "\udc00b" }, "400 bad_text", "text must not hold a lone surrogate"],
  [
    "a text over 64 KiB",
    { text: "x".repeat(64 * KIB + 1) },
    "413 text_too_large",
    "text must be at most 65536 bytes in UTF-8, got 65537",
  ],
  [
    "a text over 64 KiB in UTF-8",
    { text: "日".repeat(22_000) },
    "413 text_too_large",
    "at most 65536 bytes in UTF-8, got 66000",
  ],
  ["no channel_id", { channel_id: undefined }, "400 bad_request", "channel_id is required"],
  ["a number as channel_id", { channel_id: 1 }, "400 bad_request", "channel_id must be a string such as ch-1"],
  ["an unknown channel", { channel_id: "ch-999" }, "404 channel_not_found", "Channel not found: ch-999"],
  ["a channel_id that is no id", { channel_id: "../ch-1" }, "404 channel_not_found", "Channel not found: ../ch-1"],
  ["a channel_id with a leading zero", { channel_id: "ch-01" }, "404 channel_not_found", "Channel not found: ch-01"],
  [
    "a channel_id with controls in it",
    { channel_id: "ch-1\n\u202e" },
    "404 channel_not_found",
    "Channel not found: ch-1\ufffd\ufffd",
  ],
  [
    "a very long channel_id",
    { channel_id: "x".repeat(100_000) },
    "404 channel_not_found",
    `Channel not found: ${"x".repeat(64)}…`,
  ],
  ["a key that has not joined", { key: "stranger" }, "403 not_participant", "Not a participant in channel"],
  [
    "the msg_type system",
    { msg_type: "system" },
    "400 reserved_msg_type",
    "msg_type system is the hub's own; use text or toolresult",
  ],
  ["an unknown msg_type", { msg_type: "loud" }, "400 bad_request", "msg_type must be text or toolresult"],
  [
    "21 entries in to",
    { to: Array.from({ length: 21 }, () => "bravo") },
    "400 bad_request",
    "to must hold at most 20 names or keys",
  ],
  ["a string as to", { to: "bravo" }, "400 bad_request", "to must be an array of names or keys"],
  ["a number in to", { to: [5] }, "400 bad_request", "to must"],
  ["an empty entry in to", { to: [""] }, "400 bad_request", "to must"],
  ["an entry over 132 characters in to", { to: ["x".repeat(133)] }, "400 bad_request", "132 characters"],
  [
    "a reply_to that is not retained",
    { reply_to: 999 },
    "400 bad_request",
    "reply_to must be the seq of a retained message, 1 to",
  ],
  ["a reply_to of 0", { reply_to: 0 }, "400 bad_request", "reply_to must be a whole number from 1"],
  ["a fraction as reply_to", { reply_to: 1.5 }, "400 bad_request", "reply_to must be a whole number"],
  ["a word as reply_to", { reply_to: "first" }, "400 bad_request", "reply_to must be a whole number"],
  [
    "a space in client_msg_id",
    { client_msg_id: "a b" },
    "400 bad_request",
    "client_msg_id must be 1 to 64 printable ASCII characters",
  ],
  ["an empty client_msg_id", { client_msg_id: "" }, "400 bad_request", "client_msg_id must be 1 to 64"],
  ["a client_msg_id of 65", { client_msg_id: "x".repeat(65) }, "400 bad_request", "client_msg_id must be 1 to 64"],
  ["a client_msg_id that is not ASCII", { client_msg_id: "é" }, "400 bad_request", "client_msg_id must be 1 to 64"],
  ["a number as client_msg_id", { client_msg_id: 7 }, "400 bad_request", "client_msg_id must be a string"],
  ["an unknown kind", { kind: "robot" }, "400 bad_request", "kind must be agent, human or service"],
];

test.each(SENDS)("a send with %s is refused", async (_what, fields, is, says) => {
  expectRefusal(await withoutTrace(hub.url, id, () => send(hub.url, id, fields)), { is, says });
});

/** Bodies as text. */
const BODIES: readonly (readonly [what: string, body: string, is: string, says: string])[] = [
  ["nothing", "", "400 bad_json", "Invalid JSON: "],
  ["a piece of JSON", '{"key":', "400 bad_json", "Invalid JSON: "],
  ["two objects", "{}{}", "400 bad_json", "Invalid JSON: "],
  ["a form", "key=alpha&text=x", "400 bad_json", "Invalid JSON: "],
  ["null", "null", "400 bad_request", "body must be a JSON object"],
  ["an array", "[1]", "400 bad_request", "body must be a JSON object"],
  ["a number", "5", "400 bad_request", "body must be a JSON object"],
  ["a string", '"x"', "400 bad_request", "body must be a JSON object"],
  ["an empty object", "{}", "400 bad_request", "channel_id is required"],
  [
    "objects 30,000 deep",
    '{"a":'.repeat(30_000) + "1" + "}".repeat(30_000),
    "400 bad_request",
    "channel_id is required",
  ],
  [
    "arrays 100,000 deep",
    `{"channel_id":${"[".repeat(DEEP)}${"]".repeat(DEEP)}}`,
    "400 bad_request",
    "channel_id must be a string",
  ],
  ["open arrays 100,000 deep", "[".repeat(DEEP), "400 bad_json", "Invalid JSON: "],
  [
    "fields in __proto__",
    '{"__proto__":{"channel_id":"ch-1","key":"alpha","text":"x"}}',
    "400 bad_request",
    "channel_id is required",
  ],
  [
    "fields of constructor",
    '{"constructor":{"prototype":{"channel_id":"ch-1"}}}',
    "400 bad_request",
    "channel_id is required",
  ],
];

test.each(BODIES)("a body of %s is refused", async (_what, body, is, says) => {
  for (const action of ["send", "join", "leave", "read"]) {
    expectRefusal(await withoutTrace(hub.url, id, () => call(hub.url, `/api/channel/${action}`, { body })), {
      is,
      says,
    });
  }
});

test("a body that is not UTF-8 is refused", async () => {
  const parts = [
    Buffer.from('{"channel_id":"ch-1","key":"alpha","text":"'),
    Buffer.from([0xc3, 0x28]),
    Buffer.from('"}'),
  ];
  const refused = await withoutTrace(hub.url, id, () =>
    rawCall(hub, { method: "POST", path: "/api/channel/send", parts }),
  );
  expectRefusal(refused, { is: "400 bad_json", says: "Invalid JSON: the body is not UTF-8" });
});

test.each(["gzip", "identity, br", "GZIP", "deflate,identity", '"x"'])(
  "a compressed body (%s) is refused with the name of the header, packed or not",
  async (coding) => {
    const headers = { "content-encoding": coding };
    const json = JSON.stringify({ channel_id: id, key: "alpha", text: "x" });
    for (const part of [gzipSync(json), Buffer.from(json)]) {
      const refused = await withoutTrace(hub.url, id, () =>
        rawCall(hub, { method: "POST", path: "/api/channel/send", headers, parts: [part] }),
      );
      expectRefusal(refused, { is: "415 encoding_unsupported", says: `Content-Encoding: ${coding}` });
      expect(refused.headers.get("accept-encoding")).toBe("identity");
    }
  },
);

test("a body that says it is not compressed is read; one that hides it is told to be plain", async () => {
  const json = JSON.stringify({ channel_id: id, key: "alpha", text: "plain" });
  const raw = (part: Buffer, headers: Record<string, string>): Promise<Answer> =>
    rawCall(hub, { method: "POST", path: "/api/channel/send", headers, parts: [part] });
  for (const coding of ["identity", "Identity, identity"])
    expect((await raw(Buffer.from(json), { "content-encoding": coding })).status).toBe(200);
  const packed = await raw(gzipSync(json), {});
  expect(packed).toMatchObject({
    status: 400,
    body: { code: "bad_json", hint: expect.stringContaining("compressed") },
  });
});

test("[INP1] null for an optional field counts as left out, in every body", async () => {
  const made = await call(hub.url, "/api/channel/create", {
    body: { name: "nulls", key: "alpha", name_display: null, kind: null },
  });
  const channel_id = String(made.body.channel_id);
  const at = (action: string, body: object): Promise<Answer> =>
    call(hub.url, `/api/channel/${action}`, { body: { channel_id, ...body } });
  const nothing = { name: null, kind: null, msg_type: null, client_msg_id: null, reply_to: null, to: null };
  expect(await at("join", { key: "bravo", name: null, kind: null })).toMatchObject({ status: 200 });
  const sent = await at("send", { key: "bravo", text: "x", ...nothing });
  expect(sent).toMatchObject({ status: 200, body: { message: { msg_type: "text", from_name: "bravo" } } });
  expect(await at("pause", { key: null })).toMatchObject({ status: 200 });
  expect(await at("resume", { key: null })).toMatchObject({ status: 200 });
  expect(await at("kick", { target: "bravo", minutes: null, key: null })).toMatchObject({ status: 200 });
  const ticket = (body: object): Promise<Answer> => call(hub.url, "/api/ticket", { body: { channel_id, ...body } });
  expect(await ticket({ key: "alpha", watch: null, seconds: null, name: null })).toMatchObject({ status: 200 });
  expect(await ticket({ key: null, watch: true, seconds: null })).toMatchObject({ status: 200 });
  expectRefusal(await at("join", { key: null }), { is: "400 bad_key", says: "key is required" });
});

const OVERSIZE: readonly (readonly [string, Record<string, string>, Uint8Array[]])[] = [
  ["by its Content-Length, before any of it is read", { "content-length": String(256 * KIB + 1) }, []],
  [
    "while a chunked stream is read, before its end",
    { "transfer-encoding": "chunked" },
    [Buffer.alloc(200 * KIB, 32), Buffer.alloc(60 * KIB, 32)],
  ],
];

test.each(OVERSIZE)("[T16] a body over 256 KiB is refused %s", async (_how, headers, parts) => {
  const asked = { method: "POST", path: "/api/channel/send", headers, parts, isUnfinished: true };
  const refused = await withoutTrace(hub.url, id, () => rawCall(hub, asked));
  expectRefusal(refused, { is: "413 body_too_large", says: "a body must be at most 262144 bytes" });
});

test("bounds themselves are allowed: a text of 64 KiB, a body of 256 KiB, 20 in to, an id of 64", async () => {
  const [room, to] = [await createChannel(hub.url), Array.from({ length: 20 }, () => "alpha")];
  const fields = {
    channel_id: room,
    key: "alpha",
    text: "x".repeat(64 * KIB),
    to,
    client_msg_id: "~".repeat(64),
    padding: "",
  };
  const padding = "p".repeat(256 * KIB - Buffer.byteLength(JSON.stringify(fields)));
  expect(await call(hub.url, "/api/channel/send", { body: { ...fields, padding } })).toMatchObject({ status: 200 });
  expect((await textsOf(hub.url, room)).at(-1)).toHaveLength(64 * KIB);
});

const LIMITS = [
  "0",
  "1001",
  "-1",
  "1e9",
  "1e999",
  "abc",
  "1.5",
  "null",
  "",
  "true",
  "NaN",
  "0x10",
  "9007199254740993",
  "50 ",
];

test.each(LIMITS)("a limit of %j is refused, not clamped", async (limit) => {
  const refused = { is: "400 bad_limit", says: "limit must be a whole number from 1 to 1000" };
  expectRefusal(await call(hub.url, `/api/channel/${id}/history?limit=${encodeURIComponent(limit)}`), refused);
  expectRefusal(await call(hub.url, `/api/channel/list?limit=${encodeURIComponent(limit)}`), refused);
});

const POSITIONS: readonly (readonly [query: string, is: string, says: string])[] = [
  ["after=-1", "400 bad_limit", "after must be a whole number from 0"],
  ["after=x", "400 bad_limit", "after must be a whole number from 0"],
  ["before=0", "400 bad_limit", "before must be a whole number from 1"],
  ["before=1e3", "400 bad_limit", "before must be a whole number from 1"],
  ["after=9999999999999", "400 bad_limit", "after must be a whole number from 0 to 999999999999"],
  ["epoch=", "400 bad_request", "epoch must be 1 to 64 characters"],
];

test.each(POSITIONS)("a history query of %s is refused", async (query, is, says) => {
  expectRefusal(await call(hub.url, `/api/channel/${id}/history?${query}`), { is, says });
});

test.each(["50", "50.0", "050"])("the limit %s is a whole number", async (limit) => {
  expect(await history(hub.url, id, `?limit=${limit}`)).toMatchObject({ ok: true });
});

test("fields that are none of the hub's are ignored; of repeated ones the last in a body counts, the first in a query", async () => {
  const room = await createChannel(hub.url);
  const body = `{"key":"stranger","channel_id":"${room}","__proto__":{"key":"x"},"constructor":1,"text":"x","key":"alpha"}`;
  expect(await call(hub.url, "/api/channel/send", { body })).toMatchObject({
    status: 200,
    body: { message: { from: "alpha" } },
  });
  expect(await history(hub.url, room, "?limit=1&limit=abc&__proto__=1&constructor=2")).toMatchObject({
    ok: true,
    count: 1,
  });
});

const HEADERS: readonly (readonly [string, string, object, string])[] = [
  ["holds a space", "a b", {}, "Idempotency-Key must be 1 to 64 printable ASCII characters"],
  ["is empty", "", {}, "Idempotency-Key must be 1 to 64"],
  ["is too long", "x".repeat(65), {}, "Idempotency-Key must be 1 to 64"],
  [
    "contradicts client_msg_id",
    "a",
    { client_msg_id: "b" },
    "client_msg_id and the header Idempotency-Key must be the same",
  ],
];

test.each(HEADERS)("[DUR3] an Idempotency-Key that %s is refused", async (_what, key, fields, says) => {
  const body = { channel_id: id, key: "alpha", text: "x", name: "x", ...fields };
  const attempt = (action: string): Promise<Answer> =>
    call(hub.url, `/api/channel/${action}`, { body, headers: { "idempotency-key": key } });
  const actions = "client_msg_id" in fields ? ["send"] : ["send", "create"];
  for (const action of actions)
    expectRefusal(await withoutTrace(hub.url, id, () => attempt(action)), { is: "400 bad_request", says });
});

test("[DUR3] an id that was used for other content is refused", async () => {
  const room = await createChannel(hub.url);
  await send(hub.url, room, { client_msg_id: "a-1" });
  for (const other of [{ text: "other" }, { msg_type: "toolresult" }, { reply_to: 1 }, { to: ["alpha"] }]) {
    const refused = await withoutTrace(hub.url, room, () => send(hub.url, room, { client_msg_id: "a-1", ...other }));
    expectRefusal(refused, { is: "409 idempotency_conflict", says: "client_msg_id a-1 was used for other content" });
  }
});

const METHODS: readonly (readonly [method: string, path: string, allow: string])[] = [
  ["GET", "/api/channel/create", "POST"],
  ["GET", "/api/channel/send", "POST"],
  ["PUT", "/api/channel/join", "POST"],
  ["DELETE", "/api/channel/leave", "POST"],
  ["HEAD", "/api/channel/send", "POST"],
  ["OPTIONS", "/api/channel/send", "POST"],
  ["POST", "/api/channel/list", "GET, HEAD"],
  ["DELETE", "/api/channel/list", "GET, HEAD"],
  ["POST", "/api/channel/ch-1/history", "GET, HEAD"],
  ["PATCH", "/api/channel/ch-1", "GET, HEAD, DELETE"],
  ["POST", "/ws/channel/ch-1", "GET, HEAD"],
  ["DELETE", "/health", "GET, HEAD"],
  ["PURGE", "/api/channel/list", "GET, HEAD"],
];

test.each(METHODS)("%s %s is answered 405 with what is allowed", async (method, path, allow) => {
  const answer = await withoutTrace(hub.url, id, () => rawCall(hub, { method, path }));
  expect([answer.status, answer.headers.get("allow")]).toEqual([405, allow]);
  if (method !== "HEAD")
    expectRefusal(answer, { is: "405 method_not_allowed", says: `${method} is not for ${path}; use ${allow}` });
});

test("HEAD answers as GET does, without a body", async () => {
  expect(await rawCall(hub, { method: "HEAD", path: "/api/channel/list" })).toMatchObject({
    status: 200,
    body: undefined,
  });
  expect(await rawCall(hub, { method: "HEAD", path: "/api/channel/ch-999" })).toMatchObject({
    status: 404,
    body: undefined,
  });
});

test.each([
  "/nowhere",
  "/",
  "/api",
  "/api/channel",
  "/api/channel/list/",
  "/API/channel/list",
  "/%zz",
  "//api/channel/list",
])("%s is no route", async (path) => {
  expectRefusal(await rawCall(hub, { path }), { is: "404 not_found", says: `no route GET ${path}` });
});

test("[IDX2] whatever is asked of a deleted channel is told so", async () => {
  const gone = await createChannel(hub.url);
  await call(hub.url, `/api/channel/${gone}`, { method: "DELETE" });
  const addressed = { channel_id: gone, key: "alpha", text: "x", seq: 1 };
  const answers = [
    ...["join", "leave", "send", "read"].map((action) => post(hub.url, action, addressed)),
    call(hub.url, `/api/channel/${gone}/history`),
    call(hub.url, `/api/channel/${gone}`),
    call(hub.url, `/api/channel/${gone}`, { method: "DELETE" }),
  ];
  for (const answer of await Promise.all(answers))
    expectRefusal(answer, { is: "410 channel_deleted", says: `Channel deleted: ${gone}` });
});

test("[IDX4] ids that never were are unknown, and leave nothing behind", async () => {
  for (const guess of [
    "ch-0",
    "ch-999999999",
    "ch-1000000000",
    "ch--1",
    "ch-1.0",
    "CH-1",
    "ch-1%00",
    "ch-%F0%9F%A6%80",
    "1",
    "%2e%2e%2fch-1",
  ]) {
    const refused = await withoutTrace(hub.url, id, () => call(hub.url, `/api/channel/${guess}/history`));
    expectRefusal(refused, { is: "404 channel_not_found", says: "Channel not found: " });
  }
});

test("whatever JSON stands in a field: no fault of the hub, and an answer in its shape", async () => {
  const room = await createChannel(hub.url);
  const field = fc.constantFrom(
    "channel_id",
    "key",
    "name",
    "name_display",
    "text",
    "msg_type",
    "to",
    "reply_to",
    "client_msg_id",
    "kind",
    "seq",
  );
  const action = fc.constantFrom("create", "join", "leave", "send", "read");
  await fc.assert(
    fc.asyncProperty(action, field, fc.jsonValue(), async (name, key, value: Json) => {
      const { status, body } = await post(hub.url, name, {
        channel_id: room,
        key: "alpha",
        text: "x",
        name: "x",
        seq: 0,
        [key]: value,
      });
      expect(status).toBeLessThan(500);
      expect(body.ok).toBe(status === 200);
      expectNoInsides(body);
    }),
    { numRuns: 150 },
  );
});
