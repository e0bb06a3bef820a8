/** [SOC6] How the hub counts what a socket's reader has not read: a pure count, without a socket. */
import { expect, test } from "vitest";
import { Reader, Volumes } from "../../src/hub/channel-object/sockets/reader.ts";

const MIB = 1024 * 1024;
const NEVER = 0;

/** What the hub counts for each frame beside its text. */
const EACH = 64;

/** A reader that was pushed so many messages of 100 bytes, numbered from 1, by a hub that saw no ping. */
function pushed(messages: number): Reader {
  const reader = new Reader();
  for (let seq = 1; seq <= messages; seq++) reader.push(100 - EACH, 1, seq);
  return reader;
}

test("[SOC6] a reader that says `seen` may have 1 MiB or 1000 messages unread", () => {
  const many = pushed(999);
  expect(many.isOver(true, 100, 1)).toBe(false);
  expect(many.isOver(true, 100, 2)).toBe(true);
  const large = new Reader();
  large.push(MIB - 10 - EACH, 1, 1);
  expect(large.isOver(true, 10, 1)).toBe(false);
  expect(large.isOver(true, 11, 1)).toBe(true);
});

test("[SOC6] another may have 16 MiB, in as many messages as there are", () => {
  const reader = pushed(50_000);
  expect(reader.isOver(false, 16 * MIB - reader.unread_bytes, 1)).toBe(false);
  expect(reader.isOver(false, 16 * MIB - reader.unread_bytes + 1, 1)).toBe(true);
});

test("[SOC6] who has nothing unread takes a frame of any size", () => {
  const reader = new Reader();
  expect(reader.isOver(true, 2 * MIB, 2000)).toBe(false);
  reader.push(2 * MIB, 2000, 2000);
  expect(reader.isOver(true, 1, 1)).toBe(true);
  reader.seen(2000, { bytes: 0, messages: 0 });
  expect(reader.isOver(true, 2 * MIB, 2000)).toBe(false);
});

test("[SOC6] a frame shows that messages were read which came before the frame before it", () => {
  const reader = pushed(10);
  reader.heard(10_000);
  expect(reader.unread_bytes).toBe(1000);
  reader.push(100 - EACH, 1, 11);
  reader.heard(11_000);
  expect(reader.unread_bytes).toBe(100);
});

test("[SOC6][T40] frames that come faster than one a second are one sign", () => {
  const reader = pushed(10);
  reader.heard(10_000);
  for (let at = 10_001; at < 11_000; at += 30) reader.heard(at);
  expect(reader.unread_bytes).toBe(1000);
});

test("[SOC6][T40] no frame shows that a page, an ack or an error was read, however many are sent", () => {
  const reader = new Reader();
  for (let at = 0; at < 100; at++) {
    reader.heard(10_000 + at * 1000);
    reader.reply(MIB);
  }
  expect(reader.unread_bytes).toBe(100 * (MIB + EACH));
});

test("[SOC6] a reply is read by whoever has seen a message that came after it", () => {
  const reader = pushed(5);
  reader.reply(1000);
  reader.seen(5, { bytes: 0, messages: 0 });
  expect(reader.unread_bytes).toBe(1000 + EACH);
  reader.push(100 - EACH, 1, 6);
  reader.seen(6, { bytes: 0, messages: 0 });
  expect(reader.unread_bytes).toBe(0);
});

test("[SOC6] an ack or a page is read by whoever has seen the newest message in it", () => {
  const reader = pushed(5);
  reader.reply(1000, 8);
  reader.reply(1000, 9);
  reader.seen(8, { bytes: 0, messages: 0 });
  expect(reader.unread_bytes).toBe(1000 + EACH);
  reader.seen(9, { bytes: 0, messages: 0 });
  expect(reader.unread_bytes).toBe(0);
});

