/** [DUR3] A send with an id takes effect once, however often it is made. */
import { expect, test } from "vitest";
import { DEDUPE_MS, type SendCommand } from "../../src/protocol/index.ts";
import { ChannelFixture, messageIn, refusalOf, sendOf, sent, START } from "../support/channel-fixture.ts";

const ID = { client_msg_id: "a-1" };
const proven = { key: "alpha", verified: true };
const conflict = (seq: number): string =>
  `idempotency_conflict client_msg_id a-1 was used for other content (message ${seq}); use a new id for a new message`;

/** A channel in which alpha has sent `first` once, as message 3. */
function withFirst(more: Partial<SendCommand> = {}): ChannelFixture {
  const channel = new ChannelFixture();
  channel.join("bravo", "BRAVO");
  channel.send("alpha", "first", { ...ID, ...more });
  return channel;
}

test("[DUR3] a repeated send gets the first ack again, and nothing is broadcast", () => {
  const channel = new ChannelFixture();
  const first = sent(channel.send("alpha", "first", ID));
  channel.now += 1000;
  channel.send("alpha", "another");
  expect(channel.send("alpha", "first", ID)).toStrictEqual({
    type: "sent",
    message: first.message,
    duplicate: true,
    mentions: [],
    unresolved: [],
  });
  expect(channel.state.last_seq).toBe(3);
  expect(messageIn(first).client_msg_id).toBe("a-1");
});

test("[DUR3] sends without an id, and with another, are new each time", () => {
  const channel = withFirst();
  const outcomes = [
    channel.send("alpha", "first"),
    channel.send("alpha", "first"),
    channel.send("alpha", "first", { client_msg_id: "a-2" }),
  ];
  expect(outcomes.map((outcome) => [sent(outcome).duplicate, messageIn(outcome).seq])).toEqual([
    [false, 4],
    [false, 5],
    [false, 6],
  ]);
});

test("[DUR3] an id is compared as it is, upper and lower case apart", () => {
  expect(sent(withFirst().send("alpha", "first", { client_msg_id: "A-1" })).duplicate).toBe(false);
});

test.each<[string, Partial<SendCommand>]>([
  ["text", { text: "other" }],
  ["msg_type", { msg_type: "toolresult" }],
  ["reply_to", { reply_to: 1 }],
  ["to", { to: ["bravo"] }],
])("[DUR3] the same id with another %s is a conflict", (_, more) => {
  const channel = withFirst();
  expect(refusalOf(channel.send("alpha", more.text ?? "first", { ...ID, ...more }))).toBe(conflict(3));
  expect(channel.state.last_seq).toBe(3);
  channel.reload();
  expect(refusalOf(channel.send("alpha", more.text ?? "first", { ...ID, ...more }))).toBe(conflict(3));
});

test.each<[Partial<SendCommand>, Partial<SendCommand>]>([
  [{ reply_to: 1 }, {}],
  [{ reply_to: 1 }, { reply_to: 2 }],
  [{ to: ["bravo"] }, {}],
  [{ to: ["bravo"] }, { to: ["BRAVO"] }],
  [{ to: ["bravo", "x"] }, { to: ["x", "bravo"] }],
  [{ to: ["bravo", "x"] }, { to: ["bravo"] }],
])("[DUR3] what the first send said counts: %j, then %j", (first, second) => {
  const channel = withFirst(first);
  expect(refusalOf(channel.send("alpha", "first", { ...ID, ...second }))).toBe(conflict(3));
  expect(sent(channel.send("alpha", "first", { ...ID, ...first })).duplicate).toBe(true);
  channel.reload();
  expect(refusalOf(channel.send("alpha", "first", { ...ID, ...second }))).toBe(conflict(3));
  expect(sent(channel.send("alpha", "first", { ...ID, ...first })).duplicate).toBe(true);
});

test("[DUR3] an empty `to` is none, and a name is no content", () => {
  const channel = withFirst();
  expect(sent(channel.send("alpha", "first", { ...ID, to: [] })).duplicate).toBe(true);
  const renaming = channel.send("alpha", "first", { ...ID, name: "Alpha II" });
  expect(sent(renaming).duplicate).toBe(true);
  expect(messageIn(renaming).from_name).toBe("ALPHA");
});

test("[DUR3] a retry does not rename its author", () => {
  const channel = withFirst();
  channel.send("alpha", "first", { ...ID, name: "Alpha II" });
  expect(channel.stored.get("alpha")?.name).toBe("ALPHA");
});

test("[DUR3] another sender's id, and the same key's when proven, are other ids", () => {
  const channel = withFirst();
  const others = [channel.send("bravo", "first", ID), channel.send(proven, "first", ID)];
  expect(others.map((outcome) => [sent(outcome).duplicate, messageIn(outcome).seq])).toEqual([
    [false, 4],
    [false, 5],
  ]);
  channel.reload();
  const repeats = [channel.send("bravo", "first", ID), channel.send(proven, "first", ID)];
  expect(repeats.map((outcome) => [sent(outcome).duplicate, messageIn(outcome).seq])).toEqual([
    [true, 4],
    [true, 5],
  ]);
  expect(refusalOf(channel.send("alpha", "first", ID))).toContain("identity_mismatch key was proven");
});

