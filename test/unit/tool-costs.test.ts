/** The tool's price in tokens; `npm run tokens` prints it. */
import { countTokens } from "gpt-tokenizer/encoding/o200k_base";
import { expect, test } from "vitest";
import { TOOL_BUDGETS, toolCosts } from "../support/tool-costs.ts";

test("definition, empty listen and fifty messages cost a model no more than their budgets", async () => {
  const costs = await toolCosts(countTokens);
  for (const cost of ["definition", "empty_listen", "overhead"] as const) {
    expect(costs[cost]).toBeGreaterThan(0);
    expect(costs[cost]).toBeLessThanOrEqual(TOOL_BUDGETS[cost]);
  }
});
