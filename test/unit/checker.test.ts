/** The crash rig's judge is judged: a clean history passes, and every planted fault is found. */
import { expect, test } from "vitest";
import { type Message, RING_MESSAGES } from "../../src/protocol/index.ts";
import { checkHistory } from "../support/crash/checker.ts";
import { type HistoryEvent, type Rule, RULES } from "../support/crash/history.ts";
import { message, Recording } from "../support/crash/recording.ts";

type Of<T extends HistoryEvent["type"]> = Extract<HistoryEvent, { type: T }>;
type Patch = Partial<Record<string, unknown>>;

/** Two writers and a reader, a crash that swallows two acks of three, retries, and a log longer than the ring. */
function recorded(): HistoryEvent[] {
  const hub = new Recording();
  hub.connect(1, "a");
  hub.connect(2, "b");
  hub.connect(3, "r", 0);
  for (const [socket, id] of [
    [1, "a-1"],
    [2, "b-1"],
    [1, "a-2"],
    [2, "b-2"],
  ] as const)
    hub.say(socket, id);
  hub.turn();
  hub.audit(90, 0);
  for (const [socket, id] of [
    [1, "a-3"],
    [2, "b-3"],
    [1, "a-4"],
  ] as const)
    hub.say(socket, id);
  hub.crash(2);
  hub.audit(91, 0);
  hub.connect(4, "a");
  hub.connect(5, "b");
  hub.connect(6, "r", 5);
  for (const [socket, id] of [
    [4, "a-1"],
    [4, "a-3"],
    [5, "b-3"],
    [4, "a-4"],
  ] as const)
    hub.say(socket, id);
  hub.turn();
  for (let n = 5; n <= RING_MESSAGES; n++) hub.say(4, `a-${n}`);
  hub.turn();
  hub.audit(92, 0);
  hub.listen(80, "l", { start: 2 });
  hub.listen(81, "l", { after: RING_MESSAGES, start: RING_MESSAGES });
  hub.listen(82, "l", { start: RING_MESSAGES });
  return [...hub.events, { type: "presence", connected: ["a", "b", "r"] }];
}

/** `b` joins, speaks, and has left when `spoken` is said of it; then `who` comes or goes. */
function met(spoken: readonly string[], how: "join" | "leave" | "kick" = "join", who = "b"): HistoryEvent[] {
  const hub = new Recording("a");
  hub.note("join", "b");
  hub.connect(1, "a", 0);
  hub.connect(2, "b", 0);
  for (const [socket, id] of [
    [1, "a-1"],
    [2, "b-1"],
  ] as const)
    hub.say(socket, id);
  hub.turn();
  hub.crash(0);
  hub.note("leave", "b");
  for (const [nth, key] of spoken.entries()) {
    hub.connect(10 + nth, key, 0);
    hub.say(10 + nth, `${key}-late`);
    hub.turn();
    hub.crash(0);
  }
  hub.note(how, who);
  hub.audit(90, 0);
  return hub.events;
}

/** A writer that repeats its second send before its first. */
function reordered(): HistoryEvent[] {
  const hub = new Recording();
  hub.connect(1, "a");
  for (const id of ["a-1", "a-2"]) hub.say(1, id);
  hub.crash(0);
  hub.connect(2, "a");
  for (const id of ["a-2", "a-1"]) hub.say(2, id);
  hub.turn();
  hub.audit(90, 0);
  return hub.events;
}

const CLEAN: readonly HistoryEvent[] = recorded();

/** Where the first such event stands. */
function at<T extends HistoryEvent["type"]>(type: T, matches: (event: Of<T>) => boolean): number {
  const index = CLEAN.findIndex((event) => event.type === type && matches(event as Of<T>));
  if (index < 0) throw new Error(`the recording has no such ${type}`);
  return index;
}

const receiveOf = (socket: number, seq: number): number =>
  at("receive", (event) => event.socket === socket && event.message.seq === seq);
const ackOf = (socket: number, id: string): number => at("ack", (event) => event.socket === socket && event.id === id);
const pageOf = (socket: number): number => at("page", (event) => event.socket === socket);
const invokeOf = (socket: number, id: string): number =>
  at("invoke", (event) => event.socket === socket && event.id === id);

function eventAt(index: number): HistoryEvent {
  const event = CLEAN[index];
  if (event === undefined) throw new Error(`the recording has no event ${index}`);
  return event;
}

function patched(index: number, patch: (event: never) => Patch): HistoryEvent[] {
  return CLEAN.with(index, { ...CLEAN[index], ...patch(CLEAN[index] as never) } as HistoryEvent);
}

const without = (index: number): HistoryEvent[] => CLEAN.toSpliced(index, 1);
const inserted = (index: number, ...events: HistoryEvent[]): HistoryEvent[] => CLEAN.toSpliced(index, 0, ...events);
const meta = (socket: number, patch: Patch): HistoryEvent[] =>
  patched(pageOf(socket), (page: { meta: object }) => ({ meta: { ...page.meta, ...patch } }));
