/**
 * What every `MessageLog` does, whatever it stores in. `open` gives an empty log. Where a log lives
 * inside something (an object's storage), `within` runs the body of each test there.
 *
 * Entries are made by hand and nothing but types is taken from the core: the suite runs in any runtime.
 */
import { describe, expect, test } from "vitest";
import type { Entry, MessageLog, Page, Range, SendRecord } from "../../src/channel/index.ts";
import type { Message } from "../../src/protocol/index.ts";

type Open = () => MessageLog;
type Within = (body: () => void) => unknown;
type Say = (sentence: string, body: () => void) => void;

const T0 = Date.UTC(2026, 0, 2);
const MINUTE = 60_000;

export function logContract(name: string, open: Open, within: Within = (body) => body()): void {
  const say: Say = (sentence, body) => {
    test(sentence, async () => {
      await within(body);
    });
  };
  describe(name, () => {
    emptyLog(say, open);
    appending(say, open);
    pageBounds(say, open);
    pageBytes(say, open);
    sendRecords(say, open);
    keeping(say, open);
  });
}

interface Made {
  readonly text?: string;
  readonly ts?: number;
  readonly from?: string;
  readonly verified?: boolean;
  readonly id?: string;
  readonly to?: readonly string[];
}

function entryOf(
  seq: number,
  { text = `text ${seq}`, ts = T0, from = "alpha", verified = false, id, to }: Made = {},
): Entry {
  const msg_type = from === "system" ? "system" : "text";
  const base = {
    id: `msg-${ts}-7${String(seq).padStart(12, "0")}`,
    channel_id: "ch-7",
    seq,
    from,
    from_name: from,
    text,
  };
  const message: Message = { ...base, timestamp: new Date(ts).toISOString(), msg_type, verified };
  const send: SendRecord = {
    seq,
    ts,
    from,
    verified,
    ...(id !== undefined && { id }),
    ...(to !== undefined && { to }),
  };
  const json = JSON.stringify(message);
  const entry = { message, json, bytes: utf8(json), ts, members: new Set<string>() };
  return msg_type === "system" ? entry : { ...entry, send };
}

function utf8(text: string): number {
  return new TextEncoder().encode(text).length;
}

/** Appends turns of these sizes, one after the other from seq 1. Returns all entries. */
function appendTurns(log: MessageLog, sizes: readonly number[], made: Made = {}): Entry[] {
  const all: Entry[] = [];
  for (const size of sizes) {
    const turn = Array.from({ length: size }, (_, at) => entryOf(all.length + at + 1, made));
    log.append(turn, made.ts ?? T0);
    all.push(...turn);
  }
  return all;
}

function pageOf(log: MessageLog, range: Partial<Range>): Page {
  return log.page({ after: 0, before: 1_000_000, limit: 1000, bytes: 1024 * 1024, keep: "oldest", ...range });
}

function seqsOf({ messages }: Page): number[] {
  return (JSON.parse(`[${messages}]`) as Message[]).map(({ seq }) => seq);
}

function emptyLog(say: Say, open: Open): void {
  say("a new log has no head, no message and no send", () => {
    const log = open();
    expect(log.head()).toBeUndefined();
    expect(log.message(1)).toBeUndefined();
    expect([...log.sends(0)]).toEqual([]);
    expect(pageOf(log, { after: 5 })).toEqual({ messages: "", count: 0, last: 5 });
    expect(pageOf(log, { keep: "newest" })).toEqual({ messages: "", count: 0, last: 0 });
  });
  say("appending nothing changes nothing", () => {
    const log = open();
    log.append([], T0);
    expect(log.head()).toBeUndefined();
    appendTurns(log, [3]);
    log.append([], T0);
    expect(log.head()).toEqual({ last_seq: 3, last_ts: T0 });
  });
}

