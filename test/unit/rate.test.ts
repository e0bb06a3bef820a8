/** The token bucket: so much at once, so much a second thereafter, whatever the clock does. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { type Bucket, isFull, type Rate, take } from "../../src/channel/index.ts";

const RATE: Rate = { per_second: 10, burst: 3 };

/** Takes at each of these times; how long each had to wait. */
function waits(rate: Rate, times: readonly number[]): number[] {
  let bucket: Bucket | undefined;
  return times.map((now) => {
    const taken = take(bucket, rate, now);
    bucket = taken.bucket;
    return taken.wait_ms;
  });
}

test("a burst is there at once, then one token every so often", () => {
  expect(waits(RATE, [0, 0, 0, 0, 50, 100, 100, 200])).toEqual([0, 0, 0, 100, 50, 0, 100, 0]);
});

test("what is not used is saved up to the burst, and no further", () => {
  expect(waits(RATE, [0, 0, 0, 1e9, 1e9, 1e9, 1e9])).toEqual([0, 0, 0, 0, 0, 0, 100]);
});

test("being refused costs nothing", () => {
  expect(waits(RATE, [0, 0, 0, 10, 20, 30, 40, 100])).toEqual([0, 0, 0, 90, 80, 70, 60, 0]);
});

test("a clock that goes back adds nothing and locks nobody out", () => {
  expect(waits(RATE, [5000, 5000, 5000, 0, 50, 100])).toEqual([0, 0, 0, 100, 50, 0]);
  expect(waits(RATE, [5000, 0, 0, 0])).toEqual([0, 0, 0, 100]);
});

test("an unlimited rate or burst never waits", () => {
  const always = Array.from({ length: 1000 }, () => 0);
  expect(waits({ per_second: Infinity, burst: 1 }, always)).toEqual(always);
  expect(waits({ per_second: 1, burst: Infinity }, always)).toEqual(always);
  expect(waits({ per_second: Infinity, burst: Infinity }, always)).toEqual(always);
});

test("a burst below one lets one through all the same", () => {
  expect(waits({ per_second: 1, burst: 0 }, [0, 0, 1000])).toEqual([0, 1000, 0]);
});

test("a bucket is full when forgetting it changes nothing", () => {
  const { bucket } = take(take(undefined, RATE, 0).bucket, RATE, 0);
  expect([
    isFull(bucket, RATE, 0),
    isFull(bucket, RATE, 199),
    isFull(bucket, RATE, 200),
    isFull(bucket, RATE, -5),
  ]).toEqual([false, false, true, false]);
  const unlimited = { per_second: Infinity, burst: 3 };
  expect(isFull(take(undefined, unlimited, 0).bucket, unlimited, 1)).toBe(true);
});

const rates = fc.record({ per_second: fc.integer({ min: 1, max: 1000 }), burst: fc.integer({ min: 1, max: 300 }) });
/** Milliseconds between two takes; some go back. */
const steps = fc.array(fc.oneof(fc.constant(0), fc.nat(40), fc.integer({ min: -2000, max: 2000 })), {
  maxLength: 400,
  size: "max",
});

function timesOf(differences: readonly number[]): number[] {
  let now = 1e12;
  return differences.map((step) => (now += step));
}

test("never more than the burst and what grew meanwhile is taken", () => {
  const property = fc.property(rates, steps, (rate, differences) => {
    const taken = waits(rate, timesOf(differences)).filter((wait) => wait === 0).length;
    const passed = differences.slice(1).reduce((sum, step) => sum + Math.max(0, step), 0);
    expect(taken).toBeLessThanOrEqual(rate.burst + (passed / 1000) * rate.per_second + 1e-6);
  });
  fc.assert(property, { numRuns: 300 });
});

test("who waits as long as was said gets a token, to the millisecond", () => {
  const property = fc.property(rates, steps, (rate, differences) => {
    let bucket: Bucket | undefined;
    for (const now of timesOf(differences)) {
      const taken = take(bucket, rate, now);
      bucket = taken.bucket;
      if (taken.wait_ms === 0) continue;
      expect(taken.wait_ms).toBeLessThanOrEqual(Math.ceil(1000 / rate.per_second));
      expect(take(bucket, rate, now + taken.wait_ms + 1).wait_ms).toBe(0);
    }
  });
  fc.assert(property, { numRuns: 300 });
});

test("who asks no faster than the rate is never refused", () => {
  const property = fc.property(rates, fc.integer({ min: 1, max: 300 }), (rate, takes) => {
    const gap = Math.ceil(1000 / rate.per_second);
    expect(
      waits(
        rate,
        Array.from({ length: takes }, (_, at) => at * gap),
      ).every((wait) => wait === 0),
    ).toBe(true);
  });
  fc.assert(property, { numRuns: 300 });
});
