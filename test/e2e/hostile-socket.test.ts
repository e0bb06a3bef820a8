/** What bad frames get: an error that says what to change, on a socket that lives on, and no trace. */
import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Agent, createChannel, type Json } from "../support/process/agent.ts";
import type { HubProcess } from "../support/process/hub-process.ts";
import { connected, post, startHub, textsOf } from "./support/hub-calls.ts";
import { endCalmly, expectError, expectNoInsides, withoutTrace } from "./support/refusals.ts";

let hub: HubProcess;
let id: string;
beforeAll(async () => {
  hub = await startHub();
  id = await createChannel(hub.url);
});
afterAll(() => endCalmly(hub));

const KIB = 1024;
const LIMIT = "limit must be a whole number from 1 to 1000";
const REF = "ref must be 1 to 64 characters";

/** What is wrong with it; the frame; code; what its text must say. */
type Fault = readonly [what: string, frame: unknown, is: string, says: string];

const FRAMES: readonly Fault[] = [
  ["nothing", "", "bad_json", "Invalid JSON: "],
  ["words", "hello there", "bad_json", "Invalid JSON: "],
  ["nearly a ping", "ping ", "bad_json", "Invalid JSON: "],
  ["a piece of JSON", '{"action":"send"', "bad_json", "Invalid JSON: "],
  ["open arrays 100,000 deep", "[".repeat(100_000), "bad_json", "Invalid JSON: "],
  ["null", "null", "bad_request", "frame must be a JSON object"],
  ["an array", [{ action: "send", text: "x" }], "bad_request", "frame must be a JSON object"],
  ["a number", 5, "bad_request", "frame must be a JSON object"],
  [
    "arrays 100,000 deep",
    `{"action":${"[".repeat(100_000)}${"]".repeat(100_000)}}`,
    "unknown_action",
    "Unknown action: ",
  ],
  ["no action", { text: "x" }, "unknown_action", "Unknown action: "],
  ["a number as action", { action: 5 }, "unknown_action", "Unknown action: "],
  ["an unknown action", { action: "dance" }, "unknown_action", "Unknown action: dance"],
  ["an action in capitals", { action: "SEND", text: "x" }, "unknown_action", "Unknown action: SEND"],
  ["the action __proto__", { action: "__proto__" }, "unknown_action", "Unknown action: __proto__"],
  ["the action constructor", { action: "constructor" }, "unknown_action", "Unknown action: constructor"],
  ["an action inside __proto__", '{"__proto__":{"action":"send","text":"x"}}', "unknown_action", "Unknown action: "],
  ["a very long action", { action: "x".repeat(100_000) }, "unknown_action", `Unknown action: ${"x".repeat(64)}…`],
  ["controls in an action", { action: "a\u001b[31m\u202e" }, "unknown_action", "Unknown action: a\ufffd[31m\ufffd"],
  ["a lone surrogate as action", String.raw`{"action":"\ud800"}`, "unknown_action", "Unknown action: \ufffd"],
  ["a send without text", { action: "send" }, "bad_text", "text must not be empty"],
  ["a number as text", { action: "send", text: 5 }, "bad_text", "text must be a string"],
  ["NUL in a text", { action: "send", text: "\u0000" }, "bad_text", "text must not hold the character U+0000"],
  [
    "a lone surrogate in a text",
    String.raw`{"action":"send","text":"\ud800"}`,
    "bad_text",
    "text must not hold a lone surrogate",
  ],
  [
    "a text over 64 KiB",
    { action: "send", text: "x".repeat(64 * KIB + 1) },
    "text_too_large",
    "at most 65536 bytes in UTF-8, got 65537",
  ],
  [
    "the msg_type system",
    { action: "send", text: "x", msg_type: "system" },
    "reserved_msg_type",
    "use text or toolresult",
  ],
  [
    "an unknown msg_type",
    { action: "send", text: "x", msg_type: "TOOLRESULT" },
    "bad_request",
    "msg_type must be text or toolresult",
  ],
  [
    "21 entries in to",
    { action: "send", text: "x", to: Array(21).fill("a") },
    "bad_request",
    "to must hold at most 20 names or keys",
  ],
  [
    "an object as to",
    { action: "send", text: "x", to: { 0: "a" } },
    "bad_request",
    "to must be an array of names or keys",
  ],
  [
    "a reply_to not retained",
    { action: "send", text: "x", reply_to: 99_999 },
    "bad_request",
    "reply_to must be the seq of a retained message, 1 to",
  ],
  [
    "a bad client_msg_id",
    { action: "send", text: "x", client_msg_id: "a b" },
    "bad_request",
    "client_msg_id must be 1 to 64 printable ASCII",
  ],
  ["a huge ref", { action: "send", text: "x", ref: "r".repeat(100_000) }, "bad_request", REF],
  ["an empty ref", { action: "join", ref: "" }, "bad_request", REF],
  ["a number as ref", { action: "leave", ref: 1 }, "bad_request", "ref must be a string"],
  ["a limit of 0", { action: "history", limit: 0 }, "bad_limit", LIMIT],
  ["a limit of 1001", { action: "history", limit: 1001 }, "bad_limit", LIMIT],
  ["a limit of -1", { action: "history", limit: -1 }, "bad_limit", LIMIT],
  ["a limit of 1e9", { action: "history", limit: 1e9 }, "bad_limit", LIMIT],
  ["a limit of 1e999", '{"action":"history","limit":1e999}', "bad_limit", LIMIT],
  ["a limit of abc", { action: "history", limit: "abc" }, "bad_limit", LIMIT],
  ["a limit of 1.5", { action: "history", limit: 1.5 }, "bad_limit", LIMIT],
  ["a limit of true", { action: "history", limit: true }, "bad_limit", LIMIT],
  ["a limit of [50]", { action: "history", limit: [50] }, "bad_limit", LIMIT],
  ["an after of -1", { action: "history", after: -1 }, "bad_limit", "after must be a whole number from 0"],
  ["a before of 0", { action: "history", before: 0 }, "bad_limit", "before must be a whole number from 1"],
  ["seen without seq", { action: "seen" }, "bad_request", "seq is required"],
  ["a read of -1", { action: "read", seq: -1 }, "bad_request", "seq must be a whole number from 0"],
  ["a fraction read", { action: "read", seq: 0.5 }, "bad_request", "seq must be a whole number from 0"],
];

