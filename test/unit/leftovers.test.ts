/** What sockets had not read when they ended stays counted, and ends the object where it comes to too much (SOC6). */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type Ending, Leftovers } from "../../src/hub/channel-object/sockets/leftovers.ts";

const MIB = 1024 * 1024;

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** An object whose runtime still holds the sockets of `open`. */
function object(): { left: Leftovers; open: Set<object>; aborted: string[] } {
  const [open, aborted] = [new Set<object>(), [] as string[]];
  const ctx = { getWebSockets: () => [...open], abort: (why: string) => aborted.push(why) };
  return { left: new Leftovers(ctx), open, aborted };
}

function unread(bytes: number): Ending {
  return { socket: {}, kid: "team", isClosing: false, reader: { unread_bytes: bytes } };
}

function bytesOf(left: Leftovers): number {
  return [...left.all(Date.now())].reduce((sum, { bytes }) => sum + bytes, 0);
}

test("[T40] [SOC6] what was unread counts for a minute, whoever closed; a broken connection takes it along", () => {
  const { left } = object();
  const [ended, closed, broken] = [unread(MIB), unread(2 * MIB), unread(4 * MIB)];
  left.ended(ended, Date.now());
  left.closed(closed.socket, closed, 1000, Date.now());
  left.ended(broken, Date.now());
  left.gone(broken.socket);
  left.closed({}, unread(8 * MIB), 1006, Date.now());
  expect(bytesOf(left)).toBe(3 * MIB);
  vi.advanceTimersByTime(60_000);
  expect(bytesOf(left)).toBe(0);
});

test("[T40] [SOC6] who asks, reads nothing, closes and comes again ends the object at 32 MiB in ten minutes, not before", () => {
  const { left, aborted } = object();
  const round = (): void => {
    left.closed({}, unread(8 * MIB), 1000, Date.now());
    vi.advanceTimersByTime(3 * 60_000);
  };
  for (let n = 0; n < 20; n++) round();
  expect(aborted).toEqual([]);
  for (let n = 0; n < 5; n++) left.closed({}, unread(8 * MIB), 1000, Date.now());
  expect(aborted.length).toBeGreaterThan(0);
});

test("[T40] [SOC6] what the hub closed and the runtime still holds after a minute ends the object, above 8 MiB", () => {
  for (const [bytes, ends] of [
    [7 * MIB, 0],
    [9 * MIB, 1],
  ] as const) {
    const { left, open, aborted } = object();
    const [stuck, gone] = [unread(bytes), unread(5 * MIB)];
    open.add(stuck.socket);
    for (const one of [stuck, gone]) left.ended(one, Date.now());
    vi.advanceTimersByTime(60_000);
    expect(aborted).toHaveLength(ends);
  }
});
