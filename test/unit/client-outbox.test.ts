import fc from "fast-check";
import { expect, test } from "vitest";
import {
  CAREFUL_MS,
  GIVE_UP_MS,
  OUTBOX,
  Outbox,
  OUTBOX_LENGTH,
  UNTOLD_MS,
  WINDOW,
  WOKEN_MS,
} from "../../src/client/outbox.ts";

const send = (n: number | string): { id: string; text: string; isSend: true } => {
  return { id: `c${n}`, text: `f${n}`, isSend: true };
};

function filled(count: number): Outbox {
  const outbox = new Outbox();
  for (let n = 1; n <= count; n++) outbox.add(send(n), 0);
  return outbox;
}

const undone = (now: number): { now: number; isUndone: true } => ({ now, isUndone: true });
/** Nothing was ever found asleep. */
const AWAKE = -Infinity;

const outcomes = (expired: ReturnType<Outbox["expire"]>): string[] =>
  expired.map(({ pending, outcome }) => `${pending.id} ${outcome}`);

const frames = (from: number, to: number): string[] =>
  Array.from({ length: to - from + 1 }, (_, at) => `f${from + at}`);

test("[DUR3] sixteen are on the wire at most, in order, and each answer makes room for one", () => {
  const outbox = filled(40);
  expect(outbox.next(0)).toEqual(frames(1, WINDOW));
  expect(outbox.next(0)).toEqual([]);
  outbox.settle("c1");
  outbox.settle("c5");
  expect(outbox.next(0)).toEqual(frames(17, 18));
});

test("[DUR3] on a new link everything unanswered goes again, in order, before anything new", () => {
  const outbox = filled(20);
  outbox.next(0);
  outbox.settle("c2");
  outbox.rewind();
  expect(outbox.next(0)).toEqual(["f1", ...frames(3, 17)]);
});

test("an answer to something unknown is none", () => {
  const outbox = filled(1);
  expect(outbox.settle("other")).toBe(false);
  expect(outbox.settle("c1")).toBe(true);
  expect(outbox.settle("c1")).toBe(false);
  expect(outbox.size).toBe(0);
});

test("a command that the hub wants later goes first, alone, and not before its time", () => {
  const outbox = filled(3);
  outbox.next(0);
  outbox.hold("c1", 500, undone(100));
  expect(outbox.deadline(100, AWAKE)).toBe(600);
  expect(outbox.next(599)).toEqual([]);
  // The other two are on the wire still: what they say is waited for.
  expect(outbox.next(600)).toEqual([]);
  outbox.settle("c2");
  outbox.hold("c3", 500, undone(200));
  expect(outbox.next(700)).toEqual(["f1"]);
  outbox.settle("c1");
  expect(outbox.next(700)).toEqual(["f3"]);
  outbox.settle("c3");
  for (const n of [4, 5]) outbox.add(send(n), 700);
  expect(outbox.next(200 + 500 + CAREFUL_MS)).toEqual(["f4", "f5"]);
});

test("[DUR3] after four minutes nothing is repeated: what never was on the wire was not sent, the channel tells of the rest", () => {
  const outbox = filled(17);
  outbox.next(0);
  outbox.add(send("late"), 1000);
  expect(outbox.expire(GIVE_UP_MS - 1, AWAKE)).toEqual([]);
  expect(outbox.isStuck(GIVE_UP_MS - 1)).toBe(false);
  expect(outcomes(outbox.expire(GIVE_UP_MS, AWAKE))).toEqual(["c17 not_sent"]);
  expect(outbox.isStuck(GIVE_UP_MS)).toBe(true);
  outbox.rewind();
  expect(outbox.isStuck(GIVE_UP_MS)).toBe(false);
  expect(outbox.next(GIVE_UP_MS)).toEqual(["flate"]);
  outbox.settle("c2");
  outbox.settle("clate");
  expect(outcomes(outbox.concludeOld(GIVE_UP_MS)).slice(0, 2)).toEqual(["c1 not_sent", "c3 not_sent"]);
  expect(outbox.size).toBe(0);
});