test.each(FRAMES)("a frame of %s gets an error, and the socket lives on", async (_what, frame, is, says) => {
  const alpha = await connected(hub.url, id, "key=alpha");
  await withoutTrace(hub.url, id, async () => expectError(await alpha.ask(frame), { is, says }));
  expect(await alpha.ask({ action: "send", text: "still here" })).toMatchObject({ type: "ack" });
  await alpha.close();
});

test("an error names the command it is for, and unknown actions the known ones", async () => {
  const alpha = await connected(hub.url, id, "key=alpha");
  const named = { ref: "r-1", client_msg_id: "a-1" };
  expect(await alpha.ask({ action: "send", text: "", ...named })).toMatchObject({
    type: "error",
    code: "bad_text",
    ...named,
  });
  const unknown = await alpha.ask({ action: "dance", ref: "r-2" });
  expect(unknown).toMatchObject({ ref: "r-2", hint: "action must be one of send, join, leave, history, seen, read" });
});

test("[SOC4] who left is told so, and nothing it says is heard", async () => {
  const room = await createChannel(hub.url);
  const alpha = await connected(hub.url, room, "key=alpha");
  await alpha.ask({ action: "leave" });
  for (const command of [{ action: "send", text: "x" }, { action: "leave" }, { action: "read", seq: 1 }]) {
    const attempt = async (): Promise<void> =>
      expectError(await alpha.ask(command), { is: "not_participant", says: `Not a participant in channel ${room}` });
    await withoutTrace(hub.url, room, attempt);
  }
  expect(await alpha.ask({ action: "join" })).toMatchObject({ type: "system", data: "Joined" });
});

test.each(["50", "50.0", 50])("the limit %j is a whole number", async (limit) => {
  const alpha = await connected(hub.url, id, "key=alpha");
  expect(await alpha.ask(`{"action":"history","limit":${JSON.stringify(limit)}}`)).toMatchObject({ type: "history" });
  expect(await alpha.ask('{"action":"history","limit":2.0}')).toMatchObject({ type: "history" });
});

test("of repeated fields the last counts, and those of prototypes are fields like others", async () => {
  const alpha = await connected(hub.url, id, "key=alpha");
  const ack = await alpha.ask(
    '{"action":"dance","text":"x","__proto__":{"text":"y"},"constructor":"z","action":"send","text":"last"}',
  );
  expect(ack).toMatchObject({ type: "ack", data: { text: "last" } });
});

