/**
 * What can be used up holds for the sum: from one key, ticket or hub key, and from many. Counts and bytes alone.
 * Each attack names its threat: [T36] [T38] [T40] [T41] [T43] [T44] [T45] [T47] in titles.
 */
import { afterAll, afterEach, beforeAll, expect, inject, test } from "vitest";
import { ATTACKS } from "../support/budgets/attacks.ts";
import { SHORT, Stage } from "../support/budgets/stage.ts";

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.start({ worker: inject("worker"), reach: SHORT });
});
afterEach(() => stage.clear());
afterAll(() => stage[Symbol.asyncDispose]());

test.each(ATTACKS)("[$threat] $resource, from $from: no more than the budget", async ({ run }) => {
  for (const { what, is, least, most } of await run(stage)) {
    expect(is, what).toBeGreaterThanOrEqual(least);
    expect(is, what).toBeLessThanOrEqual(most);
  }
});
