/** The owner's variables: their defaults, 0 for unlimited, and nothing guessed. */
import { expect, test } from "vitest";
import { configurationProblem } from "../../src/hub/worker/admission/configuration.ts";
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

test.each([
  [
    { HUB_RATE_PER_SECONDS: "60" },
    "HUB_RATE_PER_SECONDS is not a variable of this hub; remove it, or correct its name.",
  ],
  [{ HUB_REQUIRE_VERFIED: "1" }, "HUB_REQUIRE_VERFIED is not a variable of this hub"],
  [{ HUB_REQUIRE_VERIFIED: "yes" }, "HUB_REQUIRE_VERIFIED must be 1 or 0"],
  [{ HUB_RATE_BURST: "many" }, "HUB_RATE_BURST must be a whole number, 0 for unlimited"],
  [{ HUB_KEYS: "ci:agnet:abc" }, "HUB_KEYS: entry 1 must be kid:scope:sha256hex[:agent_key]; its scope must be"],
  [{ HUB_KEYS: 7 }, "HUB_KEYS must be text"],
  [{ HUB_ORIGINS: "*" }, "HUB_ORIGINS:"],
  [{ HUB_URL: "hub.example" }, "HUB_URL:"],
])("[KEY2] of %j the variable that makes no sense is named", (variables, says) => {
  expect(configurationProblem(variables)).toContain(says);
});

test("[KEY2] bindings that are no variables of the hub, and a key that a deploy took away, are no fault", () => {
  expect(configurationProblem({ HUB_INDEX: {}, CHANNELS: {}, HUB_KEYS: "removed", PATH: "/bin" })).toBeUndefined();
});