function appending(say: Say, open: Open): void {
  say("[ORD1] the head is the newest message's place", () => {
    const log = open();
    appendTurns(log, [1]);
    expect(log.head()).toEqual({ last_seq: 1, last_ts: T0 });
    log.append([entryOf(2), entryOf(3, { ts: T0 + 5 })], T0 + 5);
    expect(log.head()).toEqual({ last_seq: 3, last_ts: T0 + 5 });
  });
  say("each message is found by its seq, as it was written, and no other is", () => {
    const log = open();
    const entries = appendTurns(log, [1, 3, 1, 70, 2]);
    for (const { json, message } of entries) expect(log.message(message.seq)).toBe(json);
    for (const seq of [0, -1, 78, 1_000_000]) expect(log.message(seq)).toBeUndefined();
  });
  say("[DUR2] texts that look like the log's own separators come back exactly", () => {
    const log = open();
    const texts = [",\n", '"},\n{"', "\n,\n", "\\", '"', "\u2028", "\u0001", "日本,\n😀", "'; DROP TABLE log; --"];
    const entries = texts.map((text, at) => entryOf(at + 1, { text }));
    log.append(entries, T0);
    entries.forEach(({ json, message }) => expect(log.message(message.seq)).toBe(json));
    expect(JSON.parse(`[${pageOf(log, {}).messages}]`)).toEqual(entries.map(({ message }) => message));
  });
  say("[DUR2] a turn of more than a row holds is one log all the same", () => {
    const log = open();
    appendTurns(log, [300]);
    appendTurns(open(), [1]);
    expect(seqsOf(pageOf(log, {}))).toHaveLength(300);
    expect(log.head()?.last_seq).toBe(300);
  });
}

/** Every range over a few rows, against a filtered array. */
function pageBounds(say: Say, open: Open): void {
  say("[SOC2] a page is the end of the range that is kept, oldest first, wherever rows begin", () => {
    const log = open();
    const total = appendTurns(log, [1, 4, 1, 2, 5]).length;
    for (let after = 0; after <= total; after++) {
      for (let before = 1; before <= total + 2; before++) {
        for (const limit of [1, 2, 3, 5, total]) checkRange(log, total, { after, before, limit });
      }
    }
  });
  say("[SOC2] a page's JSON is what was appended, joined by commas", () => {
    const log = open();
    const entries = appendTurns(log, [2, 3, 66]);
    const { messages, count, last } = pageOf(log, { after: 1, before: 70 });
    expect(messages.replaceAll(",\n", ",")).toBe(
      entries
        .slice(1, 69)
        .map(({ json }) => json)
        .join(","),
    );
    expect([count, last]).toEqual([68, 69]);
  });
}

function checkRange(log: MessageLog, total: number, range: Pick<Range, "after" | "before" | "limit">): void {
  const wanted = Array.from({ length: total }, (_, at) => at + 1).filter(
    (seq) => seq > range.after && seq < range.before,
  );
  for (const keep of ["oldest", "newest"] as const) {
    const expected = keep === "oldest" ? wanted.slice(0, range.limit) : wanted.slice(-range.limit);
    const page = pageOf(log, { ...range, keep });
    const found = [seqsOf(page), page.count, page.last];
    expect(found, JSON.stringify({ ...range, keep })).toEqual([
      expected,
      expected.length,
      expected.at(-1) ?? range.after,
    ]);
  }
}

function pageBytes(say: Say, open: Open): void {
  say("[SOC2] a page keeps to its bytes of UTF-8, cuts inside a row, and uses the room there is", () => {
    const log = open();
    const entries = appendTurns(log, [1, 6, 2, 9], { text: "日".repeat(50) });
    const most = Math.max(...entries.map((entry) => entry.bytes)) + 2;
    for (const keep of ["oldest", "newest"] as const) {
      for (let bytes = most; bytes < 20 * most; bytes += 97) {
        const page = pageOf(log, { bytes, keep });
        expect(utf8(page.messages)).toBeLessThanOrEqual(bytes);
        expect(page.count).toBeGreaterThanOrEqual(Math.min(18, Math.floor(bytes / most)));
        expect(seqsOf(page)[0]).toBe(keep === "oldest" ? 1 : 19 - page.count);
      }
    }
  });
  say("[SOC2] one message is always given, however large, and then no second", () => {
    const log = open();
    appendTurns(log, [3], { text: "x".repeat(1000) });
    expect(seqsOf(pageOf(log, { bytes: 1 }))).toEqual([1]);
    expect(seqsOf(pageOf(log, { bytes: 1, after: 1 }))).toEqual([2]);
    expect(seqsOf(pageOf(log, { bytes: 1, keep: "newest" }))).toEqual([3]);
    expect(seqsOf(pageOf(log, { bytes: 1, keep: "newest", before: 3 }))).toEqual([2]);
  });
}