const rows = (socket: number, change: (messages: unknown[]) => unknown[]): HistoryEvent[] =>
  patched(pageOf(socket), (page: { messages: unknown[] }) => ({ messages: change(page.messages) }));
const swapped = (a: number, b: number): HistoryEvent[] => CLEAN.with(a, eventAt(b)).with(b, eventAt(a));

/** Some events put right behind another. */
function deferred(indices: readonly number[], behind: number): HistoryEvent[] {
  const late = indices.map(eventAt);
  const before = CLEAN.slice(0, behind + 1).filter((event) => !late.includes(event));
  return [...before, ...late, ...CLEAN.slice(behind + 1)];
}

/** A message changed for all who see it, or from one event on. */
function everywhere(seq: number, patch: Patch, from = 0): HistoryEvent[] {
  const change = (shown: { seq: number }): object => (shown.seq === seq ? { ...shown, ...patch } : shown);
  return CLEAN.map((event, index) => {
    if (index < from) return event;
    if ("message" in event) return { ...event, message: change(event.message) } as HistoryEvent;
    return "messages" in event ? ({ ...event, messages: event.messages.map(change) } as HistoryEvent) : event;
  });
}

const present = (connected: readonly string[]): HistoryEvent[] => [
  ...CLEAN.filter(({ type }) => type !== "presence"),
  { type: "presence", connected },
];
const listened = (socket: number, patch: (event: Of<"listened">) => Patch): HistoryEvent[] =>
  patched(
    at("listened", (event) => event.socket === socket),
    patch,
  );
const shows = (event: HistoryEvent, seq: number): boolean => "message" in event && event.message.seq === seq;
const received = (socket: number, shown: Message): HistoryEvent => ({ type: "receive", socket, message: shown });
const refused = (socket: number, id: string): HistoryEvent => ({ type: "refuse", socket, id });
const CRASH = at("close", ({ socket }) => socket === 1);

interface Fault {
  readonly what: string;
  readonly rule: Rule;
  readonly history: readonly HistoryEvent[];
}

