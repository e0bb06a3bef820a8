/** Lengths in UTF-8, reserved names, and what of an input an error repeats. */
import { expect, test } from "vitest";
import { isLongerThan, isReserved, quote, utf8Length } from "../../src/protocol/index.ts";

const TEXTS = [
  "",
  "a",
  "\u007f\u0080\u07ff\u0800\uffff",
  "\ud7ff\ue000",
  "😀",
  "a😀é日",
  "\u{10000}\u{10ffff}",
  "\ud83d",
  "\ude00",
  "\ud83da",
  "\ud83d\ue000",
  "\ud83d\ud83d\ude00",
  "\ude00\ud83d",
  "\udbff\udfff\udc00",
];

test.each(TEXTS)("the bytes of a text are those of the platform's encoder (%#)", (text) => {
  const bytes = new TextEncoder().encode(text).length;
  expect(utf8Length(text)).toBe(bytes);
  for (const limit of [bytes - 1, bytes, bytes + 1, bytes * 3]) expect(isLongerThan(text, limit)).toBe(bytes > limit);
});

test("[IDN4] a reserved name is one however it is written", () => {
  for (const name of ["admin", "ADMIN", " Hub ", "ｓｙｓｔｅｍ", "al\u200bl", "Everyone", "ſystem"])
    expect(isReserved(name), name).toBe(true);
  for (const name of ["admins", "hubs", "a ll", "", "every one"]) expect(isReserved(name), name).toBe(false);
});

test("an error repeats at most 64 units of an input, well formed and visible", () => {
  expect(quote("x".repeat(64))).toBe("x".repeat(64));
  expect(quote("x".repeat(65))).toBe(`${"x".repeat(64)}…`);
  expect(quote(`${"x".repeat(63)}😀`)).toBe(`${"x".repeat(63)}\ufffd…`);
  expect(quote("a\u0000b\u202ec\u2028d\u2029e")).toBe("a\ufffdb\ufffdc\ufffdd\ufffde");
});
