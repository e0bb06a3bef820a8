/** The page's view of the owner's use says what the price list says. */
import { expect, test } from "vitest";
import prices from "../../bench/prices.json" with { type: "json" };
import { meters, PLAN } from "../../src/console/use.ts";

test("[USE1] the page knows the plans as the bill does", () => {
  const { free_a_day: free, paid } = prices;
  expect(PLAN).toEqual({
    requests: { free: free.object_requests, dollars: paid.million_object_requests },
    gb_seconds: { free: free.gb_seconds, dollars: paid.million_gb_seconds },
    rows_read: { free: free.rows_read, dollars: paid.million_rows_read },
    rows_written: { free: free.rows_written, dollars: paid.million_rows_written },
    stored_gb: { free: prices.free_stored_gb, dollars: paid.stored_gb },
  });
});

test("[USE1] what is used stands beside what there is of it", () => {
  const use = { messages: 7, rows_written: 50_000, rows_read: 1000, requests: 900, frames: 2000 };
  const lines = meters({ ...use, sockets: 3, stored_bytes: 1e9 });
  expect(lines.map(({ name, used, limit, share }) => [name, used, limit, share])).toEqual([
    ["requests to objects", "1,000", "100,000", 0.01],
    ["rows written", "50,000", "100,000", 0.5],
    ["rows read", "1,000", "5,000,000", 0.0002],
    ["GB-s of duration", "1.856", "13,000", 1.856 / 13_000],
    ["GB stored", "1", "5", 0.2],
  ]);
});
