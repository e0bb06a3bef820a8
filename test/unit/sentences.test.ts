import { expect, test } from "vitest";
import { sentencesOf } from "../../scripts/lint/sentences.ts";

const words = (markdown: string): readonly number[] => sentencesOf(markdown).map((one) => one.words);

test("a sentence ends at its stop, and at the end of its line", () => {
  expect(words("One two three. Four five!\nSix seven")).toEqual([3, 2, 2]);
  expect(words("- **[SOC1]** One two.\n1. Three")).toEqual([3, 1]);
});

test("code and links count as what is read of them, figures and abbreviations end nothing", () => {
  expect(words("Say `npm run x -- y` to [the hub](https://a.example/b c).")).toEqual([5]);
  expect(words("It takes 1.5 ms, e.g. when idle; then none.")).toEqual([9]);
});

test("what is no prose is not read", () => {
  expect(words("# A heading of many words\n\n| a | b |\n\n```sh\nnpm test\n```\n![A picture](x.png)\nProse.")).toEqual([
    1,
  ]);
});
