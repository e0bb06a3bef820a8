/** The page's own state: the address, what is loaded, what is unread, what is on its way, who is there. */
import { expect, test } from "vitest";
import type { HistoryMeta, Message } from "../../src/protocol/message.ts";
import { changed, type Outgoing, receiptLine, withoutArrived } from "../../src/console/outgoing.ts";
import { facesOf, isSameFaces, meantBy, mentionableIn } from "../../src/console/people.ts";
import { formatRoute, parseRoute, type Route } from "../../src/console/route.ts";
import { append, EMPTY, find, prepend, trim, withGap } from "../../src/console/timeline.ts";
import { countNews, markRead, NOTHING_UNREAD } from "../../src/console/unread.ts";

function message(seq: number, change: Partial<Message> = {}): Message {
  const timestamp = new Date(seq * 1000).toISOString();
  const said = { from: "alpha", from_name: "ALPHA", text: `text ${seq}`, msg_type: "text" } as const;
  return { id: `msg-${seq}`, channel_id: "ch-1", seq, timestamp, verified: false, ...said, ...change };
}

function messages(from: number, to: number): readonly Message[] {
  return Array.from({ length: to - from + 1 }, (_, at) => message(from + at));
}

function meta(first_seq: number, last_seq: number): HistoryMeta {
  return { epoch: "e", first_seq, last_seq, gap: null, complete: true };
}

test.each<[string, Route]>([
  ["#/", { name: "home" }],
  ["#/c/ch-1", { name: "channel", channel_id: "ch-1" }],
  ["#/c/ch-1/418", { name: "channel", channel_id: "ch-1", seq: 418 }],
  ["#/watch/ch-7?ticket=a.b-_%2F", { name: "watch", channel_id: "ch-7", ticket: "a.b-_/" }],
  [
    "#/watch/ch-7/3?ticket=a&title=release%202",
    { name: "watch", channel_id: "ch-7", seq: 3, ticket: "a", title: "release 2" },
  ],
])("the address %s is read and written alike", (hash, route) => {
  expect(parseRoute(hash)).toEqual(route);
  expect(formatRoute(route)).toBe(hash);
});

test.each(["", "#/c/", "#/c/ops", "#/c/ch-0", "#/c/ch-1/x", "#/watch/../x", "#//evil.example", "#javascript:alert(1)"])(
  "an address that means nothing, %s, is home",
  (hash) => expect(parseRoute(hash)).toEqual({ name: "home" }),
);

test("a timeline keeps every message once, whatever is told twice", () => {
  const live = append(append(EMPTY, messages(51, 60)), messages(58, 62));
  const whole = prepend(prepend(live, messages(20, 52), meta(1, 62)), messages(1, 30), meta(1, 62));
  expect(whole.messages.map(({ seq }) => seq)).toEqual(messages(1, 62).map(({ seq }) => seq));
  expect([live.isWhole, whole.isWhole]).toEqual([false, true]);
});

test("nothing older is loaded once the oldest retained message is there", () => {
  const live = append(EMPTY, messages(1500, 1510));
  expect(prepend(live, messages(1401, 1499), meta(1401, 1510)).isWhole).toBe(true);
  expect(prepend(live, messages(1411, 1499), meta(1401, 1510)).isWhole).toBe(false);
});

test("an eviction leaves a gap between; a channel made anew leaves nothing of the old", () => {
  const before = append(EMPTY, messages(1, 5));
  const evicted = withGap(before, { from: 6, to: 9, reason: "evicted" });
  expect(append(evicted, messages(10, 11)).messages.length).toBe(7);
  const anew = withGap(before, { from: 1, to: 80, reason: "epoch_changed" });
  expect(anew).toMatchObject({ messages: [], gaps: [{ to: 80 }] });
});

test("what is let go of is the oldest, and can be loaded again", () => {
  const trimmed = trim(withGap(append(EMPTY, messages(1, 100)), { from: 40, to: 40, reason: "evicted" }), 10);
  expect(trimmed.messages[0]?.seq).toBe(91);
  expect(trimmed).toMatchObject({ isWhole: false, gaps: [] });
  expect(trim(trimmed, 10)).toBe(trimmed);
});

