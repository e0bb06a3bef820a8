/** [SOC6] How the hub counts what a socket's reader has not read: a pure count, without a socket. */
import { expect, test } from "vitest";
import { Reader, Volumes } from "../../src/hub/reader.ts";

const MIB = 1024 * 1024;
const NEVER = 0;

/** A reader that was pushed so many messages of 100 bytes, numbered from 1, by a hub that saw no ping. */
function pushed(messages: number): Reader {
  const reader = new Reader();
  for (let seq = 1; seq <= messages; seq++) reader.push(100, 1);
  return reader;
}

test("[SOC6] a reader that pings or says `seen` may have 1 MiB or 1000 messages unread", () => {
  const many = pushed(999);
  expect(many.isOver(true, 100, 1)).toBe(false);
  expect(many.isOver(true, 100, 2)).toBe(true);
  const large = new Reader();
  large.push(MIB - 10, 1);
  expect(large.isOver(true, 10, 1)).toBe(false);
  expect(large.isOver(true, 11, 1)).toBe(true);
});

test("[SOC6] another may have 8 MiB, in as many messages as there are", () => {
  const reader = pushed(50_000);
  expect(reader.isOver(false, 8 * MIB - reader.unread_bytes, 1)).toBe(false);
  expect(reader.isOver(false, 8 * MIB - reader.unread_bytes + 1, 1)).toBe(true);
});

test("[SOC6] who has nothing unread takes a frame of any size", () => {
  const reader = new Reader();
  expect(reader.isOver(true, 2 * MIB, 2000)).toBe(false);
  reader.push(2 * MIB, 2000);
  expect(reader.isOver(true, 1, 1)).toBe(true);
  reader.heard();
  expect(reader.isOver(true, 2 * MIB, 2000)).toBe(false);
});

test("[SOC6] an inbound frame is a sign for all that was pushed", () => {
  const reader = pushed(1000);
  reader.heard();
  expect(reader.unread_bytes).toBe(0);
  reader.push(100, 1);
  expect(reader.unread_bytes).toBe(100);
});

test("[SOC6] a ping proves what was pushed before the previous ping, and no more", () => {
  const reader = new Reader();
  reader.push(1, 1);
  reader.look(NEVER);
  reader.push(20, 1);
  reader.look(1000);
  expect(reader.unread_bytes).toBe(21);
  reader.push(300, 1);
  reader.look(2000);
  // What was pushed between a look and the ping after it may have come after that ping.
  expect(reader.unread_bytes).toBe(320);
  reader.push(4000, 1);
  reader.look(2000);
  expect(reader.unread_bytes).toBe(4320);
  reader.push(50_000, 1);
  reader.look(3000);
  expect(reader.unread_bytes).toBe(54_300);
});

test("[SOC6] the first ping after a wake proves nothing of what came before it", () => {
  const reader = new Reader();
  reader.look(9000);
  reader.push(1, 1);
  reader.push(20, 1);
  reader.look(34_000);
  expect(reader.isOver(true, 0, 0)).toBe(false);
  expect(reader.unread_bytes).toBe(21);
});

test("[SOC6] a second ping after a budget was filled frees it", () => {
  const reader = new Reader();
  reader.push(MIB, 1);
  reader.look(NEVER);
  reader.look(1000);
  expect(reader.isOver(true, 1, 1)).toBe(true);
  reader.look(2000);
  expect(reader.isOver(true, 1, 1)).toBe(false);
});

/** A reader that gets every message of a channel, and the channel's account of them. */
function following(): { reader: Reader; push: (count: number) => void; seen: (seq: number) => void } {
  const reader = new Reader();
  const volumes = new Volumes();
  let last = 0;
  const push = (count: number): void => {
    for (let pushes = 0; pushes < count; pushes++) {
      volumes.add(++last, 100);
      reader.push(100, 1);
    }
  };
  const seen = (seq: number): void => {
    const since = volumes.since(seq);
    if (since !== undefined) reader.seen(since);
  };
  return { reader, push, seen };
}

test("[SOC6] `seen` leaves unread exactly what came after that seq", () => {
  const { reader, push, seen } = following();
  push(20);
  seen(15);
  expect(reader.unread_bytes).toBe(500);
  push(1);
  seen(20);
  expect(reader.unread_bytes).toBe(100);
  seen(21);
  expect(reader.unread_bytes).toBe(0);
});

test("[SOC6] `seen` never counts more than was pushed, nor takes back what was read", () => {
  const { reader, push, seen } = following();
  push(5);
  seen(999_999);
  expect(reader.unread_bytes).toBe(0);
  seen(0);
  expect(reader.unread_bytes).toBe(0);
  push(1);
  seen(1);
  seen(2);
  expect(reader.unread_bytes).toBe(100);
});

test("[SOC6] `seen` of a seq from before the wake, or older than what is remembered, frees nothing of later", () => {
  const volumes = new Volumes();
  for (let seq = 501; seq <= 510; seq++) volumes.add(seq, 100);
  expect(volumes.since(500)).toEqual({ bytes: 1000, messages: 10 });
  expect(volumes.since(3)).toEqual({ bytes: 1000, messages: 10 });
  expect(volumes.since(501)).toEqual({ bytes: 900, messages: 9 });
  for (let seq = 511; seq <= 3000; seq++) volumes.add(seq, 100);
  expect(volumes.since(952)).toBeUndefined();
  expect(volumes.since(953)).toEqual({ bytes: 204_700, messages: 2047 });
});

test("[SOC6] a reader that says `seen` all the time, steadily 100 messages behind, is never over its budget", () => {
  const { reader, push, seen } = following();
  const over: number[] = [];
  for (let seq = 1; seq <= 10_000; seq++) {
    if (reader.isOver(true, 100, 1)) over.push(seq);
    push(1);
    if (seq > 100 && seq % 50 === 0) seen(seq - 100);
  }
  expect(over).toEqual([]);
});

test("[SOC6] who lags is stuck until something more was read", () => {
  const reader = pushed(1000);
  reader.lagging_since = 5000;
  expect(reader.isStuck(NEVER)).toBe(true);
  expect(reader.isStuck(6000)).toBe(true);
  expect(reader.isStuck(7000)).toBe(false);
  expect(reader.lagging_since).toBe(0);
});

test("[SOC6] a sign of nothing new does not free who lags", () => {
  const reader = pushed(1000);
  reader.heard();
  reader.lagging_since = 5000;
  reader.heard();
  expect(reader.isStuck(NEVER)).toBe(true);
  reader.push(100, 1);
  reader.heard();
  expect(reader.isStuck(NEVER)).toBe(false);
});
