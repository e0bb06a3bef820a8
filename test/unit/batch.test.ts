/** [DUR2] How the messages of a turn lie in storage: few rows, bounded, and exactly what was sent. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { collectPage, type Entry, packRows, ROW_BYTES, ROW_MESSAGES, splitBody } from "../../src/channel/index.ts";
import { FRAME_BYTES, TEXT_BYTES } from "../../src/protocol/index.ts";
import { ChannelFixture, sendOf, START } from "../support/channel-fixture.ts";

/** What a turn of these texts decided, beginning with seq 2. */
function entriesOf(texts: readonly string[]): readonly Entry[] {
  const channel = new ChannelFixture();
  for (const text of texts) channel.decide("alpha", sendOf(text));
  return channel.state.unsaved.entries;
}

const utf8 = (text: string): number => new TextEncoder().encode(text).length;

test("[DUR2] a lone message is one row, keyed by its seq", () => {
  const [entry] = entriesOf(["hi"]);
  const row = {
    seq: 2,
    count: 1,
    ts: START,
    sends: [{ seq: 2, ts: START, from: "alpha", verified: false }],
    body: entry?.json,
  };
  expect(packRows(entriesOf(["hi"]))).toEqual([{ ...row, bytes: expect.any(Number) }]);
});

test("[DUR2] no message is no row", () => {
  expect(packRows([])).toEqual([]);
});

test.each([
  [64, [64]],
  [65, [64, 1]],
  [200, [64, 64, 64, 8]],
])("[DUR2] %i messages of a turn are rows of %j", (messages, rows) => {
  const packed = packRows(entriesOf(Array.from({ length: messages }, (_, at) => `${at}`)));
  expect(packed.map(({ count }) => count)).toEqual(rows);
  expect(packed.map(({ seq }) => seq)).toEqual(rows.map((_, at) => 2 + at * ROW_MESSAGES));
});

test("[DUR2] a row's body is at most 512 KiB of UTF-8, and a row that has room is used", () => {
  const packed = packRows(entriesOf(Array.from({ length: 40 }, () => "日".repeat(Math.floor(TEXT_BYTES / 3)))));
  expect(packed.map(({ count }) => count)).toEqual([7, 7, 7, 7, 7, 5]);
  for (const { body, bytes } of packed) {
    expect(utf8(body)).toBeLessThanOrEqual(bytes);
    expect(bytes).toBeLessThanOrEqual(ROW_BYTES);
  }
});

test("[DUR2] the largest message there can be has a row of its own, which storage takes", () => {
  const worst = "\u0001".repeat(TEXT_BYTES);
  const packed = packRows(entriesOf(["small", worst, worst, "small"]));
  expect(packed.map(({ count }) => count)).toEqual([2, 2]);
  for (const { body } of packed) expect(utf8(body)).toBeLessThan(2_000_000 - FRAME_BYTES);
});

test.each([
  [",\n", "a,\nb", "\n,", ",\n,\n"],
  ['"', '","', '",\n"', '{"a":1},\n{"b":2}', "}\n{"],
  ["\\", "\\n", "\\,\\n", ",\\n"],
  ["\r\n", "\u2028", "\u2029", "\u0085", "\u0000\u0001".slice(1), "日,\n本", "😀,\n😀"],
])("[DUR2] a body is split into exactly what was joined, whatever the texts hold (%#)", (...texts) => {
  const entries = entriesOf(texts);
  const [row] = packRows(entries);
  expect(splitBody(row?.body ?? "")).toEqual(entries.map(({ json }) => json));
});

test("[DUR2] rows hold every message of a turn once, in order, within their bounds", () => {
  const small = fc.oneof(fc.constantFrom(",\n", '"', "\n"), fc.string({ unit: "binary", minLength: 1, maxLength: 30 }));
  const large = fc.constantFrom(1000, 20_000, 60_000, 130_000).map((size) => "x".repeat(size));
  const text = fc.oneof({ weight: 6, arbitrary: small }, { weight: 1, arbitrary: large });
  const property = fc.property(fc.array(text, { maxLength: 150, size: "max" }), (texts) => {
    const entries = entriesOf(texts);
    const rows = packRows(entries);
    expect(rows.flatMap(({ body }) => splitBody(body))).toEqual(entries.map(({ json }) => json));
    for (const row of rows) {
      expect(row.count).toBeLessThanOrEqual(ROW_MESSAGES);
      expect(row.count === 1 || row.bytes <= ROW_BYTES).toBe(true);
      expect(utf8(row.body)).toBeLessThanOrEqual(row.bytes);
    }
  });
  fc.assert(property, { numRuns: 40 });
});

test("[DUR2] what dedupe needs of a send stands beside the body, and nothing of system messages", () => {
  const channel = new ChannelFixture();
  channel.decide("bravo", { action: "join" });
  channel.decide({ key: "bravo", verified: true }, sendOf("one", { client_msg_id: "b-1", to: ["ALPHA"] }));
  channel.decide("alpha", sendOf("two"));
  const [row] = packRows(channel.state.unsaved.entries);
  expect(row).toMatchObject({ seq: 2, count: 3 });
  expect(row?.sends).toEqual([
    { seq: 3, ts: START, from: "bravo", verified: true, id: "b-1", to: ["ALPHA"] },
    { seq: 4, ts: START, from: "alpha", verified: false },
  ]);
});

test("a page is collected from no more rows than it needs", () => {
  const rows = packRows(entriesOf(Array.from({ length: 300 }, (_, at) => `${at}`)));
  let read = 0;
  function* counted(): Iterable<(typeof rows)[number]> {
    for (const row of rows) {
      read++;
      yield row;
    }
  }
  const page = collectPage(counted(), { after: 1, before: 1000, limit: 70, bytes: 1e6, keep: "oldest" });
  expect([page.count, page.last, read]).toEqual([70, 71, 2]);
});
