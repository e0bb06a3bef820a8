/** The bill in docs/OPERATIONS.md is what the hub was measured to use, times the price list. */
import { expect, test } from "vitest";
import { compareWithDocument } from "../../bench/bill.ts";

test("[USE1] docs/OPERATIONS.md works its examples from what the hub uses; `npm run bench -- bill` writes them anew", async () => {
  const { stands, measured } = await compareWithDocument();
  expect(stands).toBe(measured);
});
