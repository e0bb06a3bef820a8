/** [SOC6] How the hub counts what a socket's reader has not read: a pure count, without a socket. */
import { expect, test } from "vitest";
import { Reader } from "../../src/hub/reader.ts";

const MIB = 1024 * 1024;
const NEVER = 0;

/** A reader that was pushed so many messages of 100 bytes, numbered from 1, by a hub that saw no ping. */
function pushed(messages: number): Reader {
  const reader = new Reader();
  for (let seq = 1; seq <= messages; seq++) reader.push(100, 1, seq, NEVER);
  return reader;
}

test("[SOC6] a reader that pings or says `seen` may have 1 MiB or 1000 messages unread", () => {
  const many = pushed(999);
  expect(many.isOver(true, 100, 1, NEVER)).toBe(false);
  expect(many.isOver(true, 100, 2, NEVER)).toBe(true);
  const large = new Reader();
  large.push(MIB - 10, 1, 1, NEVER);
  expect(large.isOver(true, 10, 1, NEVER)).toBe(false);
  expect(large.isOver(true, 11, 1, NEVER)).toBe(true);
});

test("[SOC6] another may have 8 MiB, in as many messages as there are", () => {
  const reader = pushed(50_000);
  expect(reader.isOver(false, 8 * MIB - reader.unread_bytes, 1, NEVER)).toBe(false);
  expect(reader.isOver(false, 8 * MIB - reader.unread_bytes + 1, 1, NEVER)).toBe(true);
});

test("[SOC6] who has nothing unread takes a frame of any size", () => {
  const reader = new Reader();
  expect(reader.isOver(true, 2 * MIB, 2000, NEVER)).toBe(false);
  reader.push(2 * MIB, 2000, 2000, NEVER);
  expect(reader.isOver(true, 1, 1, NEVER)).toBe(true);
  reader.heard();
  expect(reader.isOver(true, 2 * MIB, 2000, NEVER)).toBe(false);
});

test("[SOC6] an inbound frame is a sign for all that was pushed", () => {
  const reader = pushed(1000);
  reader.heard();
  expect(reader.unread_bytes).toBe(0);
  reader.push(100, 1, 1001, NEVER);
  expect(reader.unread_bytes).toBe(100);
});

test("[SOC6] a ping proves what was pushed before the previous ping, and no more", () => {
  const reader = new Reader();
  reader.push(1, 1, 1, NEVER);
  reader.push(20, 1, 2, 1000);
  expect(reader.unread_bytes).toBe(21);
  reader.push(300, 1, 3, 2000);
  expect(reader.unread_bytes).toBe(320);
  reader.push(4000, 1, 4, 2000);
  reader.push(50_000, 1, 5, 3000);
  expect(reader.unread_bytes).toBe(54_300);
});

test("[SOC6] the first ping after a wake proves nothing of what came before it", () => {
  const reader = new Reader();
  reader.push(1, 1, 1, 9000);
  reader.push(20, 1, 2, 9000);
  expect(reader.isOver(true, 0, 0, 34_000)).toBe(false);
  expect(reader.unread_bytes).toBe(21);
});

test("[SOC6] a budget is looked at after the newest ping was", () => {
  const reader = new Reader();
  reader.push(MIB, 1, 1, NEVER);
  reader.push(0, 0, 1, 1000);
  expect(reader.isOver(true, 1, 1, 1000)).toBe(true);
  expect(reader.isOver(true, 1, 1, 2000)).toBe(false);
});

test("[SOC6] `seen` of the newest is a sign for all; of an older one, for what was pushed by the last `seen`", () => {
  const reader = pushed(10);
  reader.seen(10);
  expect(reader.unread_bytes).toBe(0);
  for (let seq = 11; seq <= 20; seq++) reader.push(100, 1, seq, NEVER);
  reader.seen(15);
  expect(reader.unread_bytes).toBe(1000);
  reader.push(100, 1, 21, NEVER);
  reader.seen(20);
  expect(reader.unread_bytes).toBe(100);
});

test("[SOC6] `seen` never counts more than was pushed, nor takes back what was read", () => {
  const reader = pushed(5);
  reader.seen(999_999);
  expect(reader.unread_bytes).toBe(0);
  reader.seen(0);
  expect(reader.unread_bytes).toBe(0);
  reader.push(100, 1, 6, NEVER);
  reader.seen(1);
  reader.seen(2);
  expect(reader.unread_bytes).toBe(100);
});

test("[SOC6] a reader that says `seen` all the time, steadily 100 messages behind, is never over its budget", () => {
  const reader = new Reader();
  const over: number[] = [];
  for (let seq = 1; seq <= 10_000; seq++) {
    if (reader.isOver(true, 100, 1, NEVER)) over.push(seq);
    reader.push(100, 1, seq, NEVER);
    if (seq > 100 && seq % 50 === 0) reader.seen(seq - 100);
  }
  expect({ times: over.length, first: over[0] }).toEqual({ times: 0, first: undefined });
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
  reader.push(100, 1, 1001, NEVER);
  reader.heard();
  expect(reader.isStuck(NEVER)).toBe(false);
});