test("a message is found by its number, with and without gaps", () => {
  const gappy = append(append(EMPTY, messages(1, 5)), messages(9, 12));
  expect([3, 9, 12, 7].map((seq) => find(gappy, seq)?.seq)).toEqual([3, 9, 12, undefined]);
});

test("[LIS3] unread are the others' messages after the position, and those that mention the reader", () => {
  const news = [
    message(5, { mentions: ["me"] }),
    message(6, { from: "me" }),
    message(7, { msg_type: "system", from: "system" }),
    message(8),
  ];
  const counted = countNews({ ...NOTHING_UNREAD, read_seq: 4, counted_to: 4 }, news, "me");
  expect(counted).toMatchObject({ count: 2, mentions: [5], counted_to: 8 });
  expect(countNews(counted, news, "me")).toMatchObject({ count: 2, mentions: [5] });
  expect(markRead(counted, 5, news, "me")).toMatchObject({ read_seq: 5, count: 1, mentions: [] });
  expect(markRead(counted, 3, news, "me")).toBe(counted);
});

test("an own message leaves the way out when it appears in the channel", () => {
  const out: readonly Outgoing[] = [
    { id: "a", text: "one", reply_to: undefined, state: "pending" },
    { id: "b", text: "two", reply_to: undefined, state: "pending" },
  ];
  expect(withoutArrived(out, [message(1, { client_msg_id: "a" })]).map(({ id }) => id)).toEqual(["b"]);
  expect(withoutArrived(out, [message(1)])).toBe(out);
  expect(changed(out, "b", { state: "failed" }).map(({ state }) => state)).toEqual(["pending", "failed"]);
});

test("a receipt says in one line whom a message reached", () => {
  const nameOf = (key: string): string => key.toUpperCase();
  expect(receiptLine({ delivered: 2, offline: ["bob"], unresolved: [] }, nameOf)).toBe("Delivered to 2 · offline: BOB");
  const unresolved = [
    { name: "carol", candidates: [] },
    { name: "dan", candidates: ["d-1", "d-2"] },
  ];
  expect(receiptLine({ delivered: 0, offline: [], unresolved }, nameOf)).toBe(
    "Stored; nobody else is connected · nobody is called @carol · @dan is ambiguous: d-1, d-2",
  );
});

test("participants have their newest names, and whoever spoke has one too", () => {
  const bravo = { key: "bravo", name: "BRAVO", connected: true, verified: false, kind: "agent" } as const;
  const rest = { last_seen: "2026-11-24T12:00:00.000Z", unread: 0, read_seq: 0 };
  const faces = facesOf([{ ...bravo, ...rest }], [message(1), message(2, { from: "bravo", from_name: "Old" })]);
  expect([...faces.values()]).toEqual([
    { key: "alpha", name: "ALPHA", kind: undefined },
    { key: "bravo", name: "BRAVO", kind: "agent" },
  ]);
  expect(isSameFaces(faces, new Map(faces))).toBe(true);
  expect(isSameFaces(faces, new Map([...faces, ["alpha", { key: "alpha", name: "New", kind: undefined }]]))).toBe(
    false,
  );
  const mentionable = mentionableIn(faces, "bravo");
  const painted = (written: string, mentions?: string[]): unknown => meantBy(written, mentionable, mentions);
  expect(["alpha", "ALPHA", "bravo", "all", "carol"].map((written) => painted(written))).toEqual([
    ...["others", "others", "mine", "mine"],
    undefined,
  ]);
  // What the hub did not resolve is not painted; a key counts as it is written.
  expect(["alpha", "Alpha", "bravo", "BRAVO"].map((written) => painted(written, ["bravo"]))).toEqual([
    ...[undefined, undefined, "mine", "mine"],
  ]);
  expect([painted("all", []), painted("Alpha", ["all"])]).toEqual([undefined, "others"]);
});
