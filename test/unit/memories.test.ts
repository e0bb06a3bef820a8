/** Of whom the stateless tool remembers what was shown: bounded, and not for made-up keys to use up (HST2). */
import { expect, test } from "vitest";
import { Memories } from "../../src/hub/worker/mcp/memories.ts";

const HOUR = 3_600_000;

test("[T44] [HST2] agent keys that one hub key makes up push out no memory of another's agent", () => {
  const memories = new Memories();
  const honest = memories.of("plain honest", "other", 1);
  for (let n = 0; n < 3000; n++) {
    memories.of(`plain made-up-${n}`, "team", 2 + n);
    memories.of(`plain made-up-${n}`, "team", 2 + n);
  }
  expect(memories.of("plain honest", "other", 5000)).toBe(honest);
  expect(memories.size).toBe(1000);
});

test("[T44] [HST2] with one hub key for all, keys that call once push out nobody who came back", () => {
  const memories = new Memories();
  const honest = memories.of("plain honest", "owner", 1);
  expect(memories.of("plain honest", "owner", 2)).toBe(honest);
  for (let n = 0; n < 3000; n++) memories.of(`plain made-up-${n}`, "owner", 3 + n);
  expect(memories.of("plain honest", "owner", 5000)).toBe(honest);
});

test("[HST2] who was silent for an hour is forgotten", () => {
  const memories = new Memories();
  const one = memories.of("plain one", "team", 1);
  memories.of("plain two", "team", HOUR);
  expect(memories.of("plain one", "team", HOUR + 2)).not.toBe(one);
  expect(memories.size).toBe(2);
});
