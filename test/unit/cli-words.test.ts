/** What people write at the command: times, lines of a chat, the ends of words that Tab completes. */
import { expect, test } from "vitest";
import { complete, readLine } from "../../src/cli/chat/line.ts";
import { readSince } from "../../src/cli/since.ts";

const NOW = new Date(2026, 10, 27, 14, 30, 15).getTime();
const at = (day: number, hour = 0, minute = 0): number => new Date(2026, 10, day, hour, minute).getTime();

test.each([
  ["30s", NOW - 30_000],
  ["90 m", NOW - 5_400_000],
  ["2h", NOW - 7_200_000],
  ["7d", NOW - 604_800_000],
  ["1w", NOW - 604_800_000],
  ["today", at(27)],
  ["yesterday", at(26)],
  ["9:05", at(27, 9, 5)],
  ["2026-11-20", at(20)],
  ["2026-11-20T10:00:00Z", Date.UTC(2026, 10, 20, 10)],
  ["soon", undefined],
  ["", undefined],
  ["5 years", undefined],
])("--since %j", (text, time) => {
  expect(readSince(text, NOW)).toBe(time);
});

test.each([
  ["", { type: "nothing" }],
  ["  ", { type: "nothing" }],
  ["hi /help", { type: "say", text: "hi /help" }],
  [" /help", { type: "say", text: " /help" }],
  ["//help", { type: "say", text: "/help" }],
  ["///", { type: "say", text: "//" }],
  ["/help", { type: "help" }],
  ["/who is here", { type: "who" }],
  ["/quit", { type: "quit" }],
  ["/Quit", { type: "unknown", command: "Quit" }],
  ["/", { type: "unknown", command: "" }],
  ["/constructor", { type: "unknown", command: "constructor" }],
  ["/etc/hosts", { type: "unknown", command: "etc/hosts" }],
])("a line of a chat: %j", (line, means) => {
  expect(readLine(line)).toEqual(means);
});

test.each([
  ["/", ["/help", "/who", "/quit"], "/"],
  ["/q", ["/quit"], "/q"],
  ["@b", ["@BRAVO ", "@Build Bot "], "@b"],
  ["hi @build b", ["@Build Bot "], "@build b"],
  ["hi @BRAVO and bu", ["@Build Bot "], "bu"],
  ["hi bra", ["@BRAVO "], "bra"],
  ["hi ", [], "hi "],
  ["nobody", [], "nobody"],
])("Tab after %j", (line, found, replaced) => {
  expect(complete(line, ["BRAVO", "Build Bot", "Ärger"])).toEqual([found, replaced]);
});
