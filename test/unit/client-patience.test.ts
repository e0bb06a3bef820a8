/** How a wait goes on where something between ends requests that are silent for too long. */
import { expect, test } from "vitest";
import { HubError } from "../../src/client/index.ts";
import { Patience } from "../../src/client/patience.ts";

/** A way to the hub that ends a request after `patience` seconds; `asked` are the waits it saw. */
function through(
  patience: number,
  code = "bad_answer",
): { patience: Patience; asked: number[]; ask: Ask; clock: Clock } {
  const clock = { now: 0 };
  const asked: number[] = [];
  const ask = (wait: number): Promise<string> => {
    asked.push(wait);
    clock.now += Math.min(wait, patience) * 1000;
    const cut = new HubError({ code, message: "cut", status: code === "network" ? 0 : 504 });
    return wait > patience ? Promise.reject(cut) : Promise.resolve("nothing");
  };
  return { patience: new Patience(() => clock.now), asked, ask, clock };
}
type Ask = (wait: number) => Promise<string>;
interface Clock {
  now: number;
}
const isNews = (answer: string): boolean => answer !== "nothing";

test.each([
  [60, [55]],
  [50, [55, 5]],
  [30, [55, 25]],
  [20, [55, 35, 15]],
  [7, [55, 48, 5, 5, 5, 5, 5, 5, 5, 5, 1]],
])("[LIS1] 55 s behind a proxy that waits %i s are asked in parts", async (seconds, waits) => {
  const { patience, asked, ask, clock } = through(seconds);
  expect(await patience.wait(55, { ask, isOver: isNews })).toBe("nothing");
  expect(asked).toEqual(waits);
  expect(clock.now).toBe(55_000);
});

test("[LIS1] what was learnt holds for the next wait, and one cut alone teaches nothing", async () => {
  const { patience, asked, ask } = through(20, "network");
  await patience.wait(55, { ask, isOver: isNews });
  asked.length = 0;
  await patience.wait(55, { ask, isOver: isNews });
  expect(asked).toEqual([16, 16, 16, 7]);
  const once = through(60);
  let isFirst = true;
  const interrupted = (wait: number): Promise<string> => {
    if (!isFirst) return once.ask(wait);
    isFirst = false;
    once.clock.now += 20_000;
    return Promise.reject(new HubError({ code: "network", message: "restart", status: 0 }));
  };
  await once.patience.wait(55, { ask: interrupted, isOver: isNews });
  await once.patience.wait(55, { ask: once.ask, isOver: isNews });
  expect(once.asked).toEqual([35, 55]);
});

test("a hub that is away, and its own refusal, are told at once", async () => {
  const patience = new Patience(() => 0);
  for (const code of ["network", "bad_answer", "forbidden"]) {
    const error = new HubError({ code, message: "no", status: 0 });
    await expect(patience.wait(55, { ask: () => Promise.reject(error), isOver: isNews })).rejects.toBe(error);
  }
});

test("a caller that has gone is asked for no more", async () => {
  const { patience, asked, ask } = through(20);
  const signal = AbortSignal.abort();
  await expect(patience.wait(55, { ask, isOver: isNews, signal })).rejects.toThrow("cut");
  expect(asked).toEqual([55]);
});
