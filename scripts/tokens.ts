/** Prints what the tool costs a model, in tokens of o200k, and fails when it is over its budgets. */
import { countTokens } from "gpt-tokenizer/encoding/o200k_base";
import { TOOL_BUDGETS, toolCosts } from "../test/support/tool-costs.ts";

const costs = await toolCosts(countTokens);
const rows = [
  ["definition of the tool", costs.definition, TOOL_BUDGETS.definition],
  ["empty listen", costs.empty_listen, TOOL_BUDGETS.empty_listen],
  ["each of fifty messages, beyond its text", costs.overhead, TOOL_BUDGETS.overhead],
] as const;
for (const [what, tokens, budget] of rows) console.log(`${tokens.toFixed(1).padStart(7)} of ${budget}  ${what}`);
if (rows.some(([, tokens, budget]) => tokens > budget)) process.exitCode = 1;
