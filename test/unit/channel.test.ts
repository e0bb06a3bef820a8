/** What becomes of join, leave, send and read: messages, ids, times, rows and recipients. */
import { expect, test } from "vitest";
import type { Message } from "../../src/protocol/index.ts";
import { ChannelFixture, messageIn, RECORD, refusalOf, sendOf, START } from "../support/channel-fixture.ts";

const open = (...more: [record?: object, limits?: object]): ChannelFixture => new ChannelFixture(...more);

const NOT_JOINED = "not_participant Not a participant in channel ch-7";
const FIVE_YEARS = 5 * 365 * 86_400_000;

test("[ORD3] a new channel holds the message of its creation, in the seed's words", () => {
  const channel = open();
  expect(channel.messages()).toStrictEqual([
    {
      id: `msg-${START}-7000000000001`,
      channel_id: "ch-7",
      seq: 1,
      from: "system",
      from_name: "System",
      text: "Channel 'ops' created by ALPHA",
      timestamp: "2026-01-02T03:04:05.678Z",
      msg_type: "system",
      verified: true,
      event: { kind: "created", key: "alpha", name: "ALPHA" },
    },
  ]);
});

test("[IDX2] the creator is the first participant, with the record's time and kind", () => {
  const row = {
    key: "alpha",
    name: "ALPHA",
    member: true,
    verified: false,
    read_seq: 1,
    joined_seq: 1,
    named_order: 1,
    seen_at: START,
  };
  expect([...open().stored.values()]).toStrictEqual([row]);
  expect([...open({ creator_kind: "human" }).stored.values()]).toStrictEqual([{ ...row, kind: "human" }]);
  expect(refusalOf(open().send("alpha", "hi"))).toBe("sent");
});

test("[ORD1] messages are numbered 1, 2, 3…, system messages too, refusals not", () => {
  const channel = open();
  channel.join("bravo");
  channel.send("mallory", "refused");
  channel.send("alpha", "one");
  channel.leave("bravo");
  channel.leave("bravo");
  channel.send("alpha", "two");
  expect(channel.messages().map(({ seq, text }) => [seq, text])).toEqual([
    [1, "Channel 'ops' created by ALPHA"],
    [2, "bravo joined the channel"],
    [3, "one"],
    [4, "bravo left the channel"],
    [5, "two"],
  ]);
});

test("[ORD2] an id is the time, the channel's number and the seq in 12 digits; the timestamp is the same instant", () => {
  const channel = open({ number: 999_999_999 });
  channel.now = START + 86_400_000;
  const message = messageIn(channel.send("alpha", "hi"));
  expect(message.id).toBe(`msg-${START + 86_400_000}-999999999000000000002`);
  expect(message.timestamp).toBe("2026-01-03T03:04:05.678Z");
});

test("[ORD2] ids are unique over all channels, also where number and seq run together", () => {
  const one = messageIn(open({ number: 1 }).send("alpha", "x"));
  const eleven = messageIn(open({ number: 11 }).send("alpha", "x"));
  expect(one.id.split("-")[2]).toHaveLength(13);
  expect(eleven.id.split("-")[2]).toHaveLength(14);
});

test("[ORD2] a clock that goes back does not take the messages back with it", () => {
  const channel = open();
  const steps = [1000, -FIVE_YEARS, 999, 1001, -1, 5000];
  const stamps = steps.map((step) => {
    channel.now = START + step;
    return messageIn(channel.send("alpha", "tick")).timestamp;
  });
  expect(stamps.map((stamp) => Date.parse(stamp) - START)).toEqual([1000, 1000, 1000, 1001, 1001, 5000]);
  channel.reload();
  channel.now = START;
  expect(messageIn(channel.send("alpha", "woken")).id).toBe(`msg-${START + 5000}-7000000000008`);
});

test("[ORD3] a message has its fields, and the others only where they apply", () => {
  const channel = open();
  channel.join("bravo", "BRAVO");
  expect(messageIn(channel.send("alpha", "plain"))).toStrictEqual({
    id: `msg-${START}-7000000000003`,
    channel_id: "ch-7",
    seq: 3,
    from: "alpha",
    from_name: "ALPHA",
    text: "plain",
    timestamp: "2026-01-02T03:04:05.678Z",
    msg_type: "text",
    verified: false,
  });
  const full = messageIn(channel.send("bravo", "full", { msg_type: "toolresult", reply_to: 3, client_msg_id: "b-1" }));
  expect(full).toMatchObject({ msg_type: "toolresult", mentions: ["alpha"], reply_to: 3, client_msg_id: "b-1" });
});

