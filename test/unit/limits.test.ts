/** The owner's variables: their defaults, 0 for unlimited, and nothing guessed. */
import { expect, test } from "vitest";
import { LIMITS, readLimits } from "../../src/protocol/index.ts";

test("without variables the defaults of PROTOCOL.md hold", () => {
  expect(readLimits({})).toEqual({
    HUB_RATE_PER_SECOND: 30,
    HUB_RATE_BURST: 200,
    HUB_CREATES_PER_MINUTE: 600,
    HUB_MAX_CHANNELS: 1000,
    HUB_MAX_PARTICIPANTS: 1024,
    HUB_MAX_SOCKETS: 1024,
    HUB_LOOP_GUARD: 60,
  });
  expect(readLimits({ HUB_RATE_BURST: "", HUB_MAX_CHANNELS: undefined })).toEqual(LIMITS);
});

test("a variable is a whole number, as text or as number; 0 is unlimited", () => {
  const limits = readLimits({ HUB_RATE_BURST: "7", HUB_MAX_CHANNELS: 12, HUB_RATE_PER_SECOND: "0" });
  expect(limits).toEqual({ ...LIMITS, HUB_RATE_BURST: 7, HUB_MAX_CHANNELS: 12, HUB_RATE_PER_SECOND: Infinity });
});

test("the sockets of a channel never exceed what the platform takes", () => {
  expect(readLimits({ HUB_MAX_SOCKETS: "0" }).HUB_MAX_SOCKETS).toBe(32_768);
  expect(readLimits({ HUB_MAX_SOCKETS: "99999" }).HUB_MAX_SOCKETS).toBe(32_768);
});

const reported = (given: unknown): string =>
  `HUB_RATE_BURST must be a whole number, 0 for unlimited, got ${JSON.stringify(given)}`;

test.each(["many", "-1", "1.5", "1e999", "NaN", "12 per second", "false"])(
  "a variable that is no whole number is reported: %j",
  (given) => {
    expect(() => readLimits({ HUB_RATE_BURST: given })).toThrow(reported(given));
  },
);

test("neither a blank nor a value of another type lifts a limit", () => {
  for (const given of [" ", "\t", false, null, true, {}, []]) {
    expect(() => readLimits({ HUB_RATE_BURST: given }), JSON.stringify(given)).toThrow(reported(given));
  }
});

test.each(["1x", "x1", "-1", 1.5, -1, Infinity, Number.NaN, 2 ** 53, "9".repeat(20), true])(
  "only a whole number that can be counted to is taken: %j",
  (given) => {
    expect(() => readLimits({ HUB_RATE_BURST: given })).toThrow(reported(given));
  },
);
