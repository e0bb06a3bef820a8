import fc from "fast-check";
import { expect, test } from "vitest";
import { waitFor } from "../../src/client/backoff.ts";

const BACKOFF = { least: 250, most: 30_000 };

test.each([
  [0, 0, 0],
  [0, 0.5, 125],
  [1, 0.5, 250],
  [3, 0.999, 1998],
  [7, 0.5, 15_000],
  [500, 0.5, 15_000],
])("attempt %i with a roll of %f waits %i ms", (attempt, roll, ms) => {
  expect(waitFor(BACKOFF, attempt, roll)).toBe(ms);
});

test("a wait that the hub asked for is obeyed in full, and spread beyond it", () => {
  expect(waitFor(BACKOFF, 0, 0, 5000)).toBe(5000);
  expect(waitFor(BACKOFF, 0, 0.5, 5000)).toBe(5125);
});

test("every wait is a whole number of milliseconds below the ceiling", () => {
  const roll = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
  fc.assert(
    fc.property(fc.nat(), roll, (attempt, dice) => {
      const ms = waitFor(BACKOFF, attempt, dice);
      expect(Number.isInteger(ms) && ms >= 0 && ms < BACKOFF.most).toBe(true);
    }),
  );
});
