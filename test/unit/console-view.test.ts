/** What the page shows of messages: blocks, rows, filters, hidden characters. */
import { expect, test } from "vitest";
import type { Message } from "../../src/protocol/message.ts";
import { countUnseen, showText } from "../../src/protocol/visible.ts";
import { EMPTY, type Timeline } from "../../src/console/timeline.ts";
import {
  type Block,
  firstLine,
  matches,
  NO_FILTER,
  prettyJson,
  type Row,
  type RowContext,
  rowsOf,
  toBlocks,
} from "../../src/console/view.ts";

const START = Date.UTC(2026, 10, 24, 12);
const QUIET: RowContext = { me: "me", gaps: [], read_seq: undefined };

function message(seq: number, change: Partial<Message> = {}): Message {
  return {
    id: `msg-${seq}`,
    channel_id: "ch-1",
    seq,
    from: "alpha",
    from_name: "ALPHA",
    text: `text ${seq}`,
    timestamp: new Date(START + seq * 1000).toISOString(),
    msg_type: "text",
    verified: false,
    ...change,
  };
}

function system(seq: number): Message {
  return message(seq, { from: "system", from_name: "System", msg_type: "system", verified: true });
}

function timeline(messages: readonly Message[], isWhole = true): Timeline {
  return { ...EMPTY, messages, isWhole };
}

function rows(messages: readonly Message[], context: RowContext = QUIET): readonly Row[] {
  return toBlocks(timeline(messages), []).flatMap((block) => rowsOf(block, context));
}

function shown(list: readonly Row[]): readonly string[] {
  return list.map((row) => {
    if (row.type === "message") return `${row.isFirst ? "first" : "more"} ${row.message.seq}`;
    return row.type === "system" ? `system ${row.messages.map(({ seq }) => seq).join("+")}` : row.type;
  });
}

test("messages of one sender stand under one name, until another speaks, answers or is proven", () => {
  const list = [
    message(1),
    message(2),
    message(3, { from: "bravo" }),
    message(4, { from: "bravo", reply_to: 1 }),
    message(5, { from: "bravo", verified: true }),
    message(6, { from: "bravo", verified: true, from_name: "Renamed" }),
  ];
  expect(shown(rows(list))).toEqual(["start", "day", "first 1", "more 2", "first 3", "first 4", "first 5", "first 6"]);
});

test("a group ends after five minutes, and a day with its midnight", () => {
  const later = new Date(START + 6 * 60_000).toISOString();
  const tomorrow = new Date(START + 36 * 3_600_000).toISOString();
  const list = [message(1), message(2, { timestamp: later }), message(3, { timestamp: tomorrow })];
  expect(shown(rows(list))).toEqual(["start", "day", "first 1", "first 2", "day", "first 3"]);
});

test("system messages in a row fold into one", () => {
  const list = [system(1), system(2), message(3), system(4)];
  expect(shown(rows(list))).toEqual(["start", "day", "system 1+2", "first 3", "system 4"]);
});

test("a gap stands where its messages were", () => {
  const gaps = [{ from: 3, to: 7, reason: "evicted" } as const];
  expect(shown(rows([message(1), message(2), message(8)], { ...QUIET, gaps }))).toEqual([
    "start",
    "day",
    "first 1",
    "more 2",
    "gap",
    "first 8",
  ]);
});

test("the mark of unread messages stands before the first of them, once", () => {
  const list = [message(1), message(2), message(3), message(4)];
  expect(shown(rows(list, { ...QUIET, read_seq: 2 }))).toEqual([
    "start",
    "day",
    "first 1",
    "more 2",
    "unread",
    "first 3",
    "more 4",
  ]);
});

test("a new message changes its own block only", () => {
  const list = Array.from({ length: 120 }, (_, at) => message(at + 1));
  const before = toBlocks(timeline(list), []);
  const after = toBlocks(timeline([...list, message(121)]), before);
  expect(before.map(({ messages }) => messages.length)).toEqual([49, 50, 21]);
  expect(after[0]).toBe(before[0]);
  expect(after[1]).toBe(before[1]);
  expect(after[2]?.messages.length).toBe(22);
});

test("older messages that load change the block they touch, and none beyond", () => {
  const list = Array.from({ length: 120 }, (_, at) => message(at + 31));
  const before = toBlocks(timeline(list, false), []);
  const older = Array.from({ length: 30 }, (_, at) => message(at + 1));
  const after = toBlocks(timeline([...older, ...list]), before);
  expect(after[0]?.messages.length).toBe(49);
  const same = (block: Block): boolean => before.includes(block);
  expect(after.map(same)).toEqual([false, true, true, true]);
});

test("a filter finds words in any case, in text and sender, and only of the wanted sender and type", () => {
  const tool = message(1, { msg_type: "toolresult", text: "Exit CODE 1", mentions: ["me"] });
  const finds = (change: Partial<typeof NO_FILTER>): boolean => matches(tool, { ...NO_FILTER, ...change }, "me");
  expect(finds({ text: " code " })).toBe(true);
  expect(finds({ text: "alph" })).toBe(true);
  expect(finds({ text: "missing" })).toBe(false);
  expect(finds({ from: "alpha", type: "toolresult" })).toBe(true);
  expect(finds({ from: "bravo" })).toBe(false);
  expect(finds({ type: "message" })).toBe(false);
  expect(finds({ type: "mentions" })).toBe(true);
  expect(matches(tool, { ...NO_FILTER, type: "mentions" }, "other")).toBe(false);
});

test("what a person does not see is counted, and written out", () => {
  const text = "a\u202eb\u200bc\u{e0041}\tand a line\n";
  expect(countUnseen(text)).toBe(3);
  expect(showText(text)).toBe("a\\u{202e}b\\u{200b}c\\u{e0041}\tand a line\n");
  // The joiner of emoji and the selectors of their look are seen.
  expect(countUnseen("👩‍🚀 ✈️ é नमस्ते")).toBe(0);
});

test("JSON is laid out where it is an object or an array, and nothing else is touched", () => {
  expect(prettyJson(' {"a":[1]}')).toBe('{\n  "a": [\n    1\n  ]\n}');
  expect(prettyJson("12")).toBeUndefined();
  expect(prettyJson("{not json}")).toBeUndefined();
});

test("one line stands for a text, however long, and never ends inside a character", () => {
  expect(firstLine("  two\n\nlines\u202e  here ")).toBe("two lines\\u{202e} here");
  expect(firstLine("👩".repeat(200), 10)).toBe(`${"👩".repeat(9)}…`);
});