function sendRecords(say: Say, open: Open): void {
  say("[DUR3] sends come newest first, with what identifies them, and system messages are none", () => {
    const log = open();
    log.append(
      [entryOf(1, { from: "system" }), entryOf(2, { id: "a-1" }), entryOf(3, { from: "bravo", verified: true })],
      T0,
    );
    log.append([entryOf(4, { id: "a-2", to: ["bravo", "日本"] }), entryOf(5, { to: [] })], T0);
    log.append([entryOf(6, { from: "system" })], T0);
    const common = { ts: T0, from: "alpha", verified: false };
    expect([...log.sends(0)]).toStrictEqual([
      { seq: 5, ...common, to: [] },
      { seq: 4, ...common, id: "a-2", to: ["bravo", "日本"] },
      { seq: 3, ts: T0, from: "bravo", verified: true },
      { seq: 2, ...common, id: "a-1" },
    ]);
  });
  say("[DUR3] sends since a time: all of that instant and later", () => {
    const log = open();
    for (let seq = 1; seq <= 5; seq++) log.append([entryOf(seq, { ts: T0 + seq * 10 })], T0 + seq * 10);
    const since = (ts: number): number[] => [...log.sends(T0 + ts)].map(({ seq }) => seq);
    expect([since(0), since(30), since(31), since(50), since(51)]).toEqual([
      [5, 4, 3, 2, 1],
      [5, 4, 3],
      [5, 4],
      [5],
      [],
    ]);
  });
  say("[DUR3] reading sends may stop early, and begin again", () => {
    const log = open();
    appendTurns(log, [5, 5, 5]);
    for (const { seq } of log.sends(0)) {
      if (seq === 9) break;
    }
    expect([...log.sends(0)]).toHaveLength(15);
  });
}

/** The rows a log may give up are those out of the ring and out of the dedupe window: never others. */
function keeping(say: Say, open: Open): void {
  say("[ORD1] [DUR2] the newest 1000 are kept, whatever the sizes of the turns that brought them", () => {
    const log = open();
    let newest = 0;
    for (let turn = 0; turn < 150; turn++) {
      const ts = T0 + turn * 6 * MINUTE;
      const size = (turn * 37) % 90 || 1;
      log.append(
        Array.from({ length: size }, (_, at) => entryOf(newest + at + 1, { ts })),
        ts,
      );
      newest += size;
      const first = Math.max(1, newest - 999);
      const page = pageOf(log, { after: first - 1 });
      expect([page.count, page.last, seqsOf(page)[0]]).toEqual([newest - first + 1, newest, first]);
    }
  });
  say("[DUR3] what is in the dedupe window is kept beyond the ring, with its text", () => {
    const log = open();
    appendTurns(log, [100, 400, 500], { ts: T0 - 10 * MINUTE });
    for (let seq = 1001; seq <= 3500; seq++) {
      const ts = T0 + Math.floor((seq - 1001) / 10) * 1000;
      log.append([entryOf(seq, { ts, id: `id-${seq}` })], ts);
    }
    const now = T0 + 249_000;
    const since = [...log.sends(now - 5 * MINUTE)].map(({ seq }) => seq);
    expect([since[0], since.at(-1), since.length]).toEqual([3500, 1001, 2500]);
    expect(JSON.parse(log.message(1001) ?? "{}")).toMatchObject({ seq: 1001, text: "text 1001" });
  });
}
