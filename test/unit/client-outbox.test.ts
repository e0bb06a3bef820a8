import fc from "fast-check";
import { expect, test } from "vitest";
import { CAREFUL_MS, GIVE_UP_MS, OUTBOX, Outbox, WINDOW } from "../../src/client/outbox.ts";

function filled(count: number): Outbox {
  const outbox = new Outbox();
  for (let n = 1; n <= count; n++) outbox.add(`c${n}`, `f${n}`, 0);
  return outbox;
}

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
  outbox.hold("c1", 500, 100);
  expect(outbox.deadline(100)).toBe(600);
  expect(outbox.next(599)).toEqual([]);
  // The other two are on the wire still: what they say is waited for.
  expect(outbox.next(600)).toEqual([]);
  outbox.settle("c2");
  outbox.hold("c3", 500, 200);
  expect(outbox.next(700)).toEqual(["f1"]);
  outbox.settle("c1");
  expect(outbox.next(700)).toEqual(["f3"]);
  outbox.settle("c3");
  for (const n of [4, 5]) outbox.add(`c${n}`, `f${n}`, 700);
  expect(outbox.next(200 + 500 + CAREFUL_MS)).toEqual(["f4", "f5"]);
});

test("[DUR3] what waited four minutes is given up, and it is known whether it was ever sent", () => {
  const outbox = filled(17);
  outbox.next(0);
  outbox.add("late", "late", 1000);
  expect(outbox.expire(GIVE_UP_MS - 1)).toEqual([]);
  const expired = outbox.expire(GIVE_UP_MS);
  expect(expired.map(({ wasSent }) => wasSent)).toEqual([...Array.from({ length: WINDOW }, () => true), false]);
  expect(outbox.size).toBe(1);
  expect(outbox.deadline(GIVE_UP_MS)).toBe(1000 + GIVE_UP_MS);
  expect(outbox.next(GIVE_UP_MS)).toEqual(["late"]);
});

test("a thousand wait at most", () => {
  expect(filled(OUTBOX - 1).isFull).toBe(false);
  expect(filled(OUTBOX).isFull).toBe(true);
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
        if (action === "add") outbox.add(`c${++added}`, `f${added}`, now);
        if (action === "settle") outbox.settle(wire.shift()?.replace("f", "c") ?? "");
        if (action === "hold") outbox.hold(wire.shift()?.replace("f", "c") ?? "", 50, now);
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