const FAULTS: readonly Fault[] = [
  { what: "a row dropped from the log", rule: "R1", history: rows(91, (all) => all.toSpliced(3, 1)) },
  {
    what: "a log that ends too early",
    rule: "R1",
    history: rows(92, (all) => all.slice(0, -1)).filter((event) => !shows(event, 1004) && event.type !== "listened"),
  },
  {
    what: "two rows swapped",
    rule: "R1",
    history: rows(90, (all) => [...all.slice(0, 2), all[3], all[2], ...all.slice(4)]),
  },
  {
    what: "a send stored twice",
    rule: "R2",
    history: rows(91, (all) => all.with(all.length - 1, message(7, "a", "a-3"))),
  },
  { what: "an id used twice", rule: "R3", history: everywhere(8, { id: message(7, "", "").id }) },
  {
    what: "a clock set back",
    rule: "R4",
    history: everywhere(8, { id: "msg-1000-1000000000008", timestamp: new Date(1000).toISOString() }),
  },
  {
    what: "a time that is not the id's",
    rule: "R4",
    history: everywhere(8, { timestamp: new Date(1000).toISOString() }),
  },
  {
    what: "a clock ahead, seen after the message behind it",
    rule: "R4",
    history: everywhere(6, { id: "msg-9999999-1000000000006", timestamp: new Date(9_999_999).toISOString() }).toSpliced(
      CRASH,
      0,
      received(3, message(7, "b", "b-3")),
    ),
  },
  {
    what: "a seq given to another message after the crash",
    rule: "R5",
    history: everywhere(4, { id: "msg-1000004-1000000000099" }, pageOf(91)),
  },
  {
    what: "a send acked at one seq and delivered at another",
    rule: "R6",
    history: inserted(ackOf(4, "a-5"), received(6, message(9, "a", "a-4"))),
  },
  { what: "an acked message gone after the crash", rule: "R7", history: meta(91, { last_seq: 4 }) },
  { what: "an acked message missing at the end", rule: "R7", history: rows(92, (all) => all.slice(0, -1)) },
  {
    what: "a received message gone after the crash",
    rule: "R8",
    history: meta(91, { last_seq: 5 }).toSpliced(CRASH, 0, received(3, message(6, "a", "a-3"))),
  },
  {
    what: "a message seen that never was in the log",
    rule: "R8",
    history: [...CLEAN, received(6, message(1005, "b", "b-4"))],
  },
  { what: "a ring that is one short", rule: "R9", history: meta(4, { first_seq: 2 }) },
  { what: "a gap that is not reported", rule: "R9", history: meta(92, { gap: null }) },
  { what: "two acks for one send", rule: "R10", history: inserted(ackOf(1, "a-1"), eventAt(ackOf(1, "a-1"))) },
  {
    what: "a retry acked with another seq",
    rule: "R11",
    history: patched(ackOf(4, "a-1"), () => ({ message: message(3, "b", "b-1") })),
  },
  { what: "a retry accepted as new", rule: "R12", history: patched(ackOf(4, "a-1"), () => ({ duplicate: false })) },
  {
    what: "a first send called a duplicate",
    rule: "R12",
    history: patched(ackOf(4, "a-5"), () => ({ duplicate: true })),
  },
  {
    what: "a send put before what was seen when it was made",
    rule: "R13",
    history: deferred([invokeOf(4, "a-6"), ackOf(4, "a-6"), receiveOf(5, 10), receiveOf(6, 10)], receiveOf(6, 11)),
  },
  { what: "replies out of order", rule: "R14", history: swapped(ackOf(1, "a-1"), ackOf(1, "a-2")) },
  { what: "two sends of a key in the wrong order", rule: "R14", history: reordered() },
  { what: "a message that nobody sent", rule: "R15", history: everywhere(4, { client_msg_id: "a-nobody" }) },
  { what: "a text changed for everybody", rule: "R16", history: everywhere(4, { text: "other" }) },
  {
    what: "a text changed for one reader",
    rule: "R16",
    history: patched(receiveOf(3, 4), () => ({ message: message(4, "a", "a-2", "other") })),
  },
  {
    what: "an ack with somebody else's message",
    rule: "R16",
    history: patched(ackOf(1, "a-2"), () => ({ message: message(3, "b", "b-1") })),
  },
  { what: "an echo", rule: "R17", history: inserted(ackOf(1, "a-1") + 1, received(1, message(2, "a", "a-1"))) },
  { what: "a message delivered twice", rule: "R18", history: inserted(receiveOf(3, 3), eventAt(receiveOf(3, 3))) },
  { what: "two deliveries swapped", rule: "R18", history: swapped(receiveOf(3, 3), receiveOf(3, 4)) },
  { what: "a delivery lost", rule: "R19", history: without(receiveOf(3, 3)) },
  { what: "a refused send stored", rule: "R20", history: inserted(ackOf(4, "a-4"), refused(4, "a-4")) },
  { what: "a send refused and then delivered", rule: "R20", history: CLEAN.with(ackOf(4, "a-5"), refused(4, "a-5")) },
  {
    what: "a send delivered and then refused",
    rule: "R20",
    history: inserted(receiveOf(6, 9) + 1, refused(4, "a-5")).toSpliced(ackOf(4, "a-5"), 1),
  },
  { what: "a last message that never comes", rule: "R21", history: without(receiveOf(6, 1004)) },
  { what: "a retry that is never answered", rule: "R21", history: without(ackOf(4, "a-1")) },
  { what: "a message of one who had left", rule: "R22", history: met(["b"]) },
  { what: "a message of one who never joined", rule: "R22", history: met(["c"]) },
  { what: "a join of a member", rule: "R22", history: met([], "join", "a") },
  { what: "a leave of one who had left", rule: "R22", history: met([], "leave", "b") },
  { what: "a kick of one who had left", rule: "R22", history: met([], "kick", "b") },
  { what: "a reader that does not find its own send", rule: "R24", history: meta(4, { last_seq: 3 }) },
  { what: "somebody called connected without a socket", rule: "R25", history: present(["a", "b", "r", "l"]) },
  { what: "somebody with a socket called gone", rule: "R25", history: present(["a", "b"]) },
  {
    what: "a listen that skips a message",
    rule: "R23",
    history: listened(80, (event) => ({ messages: event.messages.toSpliced(3, 1) })),
  },
  {
    what: "a listen that says to go on too late",
    rule: "R23",
    history: listened(81, () => ({ next: 1005 })),
  },
  {
    what: "a read position lost",
    rule: "R23",
    history: listened(82, (event) => ({ messages: [message(1000, "a", "a-996"), ...event.messages] })),
  },
  { what: "a resume that starts too late", rule: "R23", history: rows(6, (all) => all.slice(1)) },
  { what: "a resume that ends too early", rule: "R23", history: rows(6, (all) => all.slice(0, -1)) },
  {
    what: "a page that is empty and not the last",
    rule: "R23",
    history: patched(pageOf(92), (page: Of<"page">) => ({ messages: [], meta: { ...page.meta, complete: false } })),
  },
  { what: "a message delivered before the last page", rule: "R23", history: meta(6, { complete: false }) },
  { what: "a newest page with a gap", rule: "R23", history: meta(4, { gap: { from: 1, to: 2, reason: "evicted" } }) },
  { what: "another epoch after the crash", rule: "R26", history: meta(91, { epoch: "other" }) },
];

test("[DUR1] the checker accepts the history of an honest hub", () => {
  expect(checkHistory(CLEAN)).toEqual([]);
  expect(checkHistory(met([]))).toEqual([]);
});

test.each(FAULTS)("[DUR1] the checker finds $what ($rule)", ({ rule, history }) => {
  expect(checkHistory(history).map((violation) => violation.rule)).toContain(rule);
});

test("[DUR1] every rule of the checker has a planted fault", () => {
  const planted = new Set(FAULTS.map(({ rule }) => rule));
  expect(Object.keys(RULES).filter((rule) => !planted.has(rule as Rule))).toEqual([]);
});