test("[SOC6] of very many replies `seen` settles none too early", () => {
  const reader = new Reader();
  for (let seq = 1; seq <= 200; seq++) reader.reply(100 - EACH, seq);
  reader.seen(150, { bytes: 0, messages: 0 });
  expect(reader.unread_bytes).toBeGreaterThanOrEqual(5000);
  reader.seen(200, { bytes: 0, messages: 0 });
  expect(reader.unread_bytes).toBe(0);
});

test("[SOC6] a ping proves what was pushed before the previous ping, replies too, and no more", () => {
  const reader = new Reader();
  reader.reply(1 - EACH);
  reader.look(NEVER);
  reader.reply(20 - EACH);
  reader.look(1000);
  expect(reader.unread_bytes).toBe(21);
  reader.push(300 - EACH, 1, 1);
  reader.look(2000);
  // What was pushed between a look and the ping after it may have come after that ping.
  expect(reader.unread_bytes).toBe(320);
  reader.push(4000 - EACH, 1, 2);
  reader.look(2000);
  expect(reader.unread_bytes).toBe(4320);
  reader.push(50_000 - EACH, 1, 3);
  reader.look(3000);
  expect(reader.unread_bytes).toBe(54_300);
});

test("[SOC6] the first ping after a wake proves nothing of what came before it", () => {
  const reader = new Reader();
  reader.look(9000);
  reader.push(1 - EACH, 1, 1);
  reader.push(20 - EACH, 1, 2);
  reader.look(34_000);
  expect(reader.isOver(true, 0, 0)).toBe(false);
  expect(reader.unread_bytes).toBe(21);
});

test("[SOC6] a second ping after a budget was filled frees it", () => {
  const reader = new Reader();
  reader.push(MIB, 1, 1);
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
      reader.push(100, 1, last);
    }
  };
  const seen = (seq: number): void => {
    const later = volumes.between(seq, last);
    if (later !== undefined) reader.seen(seq, later);
  };
  return { reader, push, seen };
}

test("[SOC6] `seen` leaves unread exactly what came after that seq", () => {
  const { reader, push, seen } = following();
  push(20);
  seen(15);
  expect(reader.unread_bytes).toBe(5 * (100 + EACH));
  push(1);
  seen(20);
  expect(reader.unread_bytes).toBe(100 + EACH);
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
  expect(reader.unread_bytes).toBe(100 + EACH);
});

test("[SOC6] `seen` of a seq from before the wake, or older than what is remembered, frees nothing of later", () => {
  const volumes = new Volumes();
  for (let seq = 501; seq <= 510; seq++) volumes.add(seq, 100);
  expect(volumes.between(500, 510)).toEqual({ bytes: 1000, messages: 10 });
  expect(volumes.between(3, 510)).toEqual({ bytes: 1000, messages: 10 });
  expect(volumes.between(501, 510)).toEqual({ bytes: 900, messages: 9 });
  expect(volumes.between(503, 505)).toEqual({ bytes: 200, messages: 2 });
  for (let seq = 511; seq <= 3000; seq++) volumes.add(seq, 100);
  expect(volumes.between(952, 3000)).toBeUndefined();
  expect(volumes.between(953, 3000)).toEqual({ bytes: 204_700, messages: 2047 });
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
  reader.look(NEVER);
  reader.look(6000);
  expect(reader.lagging_since).toBe(5000);
  reader.look(7000);
  expect(reader.lagging_since).toBe(0);
  expect(reader.signs).toBe(1);
});

test("[SOC6] a sign of nothing new does not free who lags", () => {
  const reader = pushed(1000);
  reader.seen(1000, { bytes: 0, messages: 0 });
  reader.lagging_since = 5000;
  reader.seen(1000, { bytes: 0, messages: 0 });
  expect(reader.lagging_since).toBe(5000);
  reader.push(100, 1, 1001);
  reader.seen(1001, { bytes: 0, messages: 0 });
  expect(reader.lagging_since).toBe(0);
});
