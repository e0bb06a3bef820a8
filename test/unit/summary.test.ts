/** How a channel shows itself: in the list, and in detail. */
import { expect, test } from "vitest";
import { describeParticipants, type Presence, summarize, unreadFor, unshownKeys } from "../../src/channel/index.ts";
import type { ParticipantDetail } from "../../src/protocol/index.ts";
import { ChannelFixture, sendOf, START } from "../support/channel-fixture.ts";

const ISO = "2026-01-02T03:04:05.678Z";

function presence(connected: readonly string[], more: Partial<Presence> = {}): Presence {
  return { isConnected: (key) => connected.includes(key), lastHeard: () => 0, now: START + 9000, ...more };
}

function details(channel: ChannelFixture, asked = presence([])): ParticipantDetail[] {
  return describeParticipants(channel.state, channel.log.sends(0), asked);
}

const unread = (channel: ChannelFixture): unknown =>
  Object.fromEntries(details(channel).map((one) => [one.key, one.unread]));

test("a summary counts members, the connected among them, and retained messages", () => {
  const channel = new ChannelFixture();
  channel.join("bravo", "BRAVO");
  channel.join({ key: "carol", verified: true });
  channel.leave({ key: "carol", verified: true });
  expect(summarize(channel.state, (key) => key === "bravo")).toStrictEqual({
    id: "ch-7",
    name: "ops",
    created_by: "alpha",
    created_at: ISO,
    participants: [
      { key: "alpha", name: "ALPHA", connected: false },
      { key: "bravo", name: "BRAVO", connected: true },
    ],
    participant_count: 2,
    connected_count: 1,
    message_count: 4,
    active_at: new Date(START).toISOString(),
  });
});

test("[ORD1] a summary counts 1000 messages at most", () => {
  const channel = new ChannelFixture();
  for (let n = 0; n < 1500; n++) channel.decide("alpha", sendOf("x"));
  expect(summarize(channel.state, () => false).message_count).toBe(1000);
});

test("details say who is what, members only", () => {
  const channel = new ChannelFixture();
  channel.join({ key: "bravo", verified: true, kind: "agent" }, "BRAVO");
  channel.join("carol");
  channel.leave("carol");
  const common = { connected: false, last_seen: ISO, unread: 0 };
  expect(details(channel)).toStrictEqual([
    { ...common, key: "alpha", name: "ALPHA", verified: false, read_seq: 1 },
    { ...common, key: "bravo", name: "BRAVO", kind: "agent", verified: true, read_seq: 2 },
  ]);
});

test("[LIS3] unread counts from the read position: messages of others, no system messages", () => {
  const channel = new ChannelFixture();
  channel.join("bravo");
  channel.send("alpha", "one");
  channel.send("bravo", "two");
  channel.join("carol");
  channel.send("alpha", "three");
  expect(unread(channel)).toEqual({ alpha: 1, bravo: 2, carol: 1 });
  channel.read("bravo", 3);
  channel.read("alpha", 99);
  expect(unread(channel)).toEqual({ alpha: 0, bravo: 1, carol: 1 });
});

test("[LIS3] unread counts retained messages only", () => {
  const channel = new ChannelFixture();
  channel.join("bravo");
  for (let n = 0; n < 1200; n++) channel.decide("alpha", sendOf("x"));
  channel.save();
  expect(unread(channel)).toEqual({ alpha: 0, bravo: 1000 });
});

test("last_seen is now for the connected, else the newest of row, send and socket", () => {
  const channel = new ChannelFixture();
  channel.join("bravo");
  channel.now = START + 1000;
  channel.send("bravo", "later");
  const seen = (asked: Presence): number | undefined => {
    const bravo = details(channel, asked).find(({ key }) => key === "bravo");
    return bravo && Date.parse(bravo.last_seen) - START;
  };
  expect(seen(presence([]))).toBe(1000);
  expect(seen(presence([], { lastHeard: () => START + 3000 }))).toBe(3000);
  expect(seen(presence([], { lastHeard: () => START + 500 }))).toBe(1000);
  expect(seen(presence(["bravo"]))).toBe(9000);
});

test("what one participant has not read is what the details show; of nobody else there is any", () => {
  const channel = new ChannelFixture();
  channel.join("bravo", "BRAVO");
  channel.join("carol");
  channel.leave("carol");
  channel.send("alpha", "one");
  channel.send("bravo", "two");
  channel.send("alpha", "three");
  const of = (key: string): number => unreadFor(channel.state, channel.log, key).unread;
  expect([of("alpha"), of("bravo"), of("carol"), of("nobody")]).toEqual([1, 2, 0, 0]);
  expect(unread(channel)).toEqual({ alpha: 1, bravo: 2 });
  channel.read("bravo", 5);
  expect(of("bravo")).toBe(1);
});

test("[T43] [IDX3] a summary shows 32 participants, counts all, and names the keys of the others", () => {
  const channel = new ChannelFixture();
  for (let n = 0; n < 100; n++) channel.join(`key-${n}`, `Name ${n}`);
  const summary = summarize(channel.state, () => true);
  expect(summary.participants.map(({ key }) => key)).toEqual([
    "alpha",
    ...Array.from({ length: 31 }, (_, n) => `key-${n}`),
  ]);
  expect(summary).toMatchObject({ participant_count: 101, connected_count: 101 });
  expect(unshownKeys(channel.state)).toEqual(Array.from({ length: 69 }, (_, n) => `key-${n + 31}`));
  expect(details(channel)).toHaveLength(101);
});
