/** Frames in: `unknown → Command`, field by field, with the exact code and words of each refusal. */
import { expect, test } from "vitest";
import { parseCommand } from "../../src/protocol/index.ts";

/** What a frame is read as: the command, or `code text` of its refusal. */
function read(frame: unknown): unknown {
  const parsed = parseCommand(typeof frame === "string" ? frame : JSON.stringify(frame));
  return parsed.ok ? parsed.command : `${parsed.refusal.code} ${parsed.refusal.error}`;
}

const KNOWN = "action must be one of send, join, leave, history, seen, read";

test.each([
  [
    { action: "send", text: "hi" },
    { action: "send", text: "hi", msg_type: "text" },
  ],
  [{ action: "join" }, { action: "join" }],
  [{ action: "leave" }, { action: "leave" }],
  [{ action: "history" }, { action: "history", limit: 50 }],
  [
    { action: "seen", seq: 0 },
    { action: "seen", seq: 0 },
  ],
  [
    { action: "read", seq: 418 },
    { action: "read", seq: 418 },
  ],
])("a frame with the least it needs gets its defaults: %j", (frame, command) => {
  expect(read(frame)).toEqual(command);
});

test("every field an action has is taken over", () => {
  const send = {
    action: "send",
    text: "hi",
    msg_type: "toolresult",
    client_msg_id: "a-1",
    reply_to: 7,
    to: ["BRAVO"],
    name: "ALPHA",
  };
  const history = { action: "history", limit: 20, after: 3, before: 9, epoch: "e" };
  for (const command of [send, history, { action: "join", name: "ALPHA" }, { action: "leave" }]) {
    const frame = { ...command, ref: "r1" };
    expect(read(frame)).toEqual(frame);
  }
});

test.each([
  ["nonsense", /^bad_json Invalid JSON: \S/],
  ["", /^bad_json Invalid JSON: \S/],
  ['{"action":"send","text":"a"', /^bad_json Invalid JSON: \S/],
  ["[]", /^bad_request frame must be a JSON object$/],
  ["null", /^bad_request frame must be a JSON object$/],
  ["7", /^bad_request frame must be a JSON object$/],
  ['"send"', /^bad_request frame must be a JSON object$/],
])("what is no JSON object is refused in the seed's words: %j", (frame, refusal) => {
  expect(read(frame)).toMatch(refusal);
});

test.each([
  [{ action: "dance" }, "Unknown action: dance"],
  [{}, "Unknown action: "],
  [{ action: 7 }, "Unknown action: "],
  [{ action: null }, "Unknown action: "],
  [{ action: "toString" }, "Unknown action: toString"],
  [{ action: "__proto__" }, "Unknown action: __proto__"],
  [{ action: "Send" }, "Unknown action: Send"],
  [{ action: "a\u0000\u202eb\ud800" }, "Unknown action: a\ufffd\ufffdb\ufffd"],
  [{ action: "x".repeat(500) }, `Unknown action: ${"x".repeat(64)}…`],
])("an unknown action is named in printable form, and the known ones are listed: %j", (frame, error) => {
  expect(parseCommand(JSON.stringify(frame))).toEqual({
    ok: false,
    refusal: { code: "unknown_action", error, hint: KNOWN },
    named: {},
  });
});

test("a parse error repeats little of its input, and nothing unprintable", () => {
  const refusal = read(`{"text":\u0007\u202e${"secret ".repeat(1000)}`) as string;
  expect(refusal.length).toBeLessThan(120);
  expect(refusal).not.toMatch(/[\p{Cc}\p{Cf}]/u);
});

test.each([
  { action: "send", text: "x", colour: "red", key: "mallory", verified: true, msg_type: "text" },
  JSON.parse('{"action":"send","text":"x","__proto__":{"text":"evil","to":["all"]}}') as object,
  { action: "send", text: "x", constructor: { name: "evil" }, toString: 1 },
])("unknown fields are ignored: %j", (frame) => {
  expect(read(frame)).toStrictEqual({ action: "send", text: "x", msg_type: "text" });
});

test("a field inside __proto__ counts for nothing", () => {
  expect(read('{"__proto__":{"action":"join"}}')).toBe("unknown_action Unknown action: ");
  expect(read('{"action":"send","__proto__":{"text":"hidden"}}')).toBe("bad_text text must not be empty");
  expect(read('{"action":"read","__proto__":{"seq":1}}')).toBe("bad_request seq is required");
  expect({}).not.toHaveProperty("text");
});

test("deep nesting in an unknown field does no harm", () => {
  const deep = `${"[".repeat(5000)}${"]".repeat(5000)}`;
  expect(read(`{"action":"leave","x":${deep}}`)).toEqual({ action: "leave" });
});

test("a refused frame still gives its ref and client_msg_id for the reply", () => {
  const frame = { action: "send", text: "", ref: "r1", client_msg_id: "a-1" };
  expect(parseCommand(JSON.stringify(frame))).toMatchObject({ ok: false, named: { ref: "r1", client_msg_id: "a-1" } });
  const unknown = { action: "dance", ref: "r2" };
  expect(parseCommand(JSON.stringify(unknown))).toMatchObject({ ok: false, named: { ref: "r2" } });
});

test("a malformed ref or client_msg_id is not repeated", () => {
  const bad = { action: "send", text: "", ref: "r".repeat(65), client_msg_id: "with space" };
  expect(parseCommand(JSON.stringify(bad))).toMatchObject({ ok: false, named: {} });
  const half = { action: "send", text: "x", ref: "r1", client_msg_id: 7 };
  const parsed = parseCommand(JSON.stringify(half));
  expect(parsed).toMatchObject({ ok: false, refusal: { error: "client_msg_id must be a string" } });
  expect(parsed).toHaveProperty("named", { ref: "r1" });
});

test("of several faults the first field's is told", () => {
  expect(read({ action: "send", name: "", text: "" })).toBe("bad_name name must be 1 to 64 characters");
});

test("[INP1] a field that is null was left out", () => {
  expect(read({ action: "join", name: null, ref: null })).toStrictEqual(read({ action: "join" }));
  expect(read({ action: "history", limit: null, after: null, before: 3 })).toStrictEqual(
    read({ action: "history", before: 3 }),
  );
  const nothing = { msg_type: null, client_msg_id: null, reply_to: null, to: null, name: null, ref: null };
  expect(read({ action: "send", text: "hi", ...nothing })).toStrictEqual(read({ action: "send", text: "hi" }));
  expect(read({ action: "send", text: null })).toBe("bad_text text must not be empty");
  expect(read({ action: "seen", seq: null })).toBe("bad_request seq is required");
  expect(read({ action: "send", text: "hi", to: [null] })).toBe("bad_request to must be a string");
});