test("[DUR3] a retry gets its first ack even after its author left", () => {
  const channel = withFirst();
  channel.leave("alpha");
  for (const wake of [false, true]) {
    if (wake) channel.reload();
    expect(sent(channel.send("alpha", "first", ID))).toMatchObject({ duplicate: true });
    expect(refusalOf(channel.send("alpha", "other", ID))).toBe(conflict(3));
    expect(refusalOf(channel.send("alpha", "new", { client_msg_id: "a-2" }))).toMatch(/^not_participant /);
  }
});

test("[DUR3] sends of one turn know each other before anything is stored", () => {
  const channel = new ChannelFixture();
  const decide = (text: string): string => {
    const outcome = channel.decide("alpha", sendOf(text, ID));
    return outcome.type === "sent" ? `${messageIn(outcome).seq} ${outcome.duplicate}` : refusalOf(outcome);
  };
  expect([decide("first"), decide("first"), decide("other")]).toEqual(["2 false", "2 true", conflict(2)]);
  expect(channel.state.unsaved.entries).toHaveLength(1);
});

test("[DUR3] the first send after a wake is known although the turn began with others", () => {
  const channel = withFirst();
  channel.reload();
  channel.decide("alpha", sendOf("no id"));
  channel.decide("alpha", sendOf("new", { client_msg_id: "a-2" }));
  expect(sent(channel.decide("alpha", sendOf("first", ID)))).toMatchObject({ duplicate: true });
  expect(sent(channel.decide("alpha", sendOf("new", { client_msg_id: "a-2" })))).toMatchObject({ duplicate: true });
});

test("[DUR3] a refused send uses up no id", () => {
  const channel = new ChannelFixture();
  expect(refusalOf(channel.send("bravo", "hi", ID))).toMatch(/^not_participant /);
  expect(refusalOf(channel.send("alpha", "hi", { ...ID, reply_to: 99 }))).toMatch(/^bad_request reply_to/);
  channel.join("bravo");
  expect(sent(channel.send("bravo", "hi", ID)).duplicate).toBe(false);
  expect(sent(channel.send("alpha", "hi", ID)).duplicate).toBe(false);
});

test("[DUR3] reply_to must be a retained seq when it is new, and need not be when it is repeated", () => {
  const channel = withFirst({ reply_to: 1 });
  for (let n = 0; n < 1000; n++) channel.decide("alpha", sendOf(`${n}`));
  channel.save();
  const refused = "bad_request reply_to must be the seq of a retained message, 4 to 1003, got 1";
  expect(refusalOf(channel.send("alpha", "new", { reply_to: 1 }))).toBe(refused);
  expect(refusalOf(channel.send("alpha", "new", { reply_to: 1004 }))).toMatch(/4 to 1003, got 1004$/);
  expect(sent(channel.send("alpha", "first", { ...ID, reply_to: 1 }))).toMatchObject({ duplicate: true });
});

test.each([false, true])(
  "[DUR3] an id counts for five minutes by the hub's clock, the last instant included (after a wake: %s)",
  (wake) => {
    const channel = withFirst();
    const at = (offset: number): boolean => {
      if (wake) channel.reload();
      channel.now = START + offset;
      return sent(channel.send("alpha", "first", ID)).duplicate;
    };
    expect([at(1), at(DEDUPE_MS - 1), at(DEDUPE_MS), at(DEDUPE_MS + 1)]).toEqual([true, true, true, false]);
    expect([at(DEDUPE_MS + 2), at(2 * DEDUPE_MS + 1), at(2 * DEDUPE_MS + 2)]).toEqual([true, true, false]);
  },
);

test("[DUR3] a message out of the ring is found while it is in the window", () => {
  const channel = withFirst();
  for (let n = 0; n < 1500; n++) channel.decide("alpha", sendOf(`${n}`, { client_msg_id: `n-${n}` }));
  channel.save();
  for (const wake of [false, true]) {
    if (wake) channel.reload();
    expect(messageIn(channel.send("alpha", "first", ID)).seq).toBe(3);
    expect(messageIn(channel.send("alpha", "0", { client_msg_id: "n-0" })).seq).toBe(4);
  }
});

test("[DUR3] after a clock that went back, the window still knows what was just sent", () => {
  const channel = withFirst();
  channel.now = START - 60_000;
  expect(sent(channel.send("alpha", "first", ID)).duplicate).toBe(true);
  channel.reload();
  expect(sent(channel.send("alpha", "first", ID)).duplicate).toBe(true);
});

test("[DUR3] whether a retry is new never depends on whether the channel slept", () => {
  const answers = [false, true].map((wake) => {
    const channel = withFirst();
    channel.now = START + DEDUPE_MS + 1000;
    channel.send("alpha", "much later", { client_msg_id: "a-2" });
    channel.now = START + DEDUPE_MS - 1000;
    if (wake) channel.reload();
    return sent(channel.send("alpha", "first", ID)).duplicate;
  });
  expect(answers[0]).toBe(answers[1]);
});