test("[ORD3] an ack's message is what history shows, byte for byte, and a text is stored verbatim", () => {
  const channel = open();
  const text = ' \u0001"\\ \n\t ,\n}{ \u2028 e\u0301 日本 😀 <b>';
  const outcome = channel.send("alpha", text);
  expect(outcome).toMatchObject({ type: "sent", message: channel.history({ limit: 1 }).messages, duplicate: false });
  expect(messageIn(outcome).text).toBe(text);
});

test("joining twice changes nothing; the second answer gives the channel's last seq", () => {
  const channel = open();
  expect(channel.join("bravo", "BRAVO")).toMatchObject({ type: "joined", seq: 2, epoch: RECORD.epoch });
  channel.send("alpha", "three");
  const again = channel.join("bravo");
  expect(again).toStrictEqual({ type: "joined", seq: 3, epoch: RECORD.epoch });
  expect(channel.state.last_seq).toBe(3);
});

test("a join, a leave and a read answer with their place", () => {
  const channel = open();
  expect(channel.join("bravo")).toMatchObject({
    type: "joined",
    seq: 2,
    entry: { message: { event: { kind: "join", key: "bravo", name: "bravo" } } },
  });
  expect(channel.read("bravo", 1)).toStrictEqual({ type: "read", seq: 2 });
  expect(channel.leave("bravo")).toMatchObject({
    type: "left",
    seq: 3,
    entry: { message: { event: { kind: "leave", key: "bravo", name: "bravo" } } },
  });
});

test("who has not joined can neither send, leave nor read", () => {
  const channel = open();
  channel.join("bravo");
  channel.leave("bravo");
  for (const who of ["bravo", "mallory"]) {
    expect(refusalOf(channel.send(who, "hi"))).toBe(NOT_JOINED);
    expect(refusalOf(channel.leave(who))).toBe(NOT_JOINED);
    expect(refusalOf(channel.read(who, 1))).toBe(NOT_JOINED);
  }
  expect(channel.state.last_seq).toBe(3);
});

test("a channel takes as many participants as the limit says; members may always join again", () => {
  const channel = open({}, { HUB_MAX_PARTICIPANTS: 2 });
  channel.join("bravo");
  const full = "channel_full channel ch-7 has 2 participants, the most it may have (HUB_MAX_PARTICIPANTS)";
  expect(refusalOf(channel.join("carol"))).toBe(full);
  expect(refusalOf(channel.join("bravo"))).toBe("joined");
  channel.leave("bravo");
  expect(refusalOf(channel.join("carol"))).toBe("joined");
  expect(refusalOf(channel.join("bravo"))).toBe(full);
});

test("[LIS3] a read position starts at the own join and only goes forward, to the last seq at most", () => {
  const channel = open();
  channel.join("bravo");
  const position = (): number | undefined => channel.stored.get("bravo")?.read_seq;
  expect(position()).toBe(2);
  for (let n = 0; n < 5; n++) channel.send("alpha", `${n}`);
  expect(position()).toBe(2);
  expect(channel.read("bravo", 4)).toMatchObject({ seq: 4 });
  expect(channel.read("bravo", 3)).toMatchObject({ seq: 4 });
  expect(channel.read("bravo", 0)).toMatchObject({ seq: 4 });
  expect(channel.read("bravo", 999_999)).toMatchObject({ seq: 7 });
  expect(position()).toBe(7);
  channel.reload();
  expect(channel.read("bravo", 1)).toMatchObject({ seq: 7 });
});

test("[LIS3] neither history nor an own send moves a read position, and a move is one row", () => {
  const channel = open();
  channel.join("bravo");
  channel.send("bravo", "mine");
  channel.history({ after: 0 });
  expect(channel.stored.get("bravo")?.read_seq).toBe(2);
  channel.decide("bravo", { action: "read", seq: 2 });
  expect(channel.state.unsaved.participants.size).toBe(0);
  channel.decide("bravo", { action: "read", seq: 3 });
  channel.decide("bravo", { action: "read", seq: 3 });
  expect([...channel.state.unsaved.participants]).toEqual(["bravo"]);
});

test("[LIS3] who left and joins again starts anew", () => {
  const channel = open();
  channel.join("bravo");
  channel.leave("bravo");
  channel.send("alpha", "meanwhile");
  channel.join("bravo");
  expect(channel.stored.get("bravo")?.read_seq).toBe(5);
});

test("a turn that is lost leaves nothing behind", () => {
  const channel = open();
  const before = [channel.history().messages, [...channel.stored.values()]];
  channel.decide("bravo", { action: "join" });
  channel.decide("alpha", sendOf("lost", { client_msg_id: "x" }));
  channel.decide("alpha", { action: "read", seq: 3 });
  channel.crash();
  expect([channel.history().messages, [...channel.state.participants.values()]]).toEqual(before);
  const again = channel.send("alpha", "kept", { client_msg_id: "x" });
  expect(again).toMatchObject({ type: "sent", duplicate: false });
  expect((messageIn(again) satisfies Message).seq).toBe(2);
});
