/** The memory of creates is bounded, and forgets none before its time (IDX2). */
import { expect, test } from "vitest";
import { CREATE_MEMORY_MS, CreateMemory } from "../../src/hub/hub-index/create-memory.ts";

const use = (key: string): { creator: string; verified: boolean; key: string } => {
  return { creator: "alpha", verified: false, key };
};

test("[T15] [IDX2] a day's creates are remembered up to their bound, then further ones wait; none is forgotten early", () => {
  const memory = new CreateMemory(3);
  for (let n = 1; n <= 3; n++) {
    expect(memory.waitForRoom(n)).toBe(0);
    memory.add(use(`k-${n}`), { number: n, at: n });
  }
  expect(memory.waitForRoom(10)).toBe(CREATE_MEMORY_MS + 1 + 1 - 10);
  expect([1, 2, 3].map((n) => memory.find(use(`k-${n}`), CREATE_MEMORY_MS))).toEqual([1, 2, 3]);
  expect(memory.waitForRoom(CREATE_MEMORY_MS + 2)).toBe(0);
  expect(memory.find(use("k-1"), CREATE_MEMORY_MS + 2)).toBeUndefined();
  expect(memory.find(use("k-2"), CREATE_MEMORY_MS + 2)).toBe(2);
  expect(memory.find({ ...use("k-2"), verified: true }, CREATE_MEMORY_MS + 2)).toBeUndefined();
});

test("[T4] [IDX2] who merely claims a key gets no answer of a create that its owner proved, nor the other way round", () => {
  for (const verified of [true, false]) {
    const memory = new CreateMemory(3);
    memory.add({ ...use("k"), verified }, { number: 1, at: 1 });
    expect(memory.find({ ...use("k"), verified }, 2)).toBe(1);
    expect(memory.find({ ...use("k"), verified: !verified }, 2)).toBeUndefined();
  }
});
