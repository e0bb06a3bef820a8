import { expect, test } from "vitest";
import {
  type Arrival,
  type Audience,
  type Decided,
  dueTo,
  type Entry,
  makeTurn,
  type Reached,
  replyTo,
  sizeOf,
} from "../../src/channel/index.ts";
import type { Message } from "../../src/protocol/index.ts";

const ALL: ReadonlySet<string> = new Set(["alpha", "bravo", "carol"]);

interface Socket {
  readonly key: string;
  readonly mode: "live" | "behind" | "trailing";
  readonly echo: boolean;
  readonly isAmong: (members: ReadonlySet<string>) => boolean;
}

function socketOf(key: string, wishes: Partial<Socket> = {}): Socket {
  return { key, mode: "live", echo: false, isAmong: (members) => members.has(key), ...wishes };
}

function entryOf(seq: number, from: string, members: ReadonlySet<string> = ALL): Entry {
  const message: Message = {
    ...{ id: `m-${seq}`, channel_id: "ch-1", seq, from, from_name: from, text: "hi", timestamp: "now" },
    ...{ msg_type: from === "system" ? "system" : "text", verified: false },
  };
  const json = JSON.stringify(message);
  return { message, json, bytes: json.length, ts: seq, members };
}

function sent(entry: Entry, origin?: Socket, mentions: readonly string[] = []): Decided {
  const caller = { key: entry.message.from, verified: false };
  const arrival: Arrival = {
    caller,
    command: { action: "send", text: "hi", msg_type: "text" },
    named: { ref: "r" },
    ...(origin && { origin }),
  };
  const outcome = { type: "sent", message: entry.json, duplicate: false, mentions, unresolved: [], entry } as const;
  return { arrival, outcome };
}

/** Reaches the keys that it is given. */
function reaching(...keys: readonly string[]): Audience {
  const reached: Reached = new Set(keys);
  return { hear: () => undefined, reached: () => reached, isPresent: (key) => reached.has(key) };
}

const turnOf = (...decided: readonly Decided[]) => makeTurn(decided, (one) => replyTo([reaching()], one, 0));
const framesOf = (socket: Socket, ...decided: readonly Decided[]): unknown[] =>
  dueTo(socket, turnOf(...decided)).map(({ frame }) => JSON.parse(frame));

test("[SOC3] a sender's socket gets its ack in the place of its message; its others get it only with echo", () => {
  const own = socketOf("alpha");
  const decided = [sent(entryOf(1, "bravo")), sent(entryOf(2, "alpha"), own), sent(entryOf(3, "carol"))];
  expect(framesOf(own, ...decided)).toMatchObject([
    { type: "message", data: { seq: 1 } },
    { type: "ack", data: { seq: 2 }, ref: "r" },
    { type: "message", data: { seq: 3 } },
  ]);
  expect(framesOf(socketOf("alpha"), ...decided)).toMatchObject([{ data: { seq: 1 } }, { data: { seq: 3 } }]);
  expect(framesOf(socketOf("alpha", { echo: true }), ...decided)).toHaveLength(3);
});

test("[SOC4] who is no member at a message is not due it, nor is one that is behind", () => {
  const decided = [sent(entryOf(1, "alpha")), sent(entryOf(2, "alpha", new Set(["alpha", "bravo"])))];
  expect(framesOf(socketOf("bravo"), ...decided)).toHaveLength(2);
  expect(framesOf(socketOf("carol"), ...decided)).toMatchObject([{ data: { seq: 1 } }]);
  for (const mode of ["behind", "trailing"] as const)
    expect(framesOf(socketOf("bravo", { mode }), ...decided)).toEqual([]);
});

test("what all members share is joined once; a change of members in the turn is told", () => {
  const [first, second] = [entryOf(1, "alpha"), entryOf(2, "system")];
  const { shared, authors } = turnOf(sent(first), sent(second));
  expect(shared).toMatchObject({ bytes: first.bytes + second.bytes, first_seq: 1, last_seq: 2, members: ALL });
  expect(JSON.parse(shared.batch)).toMatchObject({ type: "batch", data: [{ type: "message" }, { type: "system" }] });
  expect([...authors]).toEqual(["alpha", "system"]);
  expect(turnOf(sent(first)).shared.batch).toBe(turnOf(sent(first)).shared.frames[0]);
  expect(turnOf(sent(first), sent(entryOf(2, "bravo", new Set(ALL)))).shared.members).toBeUndefined();
});

test("a turn without a message has nothing to share", () => {
  const arrival: Arrival = {
    caller: { key: "alpha", verified: false },
    command: { action: "read", seq: 1 },
    named: {},
  };
  const { shared } = turnOf({ arrival, outcome: { type: "read", seq: 1 } });
  expect(shared).toEqual({ frames: [], bytes: 0, batch: "", first_seq: 0, last_seq: 0, members: new Set() });
});

test("[SOC6] what a socket is due is measured: messages apart from its own replies", () => {
  const own = socketOf("alpha");
  const [one, two] = [entryOf(1, "bravo"), entryOf(2, "alpha")];
  const due = dueTo(own, turnOf(sent(one), sent(two, own)));
  expect(sizeOf(own, due)).toEqual({ bytes: one.bytes, messages: 1, replied: two.bytes, replied_seq: 2 });
});

test("[LIS2] delivered counts each other participant once, whatever way reaches it", () => {
  const decided = sent(entryOf(1, "alpha"));
  const delivered = (...audiences: readonly Audience[]) => replyTo(audiences, decided, 0).extras?.delivered;
  expect(delivered(reaching(), reaching())).toBe(0);
  expect(delivered(reaching("alpha", "bravo"), reaching("bravo", "carol"))).toBe(2);
  expect(delivered(reaching("bravo"), reaching("alpha"), reaching("carol", "bravo"))).toBe(2);
});

test("offline lists whom nobody can reach now, but the author, and at most 128", () => {
  const offline = (mentions: readonly string[], members: ReadonlySet<string> = ALL) =>
    replyTo([reaching("bravo"), reaching("dave")], sent(entryOf(1, "alpha", members), undefined, mentions), 0).extras;
  expect(offline(["bravo", "carol", "dave"])).toMatchObject({ offline: ["carol"] });
  expect(offline(["all"])).toMatchObject({ offline: ["carol"] });
  const many = new Set(Array.from({ length: 130 }, (_, n) => `key-${n}`));
  expect(offline(["all"], many)).toMatchObject({ offline_more: 2 });
  expect(offline(["all"], many)?.offline).toHaveLength(128);
  expect(offline(["carol"])).not.toHaveProperty("offline_more");
});
