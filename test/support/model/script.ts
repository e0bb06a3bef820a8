/** Random scripts: what agents, people, admins, clocks and crashes may do to a channel, in any order. */
import fc from "fast-check";
import type { Caller } from "../../../src/channel/index.ts";

/** One of `values`, absent in so many of ten cases. */
function optional<T>(absent: number, values: readonly T[]): fc.Arbitrary<T | undefined> {
  return fc.oneof(
    { weight: absent, arbitrary: fc.constant(undefined) },
    { weight: 10 - absent, arbitrary: fc.constantFrom(...values) },
  );
}

const who: fc.Arbitrary<Caller> = fc.constantFrom<Caller[]>(
  { key: "alpha", verified: false },
  { key: "alpha", verified: true, kind: "human" },
  { key: "bravo", verified: false, kind: "agent" },
  { key: "bravo", verified: true },
  { key: "carol", verified: true, kind: "agent" },
  { key: "carol", verified: false, admin: true },
  { key: "david", verified: false },
);
const mover: fc.Arbitrary<Caller> = fc.constantFrom<Caller[]>(
  { key: "alpha", verified: true },
  { key: "admin", verified: false, admin: true },
  { key: "carol", verified: true },
);
/** Counted back from the newest message: near it, at the ring's end, and ahead of it. */
const OFFSETS = [0, 1, 2, 3, 7, 50, 51, 64, 65, 998, 999, 1000, 1001, 1002, 1150, -1, -2];
const name = optional(7, ["Alpha", "Bravo"]);
const epoch = optional(7, ["own", "own", "another"] as const);

const send = fc.record({
  step: fc.constant("send" as const),
  who,
  name,
  text: fc.constantFrom("one", "one", "one", "two", "for @Bravo"),
  id: optional(2, ["i", "j"]),
  to: optional(8, [["bravo"], ["Alpha", "carol"], ["all"], []]),
  reply: optional(8, [0, 1, 3, 999, 1000, -1]),
});
const history = fc.record({
  step: fc.constant("history" as const),
  limit: fc.constantFrom(1, 2, 50, 51, 200, 1000),
  after: optional(2, OFFSETS),
  before: optional(7, OFFSETS),
  epoch,
});
const listen = fc.record({
  step: fc.constant("listen" as const),
  key: fc.constantFrom("alpha", "bravo", "carol", "david"),
  after: optional(5, OFFSETS),
  for: fc.constantFrom("all" as const, "me" as const),
  limit: fc.constantFrom(1, 2, 50, 1000),
  epoch,
});
const kick = fc.record({
  step: fc.constant("kick" as const),
  who: mover,
  target: fc.constantFrom("alpha", "bravo", "Bravo", "carol", "david", "nobody"),
  minutes: fc.constantFrom(1, 5, 60),
});
const join = fc.record({ step: fc.constant("join" as const), who, name });
const leave = fc.record({ step: fc.constant("leave" as const), who });
const read = fc.record({ step: fc.constant("read" as const), who, back: fc.constantFrom(...OFFSETS) });
const moderate = fc.record({
  step: fc.constantFrom("pause" as const, "resume" as const, "guard_reset" as const),
  who: mover,
});
const clock = fc.record({
  step: fc.constant("clock" as const),
  by: fc.constantFrom(1, 1000, 30_000, 60_000, 299_999, 300_001, -1, -60_000),
});
const end = fc.record({ step: fc.constantFrom("save" as const, "reload" as const, "crash" as const) });

const step = fc.oneof(
  { weight: 8, arbitrary: send },
  { weight: 3, arbitrary: history },
  { weight: 3, arbitrary: join },
  { weight: 2, arbitrary: listen },
  { weight: 1, arbitrary: leave },
  { weight: 1, arbitrary: read },
  { weight: 1, arbitrary: kick },
  { weight: 1, arbitrary: moderate },
  { weight: 1, arbitrary: clock },
  { weight: 2, arbitrary: end },
);

export type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

/** A channel that has so many messages already, and what then happens to it. */
export interface Script {
  readonly messages: number;
  readonly steps: readonly Step[];
}

/** Messages a channel begins with: in most scripts none, in some so many that it is about to evict, or does. */
const MESSAGES = [60, 990, 1001, 1200];

/** `beginnings`: of ten scripts, how many begin with a filled channel. */
export function scripts({ beginnings }: { readonly beginnings: number }): fc.Arbitrary<Script> {
  return fc.record({
    messages: optional(10 - beginnings, MESSAGES).map((messages) => messages ?? 0),
    // By default fast-check keeps arrays so short that a ring is never filled.
    steps: fc.array(step, { maxLength: 60, size: "max" }),
  });
}
