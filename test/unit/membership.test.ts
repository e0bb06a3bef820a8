/** Who is in a channel, under which name, proven or not, and who gets what. */
import { expect, test } from "vitest";
import type { Outcome } from "../../src/channel/index.ts";
import { ChannelFixture, messageIn, RECORD, START, refusalOf } from "../support/channel-fixture.ts";

const open = (): ChannelFixture => new ChannelFixture();
const proven = { key: "bravo", verified: true };
const plain = { key: "bravo", verified: false };

/** Recipients of the message a command made. */
function recipients({ entry }: Outcome): string[] {
  return [...(entry?.members ?? [])];
}

test("[SOC4] a message's recipients are the members at its position, whatever happens later in the turn", () => {
  const channel = open();
  const join = channel.decide("bravo", { action: "join" });
  const first = channel.decide("alpha", { action: "send", text: "to both", msg_type: "text" });
  const leave = channel.decide("alpha", { action: "leave" });
  const last = channel.decide("bravo", { action: "send", text: "to one", msg_type: "text" });
  channel.decide("carol", { action: "join" });
  channel.save();
  expect([join, first, leave, last].map(recipients)).toEqual([
    ["alpha", "bravo"],
    ["alpha", "bravo"],
    ["alpha", "bravo"],
    ["bravo"],
  ]);
});

test("[SOC4] the leaver's last message is its leave; a join restores delivery from that join on", () => {
  const channel = open();
  channel.join("bravo");
  expect(recipients(channel.leave("bravo"))).toContain("bravo");
  expect(recipients(channel.send("alpha", "without bravo"))).toEqual(["alpha"]);
  const rejoined = channel.join("bravo");
  expect(recipients(rejoined)).toContain("bravo");
  expect(rejoined).toMatchObject({ seq: 5, epoch: RECORD.epoch });
  expect(recipients(channel.send("alpha", "with bravo"))).toEqual(["alpha", "bravo"]);
});

test("[SOC4] the last to leave leaves a channel that can be joined again", () => {
  const channel = open();
  channel.leave("alpha");
  expect(channel.stored.size).toBe(0);
  expect(recipients(channel.join("bravo"))).toEqual(["bravo"]);
});

test("[MEM1] without a name the connection's counts, then the key", () => {
  const channel = open();
  channel.join("bravo");
  channel.join({ ...plain, key: "carol", name: "CAROL" });
  channel.join({ ...plain, key: "dora", name: "DORA" }, "Dora");
  const names = [...channel.stored.values()].map(({ key, name }) => [key, name]);
  expect(names).toEqual([
    ["alpha", "ALPHA"],
    ["bravo", "bravo"],
    ["carol", "CAROL"],
    ["dora", "Dora"],
  ]);
});

test("[MEM1] a name given on join or send renames, without a system message", () => {
  const channel = open();
  channel.join("bravo", "BRAVO");
  expect(messageIn(channel.send("bravo", "as before")).from_name).toBe("BRAVO");
  expect(messageIn(channel.send("bravo", "renamed", { name: "Bravo II" })).from_name).toBe("Bravo II");
  channel.join("bravo", "Bravo III");
  expect(channel.stored.get("bravo")?.name).toBe("Bravo III");
  expect(messageIn(channel.send("bravo", "by then")).from_name).toBe("Bravo III");
  expect(channel.messages().filter(({ msg_type }) => msg_type === "system")).toHaveLength(2);
  expect(channel.leave("bravo").entry?.message.text).toBe("Bravo III left the channel");
});

test("[MEM1] neither a send nor a join without a name takes the name away", () => {
  const channel = open();
  channel.join("bravo", "BRAVO");
  channel.send({ ...plain, name: "socket's" }, "hi");
  channel.join("bravo");
  expect(channel.stored.get("bravo")?.name).toBe("BRAVO");
});

test("[MEM1] a row is written only when something of it changed", () => {
  const channel = open();
  channel.join("bravo", "BRAVO");
  channel.decide("bravo", { action: "send", text: "x", msg_type: "text", name: "BRAVO" });
  channel.decide("bravo", { action: "join", name: "BRAVO" });
  expect(channel.state.unsaved.participants.size).toBe(0);
});

test("a name that was refused a place leaves no row", () => {
  const channel = open();
  channel.send("mallory", "x", { name: "ALPHA II" });
  expect(channel.state.participants.has("mallory")).toBe(false);
});

test("what a participant says it is stays with it, and can change", () => {
  const channel = open();
  channel.join({ ...plain, kind: "agent" });
  channel.send("bravo", "undeclared");
  expect(channel.stored.get("bravo")?.kind).toBe("agent");
  channel.send({ ...plain, kind: "human" }, "declared");
  expect(channel.stored.get("bravo")?.kind).toBe("human");
  expect(channel.stored.get("alpha")).not.toHaveProperty("kind");
});

test("[ORD3] `verified` is stamped on each message as its sender was then", () => {
  const channel = open();
  channel.join(proven, "BRAVO");
  channel.join("carol");
  expect(messageIn(channel.send(proven, "proven")).verified).toBe(true);
  expect(messageIn(channel.send("carol", "claimed")).verified).toBe(false);
});

test("[MEM1] a key first proven on a send is remembered as proven", () => {
  const channel = open();
  channel.join(plain);
  expect(channel.stored.get("bravo")?.verified).toBe(false);
  channel.send(proven, "proven now");
  expect(channel.stored.get("bravo")?.verified).toBe(true);
  channel.reload();
  expect(channel.state.participants.get("bravo")?.verified).toBe(true);
});

test("[MEM1] the row of a verified participant that left stays, as no member", () => {
  const channel = open();
  channel.join(proven, "BRAVO");
  channel.now = START + 1000;
  channel.leave(proven);
  const row = {
    key: "bravo",
    name: "BRAVO",
    member: false,
    verified: true,
    read_seq: 2,
    joined_seq: 2,
    named_order: 2,
    seen_at: START + 1000,
  };
  expect(channel.stored.get("bravo")).toStrictEqual(row);
  channel.reload();
  expect(recipients(channel.send("alpha", "without"))).toEqual(["alpha"]);
});

test("[MEM1] the row of a plain participant that left goes, and with it its name", () => {
  const channel = open();
  channel.join(plain, "BRAVO");
  channel.leave(plain);
  expect([...channel.stored.keys()]).toEqual(["alpha"]);
  expect(channel.join(plain).entry?.message.text).toBe("bravo joined the channel");
});

test("[MEM1] a plain participant that was kicked comes back without its name", () => {
  const channel = open();
  channel.join(plain, "BRAVO");
  channel.decide({ key: "alpha", verified: true, admin: true }, { action: "kick", target: "bravo", minutes: 1 });
  channel.now += 61_000;
  expect(channel.join(plain).entry?.message.text).toBe("bravo joined the channel");
});

test("[MEM1] a verified participant that comes back is verified still, and keeps its name", () => {
  const channel = open();
  channel.join({ ...proven, kind: "agent" }, "BRAVO");
  channel.leave(proven);
  expect(refusalOf(channel.join(plain))).toContain("identity_mismatch key was proven on this hub");
  const back = channel.join(proven);
  expect(back.entry?.message.text).toBe("BRAVO joined the channel");
  expect(channel.stored.get("bravo")).toMatchObject({ member: true, verified: true, kind: "agent", read_seq: 4 });
});

test("rows that stay for no member take no place in a full channel", () => {
  const channel = new ChannelFixture({}, { HUB_MAX_PARTICIPANTS: 2 });
  channel.join(proven);
  channel.leave(proven);
  expect(channel.join("carol")).toMatchObject({ type: "joined" });
});