const OVERSIZE: readonly (readonly [string, string])[] = [
  ["256 KiB and a byte", "x".repeat(256 * KIB + 1)],
  ["few characters and many bytes", JSON.stringify({ action: "send", text: "日".repeat(90_000) })],
  ["a valid send with padding", JSON.stringify({ action: "send", text: "x", padding: "p".repeat(300 * KIB) })],
  ["a megabyte", "x".repeat(1024 * KIB)],
];

test.each(OVERSIZE)("[T16] a frame of %s ends the connection", async (_what, frame) => {
  const [alpha, other] = [await connected(hub.url, id, "key=alpha"), await connected(hub.url, id, "key=alpha")];
  await withoutTrace(hub.url, id, async () => {
    expectError(await alpha.ask(frame), { is: "frame_too_large", says: "a frame must be at most 262144 bytes" }, true);
    expect(await alpha.untilClosed()).toEqual({ code: 1009, reason: "frame_too_large" });
  });
  expect(await other.ask({ action: "send", text: "others live on" })).toMatchObject({ type: "ack" });
});

test("a frame of 256 KiB is allowed", async () => {
  const alpha = await connected(hub.url, id, "key=alpha");
  const frame = JSON.stringify({ action: "send", text: "x", padding: "" });
  const padding = "p".repeat(256 * KIB - frame.length);
  expect(await alpha.ask({ action: "send", text: "x", padding })).toMatchObject({ type: "ack" });
});

test("what arrived before a frame that ends the connection is done and answered first", async () => {
  const room = await createChannel(hub.url);
  const alpha = await connected(hub.url, room, "key=alpha");
  for (const command of [{ action: "send", text: "before" }, "x".repeat(300 * KIB), { action: "send", text: "after" }])
    alpha.say(command);
  expect(await alpha.next()).toMatchObject({ type: "ack", data: { text: "before" } });
  expect(await alpha.next()).toMatchObject({ type: "error", fatal: true });
  await alpha.untilClosed();
  expect(await textsOf(hub.url, room)).toEqual(["Channel 'ops' created by ALPHA", "before"]);
});

test("[T14] two binary frames are ignored, the third within ten seconds ends the connection", async () => {
  const alpha = await connected(hub.url, id, "key=alpha");
  await withoutTrace(hub.url, id, async () => {
    for (const size of [0, 300 * KIB]) alpha.say(randomBytes(size));
    expect(await alpha.ask({ action: "history", limit: 1 })).toMatchObject({ type: "history" });
    alpha.say(Buffer.from('{"action":"send","text":"x"}'));
    expectError(
      await alpha.next(),
      { is: "flooding", says: "3 binary frames within 10 s; send JSON text frames" },
      true,
    );
    expect(await alpha.untilClosed()).toEqual({ code: 4029, reason: "flooding" });
  });
});

test("after a flood its author may come back at once", async () => {
  const alpha = await connected(hub.url, id, "key=alpha");
  for (let sent = 0; sent < 3; sent++) alpha.say(new Uint8Array([sent]));
  await alpha.next();
  await alpha.untilClosed();
  const again = await connected(hub.url, id, "key=alpha");
  expect(await again.ask({ action: "send", text: "sorry" })).toMatchObject({ type: "ack" });
});

test("whatever text a frame holds: one answer each, and the socket lives on", async () => {
  const room = await createChannel(hub.url);
  await post(hub.url, "join", { channel_id: room, key: "bravo" });
  const bravo = await connected(hub.url, room, "key=bravo");
  const action = fc.constantFrom("send", "join", "history", "read", "dance");
  const field = fc.constantFrom(
    "text",
    "msg_type",
    "to",
    "reply_to",
    "client_msg_id",
    "ref",
    "name",
    "limit",
    "after",
    "before",
    "epoch",
    "seq",
  );
  const object = fc
    .tuple(action, field, fc.jsonValue())
    .map(([known, key, value]) => JSON.stringify({ action: known, [key]: value }));
  const frame = fc.oneof(
    object,
    fc.json(),
    fc.string().filter((text) => text !== "ping"),
  );
  await fc.assert(
    fc.asyncProperty(frame, (text) => answersOnce(bravo, text)),
    { numRuns: 200 },
  );
});

async function answersOnce(agent: Agent, frame: string): Promise<void> {
  const answer: Json = await agent.ask(frame);
  expect(["ack", "system", "history", "error"]).toContain(answer.type);
  if (answer.type === "error") expect(answer).toMatchObject({ code: expect.any(String), fatal: false });
  expectNoInsides(answer.type === "error" ? answer : {});
  expect(agent.inbox).toEqual([]);
}
