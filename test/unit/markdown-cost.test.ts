/** [T42] Which texts the page reads as Markdown: none that would hold it up, all that people write. */
import { expect, test } from "vitest";
import { isTooMuch, MARKDOWN_LENGTH } from "../../src/console/markdown-cost.ts";

const whole = (unit: string): string => unit.repeat(Math.floor(MARKDOWN_LENGTH / unit.length));

test.each(["a—*", "*a ", "a*", "**a ", "_a", "~~a", "a—**", "—*a", "a—_", "*\n—", "*a\n"])(
  "[T42] a text of nothing but %j is shown as it is",
  (unit) => {
    expect(isTooMuch(whole(unit))).toBe(true);
    expect(isTooMuch(`# Title\n\n- an item\n\n${whole(unit).slice(50)}`)).toBe(true);
  },
);

test.each([
  "- **Bold**: an item of a list with `code` and *some* emphasis\n",
  "A paragraph of a few sentences, with **two** marks. It goes on for a while, as they do.\n\n",
  "> A quote with *emphasis* and snake_case_names in it\n",
  "1. `call_this(with_that)` then **wait**\n",
  "### A heading with _emphasis_\n\nand **text**\n\n",
  "word ",
  "@ALPHA ",
])("[T42] 16 KB of %j are read", (unit) => {
  expect(isTooMuch(whole(unit))).toBe(false);
});

test("[T42] a text over 16 KiB is shown as it is", () => {
  expect(isTooMuch("x".repeat(MARKDOWN_LENGTH))).toBe(false);
  expect(isTooMuch("x".repeat(MARKDOWN_LENGTH + 1))).toBe(true);
});