test("[DUR3] a send of which nobody tells is unknown after a quarter of an hour, or two minutes after a sleep", () => {
  const outbox = filled(2);
  outbox.next(0);
  outbox.rewind();
  expect(outbox.deadline(GIVE_UP_MS, AWAKE)).toBe(UNTOLD_MS);
  expect(outbox.expire(UNTOLD_MS - 1, AWAKE)).toEqual([]);
  const woke_at = 10 * UNTOLD_MS;
  expect(outbox.expire(woke_at + WOKEN_MS - 1, woke_at)).toEqual([]);
  expect(outbox.deadline(woke_at, woke_at)).toBe(woke_at + WOKEN_MS);
  expect(outcomes(outbox.expire(woke_at + WOKEN_MS, woke_at))).toEqual(["c1 outcome_unknown", "c2 outcome_unknown"]);
});

test("[DUR3] where the channel cannot tell, an old command is unknown at once: after a gap, and if it is no send", () => {
  const outbox = filled(1);
  outbox.add({ id: "r1", text: "leave", isSend: false }, 0);
  outbox.next(0);
  outbox.add(send(2), 0);
  outbox.loseTrace();
  outbox.rewind();
  expect(outcomes(outbox.expire(GIVE_UP_MS, AWAKE))).toEqual([
    "c1 outcome_unknown",
    "r1 outcome_unknown",
    "c2 not_sent",
  ]);
});

test("[DUR3] a refusal that did nothing leaves no doubt, unless an earlier try got no answer", () => {
  const outbox = filled(3);
  outbox.next(0);
  outbox.hold("c1", 500, undone(0));
  outbox.hold("c2", 500, { now: 0, isUndone: false });
  outbox.rewind();
  outbox.hold("c3", 500, undone(0));
  expect(outcomes(outbox.expire(UNTOLD_MS, AWAKE))).toEqual([
    "c1 not_sent",
    "c2 outcome_unknown",
    "c3 outcome_unknown",
  ]);
});

test("a thousand wait at most, and 16 MiB of them", () => {
  expect(filled(OUTBOX - 1).isFullFor("x")).toBe(false);
  expect(filled(OUTBOX).isFullFor("x")).toBe(true);
  const outbox = new Outbox();
  const half = "x".repeat(OUTBOX_LENGTH / 2);
  outbox.add({ id: "a", text: half, isSend: true }, 0);
  expect([outbox.isFullFor(half), outbox.isFullFor(`${half}x`)]).toEqual([false, true]);
  outbox.add({ id: "b", text: half, isSend: true }, 0);
  expect(outbox.isFullFor("x")).toBe(true);
  outbox.settle("a");
  expect(outbox.isFullFor("x")).toBe(false);
});

test("[DUR3] whatever breaks, first transmissions are in order and everything is answered once", () => {
  const steps = fc.array(fc.constantFrom("add", "next", "settle", "rewind", "hold"), { maxLength: 200 });
  fc.assert(
    fc.property(steps, (actions) => {
      const outbox = new Outbox();
      const [wire, first] = [[] as string[], [] as number[]];
      let [added, now] = [0, 0];
      for (const action of actions) {
        now += 10;
        if (action === "add") outbox.add(send(++added), now);
        if (action === "settle") outbox.settle(wire.shift()?.replace("f", "c") ?? "");
        if (action === "hold") outbox.hold(wire.shift()?.replace("f", "c") ?? "", 50, undone(now));
        if (action === "rewind") outbox.rewind();
        if (action === "rewind") wire.length = 0;
        for (const frame of action === "next" ? outbox.next(now) : []) {
          wire.push(frame);
          const n = Number(frame.slice(1));
          if (n > (first.at(-1) ?? 0)) first.push(n);
        }
        expect(wire.length).toBeLessThanOrEqual(WINDOW);
        expect(new Set(wire).size).toBe(wire.length);
      }
      expect(first).toEqual(first.map((_, at) => at + 1));
    }),
  );
});
