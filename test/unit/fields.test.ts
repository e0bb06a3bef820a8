/** Every field's table of what is taken and what is refused, through the frames that carry it. */
import { expect, test } from "vitest";
import { parseCommand } from "../../src/protocol/index.ts";

type Fields = Readonly<Record<string, unknown>>;

/** `code text` of the refusal, or the value the field was read as. */
function field(name: string, frame: Fields): unknown {
  const parsed = parseCommand(JSON.stringify(frame));
  if (!parsed.ok) return `${parsed.refusal.code} ${parsed.refusal.error}`;
  return (parsed.command as unknown as Fields)[name];
}

const sent = (name: string, value: unknown): unknown => field(name, { action: "send", text: "x", [name]: value });
const asked = (name: string, value: unknown): unknown => field(name, { action: "history", [name]: value });

const KIB64 = 64 * 1024;

test.each([
  "x",
  " ",
  "\n",
  "\u0001\u001f",
  "\ufffd",
  "👩‍👩‍👧",
  "a\u202eb",
  "x".repeat(KIB64),
  "é".repeat(KIB64 / 2),
  "😀".repeat(KIB64 / 4),
])("a text of 1 to 64 KiB is taken verbatim (%#)", (text) => {
  expect(sent("text", text)).toBe(text);
});

test("a text is not normalised", () => {
  expect(sent("text", "  e\u0301 \u212b  ")).toBe("  e\u0301 \u212b  ");
});

test.each([
  [undefined, "bad_text text must not be empty"],
  ["", "bad_text text must not be empty"],
  [7, "bad_text text must be a string"],
  [["x"], "bad_text text must be a string"],
  ["a\u0000b", "bad_text text must not hold the character U+0000"],
  ["a\ud800b", "bad_text text must not hold a lone surrogate"],
  ["\udc00", "bad_text text must not hold a lone surrogate"],
])("a text that is none is refused: %j", (text, refusal) => {
  expect(sent("text", text)).toBe(refusal);
});

test.each([
  ["x".repeat(KIB64 + 1), KIB64 + 1],
  [`${"é".repeat(KIB64 / 2)}x`, KIB64 + 1],
  ["日".repeat(21846), 65538],
  [`${"😀".repeat(KIB64 / 4)}😀`, KIB64 + 4],
  ["x".repeat(200_000), 200_000],
])("a text over 64 KiB in UTF-8 is refused with its size (%#)", (text, size) => {
  expect(sent("text", text)).toBe(`text_too_large text must be at most 65536 bytes in UTF-8, got ${size}`);
});

const WRONG_TYPE = "bad_request msg_type must be text or toolresult";

test.each([
  [undefined, "text"],
  ["text", "text"],
  ["toolresult", "toolresult"],
  ["tool_result", "toolresult"],
  ["toolResult", "toolresult"],
  ["ToolResult", "toolresult"],
  ["system", "reserved_msg_type msg_type system is the hub's own; use text or toolresult"],
  ["System", WRONG_TYPE],
  ["tool-result", WRONG_TYPE],
  ["", WRONG_TYPE],
  [1, WRONG_TYPE],
  [["text"], WRONG_TYPE],
])("[IDN4] msg_type %j is read as %j", (given, expected) => {
  expect(sent("msg_type", given)).toBe(expected);
});

const WRONG_ID = "bad_request client_msg_id must be 1 to 64 printable ASCII characters without space";

test.each([
  ["a", "a"],
  ["!~".repeat(32), "!~".repeat(32)],
  ["x".repeat(64), "x".repeat(64)],
  ["", WRONG_ID],
  ["x".repeat(65), WRONG_ID],
  ["a b", WRONG_ID],
  ["a\n", WRONG_ID],
  ["é", WRONG_ID],
  ["a\u007f", WRONG_ID],
  [1, "bad_request client_msg_id must be a string"],
])("[DUR3] client_msg_id %j is read as %j", (given, expected) => {
  expect(sent("client_msg_id", given)).toBe(expected);
});

const MANY = Array.from({ length: 20 }, (_, at) => `key-${at}`);

test.each([
  [[], []],
  [["BRAVO"], ["BRAVO"]],
  [["日本 語"], ["日本 語"]],
  [["x".repeat(128)], ["x".repeat(128)]],
  [MANY, MANY],
  [[...MANY, "one more"], "bad_request to must hold at most 20 names or keys"],
  ["BRAVO", "bad_request to must be an array of names or keys"],
  [{ 0: "BRAVO" }, "bad_request to must be an array of names or keys"],
  [[""], "bad_request to must be 1 to 132 characters"],
  [["x".repeat(133)], "bad_request to must be 1 to 132 characters"],
  [["a\ud800"], "bad_request to must be 1 to 132 characters"],
  [["BRAVO", 7], "bad_request to must be a string"],
])("to %j is read as %j", (given, expected) => {
  expect(sent("to", given)).toEqual(expected);
});

test.each(["ref", "epoch"])("%s is a short string", (name) => {
  const range = `bad_request ${name} must be 1 to 64 characters`;
  expect(asked(name, "日".repeat(64))).toBe("日".repeat(64));
  expect(asked(name, "x".repeat(65))).toBe(range);
  expect(asked(name, "")).toBe(range);
  expect(asked(name, "\udfff")).toBe(range);
  expect(asked(name, 5)).toBe(`bad_request ${name} must be a string`);
});

const NUMBERS = [
  { name: "limit", code: "bad_limit", min: 1, max: 1000 },
  { name: "after", code: "bad_limit", min: 0, max: 999_999_999_999 },
  { name: "before", code: "bad_limit", min: 1, max: 999_999_999_999 },
  { name: "reply_to", code: "bad_request", min: 1, max: 999_999_999_999 },
  { name: "seq", code: "bad_request", min: 0, max: 999_999_999_999 },
];
const ACTION_OF: Readonly<Record<string, Fields>> = {
  reply_to: { action: "send", text: "x" },
  seq: { action: "read" },
};

test.each(NUMBERS)("$name takes whole numbers from $min to $max, as floats and as text too", ({ name, min, max }) => {
  const read = (value: string): unknown => {
    const frame = JSON.stringify({ action: "history", ...ACTION_OF[name] }).replace("}", `,"${name}":${value}}`);
    const parsed = parseCommand(frame);
    return parsed.ok ? (parsed.command as unknown as Fields)[name] : parsed.refusal;
  };
  for (const value of [min, max, 7]) {
    for (const spelling of [`${value}`, `${value}.0`, `${value}.000`, `"${value}"`, `"${value}.0"`])
      expect(read(spelling)).toBe(value);
  }
  expect(read("1e2")).toBe(100);
  expect(read('"0007"')).toBe(7);
});

test.each(NUMBERS)("$name refuses everything else, and is never clamped", ({ name, code, min, max }) => {
  const frame = { action: "history", ...ACTION_OF[name] };
  const refused = [
    min - 1,
    max + 1,
    1.5,
    -1,
    "1.5",
    "",
    " 7",
    "7 ",
    "+7",
    "0x7",
    "1e2",
    "seven",
    "Infinity",
    true,
    [7],
    {},
  ];
  for (const value of refused) {
    const outcome = field(name, { ...frame, [name]: value });
    expect(outcome, JSON.stringify(value)).toBe(`${code} ${name} must be a whole number from ${min} to ${max}`);
  }
  expect(parseCommand(JSON.stringify({ ...frame, [name]: 0 }).replace(":0", ":1e999"))).toMatchObject({ ok: false });
});

test.each(["seen", "read"])("%s needs its seq", (action) => {
  expect(field("seq", { action })).toBe("bad_request seq is required");
});
