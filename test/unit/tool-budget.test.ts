/** Answers fit their budget, whatever they are about, and say how to get the rest. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { ALPHA, asking, nextOf } from "../support/ask-tool.ts";
import { lengthOf } from "../support/length.ts";
import { MemoryHub } from "../support/memory-hub.ts";

const BUDGET = 8000;

function opsHub(): MemoryHub {
  const hub = new MemoryHub();
  hub.make("ops", "ALPHA", "BRAVO");
  return hub;
}

/** Seqs of the messages in an answer. */
function seqsIn(answer: string): number[] {
  return [...answer.matchAll(/^\[(\d+)\] /gm)].map(([, seq]) => Number(seq));
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, at) => from + at);
}

test("a listen keeps the oldest, says how many more there are, and its next calls lead through all", async () => {
  const hub = opsHub();
  const ask = asking(hub, ALPHA);
  for (let at = 0; at < 300; at++) hub.say("ch-1", "bravo", `number ${at} ${"x".repeat(90)}`);
  const seen: number[] = [];
  let call: Readonly<Record<string, unknown>> = { action: "listen", channel: "ops", after: "2", limit: 200 };
  for (let page = 0; seen.length < 300 && page < 20; page++) {
    const answer = await ask(call);
    const seqs = seqsIn(answer);
    const left = 200 - seqs.length;
    if (page === 0) expect(answer).toContain(`\n…${left} more, at least\n`);
    expect(answer.length).toBeLessThanOrEqual(BUDGET);
    seen.push(...seqs);
    call = nextOf(answer);
  }
  expect(seen).toEqual(range(3, 302));
  expect(call).toEqual({ action: "listen", channel: "ch-1", after: "302", limit: 200, wait: 45 });
});

test("a history keeps the newest, says how many are earlier, and the calls it names lead back to the first", async () => {
  const hub = opsHub();
  const ask = asking(hub, ALPHA);
  for (let at = 0; at < 300; at++) hub.say("ch-1", "bravo", `number ${at} ${"x".repeat(90)}`);
  const seen: number[] = [];
  let call: Readonly<Record<string, unknown>> = { action: "history", channel: "ops", limit: 200 };
  for (let earlier = "again"; earlier !== "";) {
    const answer = await ask(call);
    const seqs = seqsIn(answer);
    const [first = 0] = seqs;
    if (first > 1) expect(answer).toContain(`\n…${first - 1} earlier: `);
    expect(answer.length).toBeLessThanOrEqual(BUDGET);
    seen.unshift(...seqs);
    [, earlier = ""] = /^…\d+ earlier: (.*)$/m.exec(answer) ?? [];
    if (earlier !== "") call = JSON.parse(earlier) as typeof call;
  }
  expect(seen).toEqual(range(1, 302));
});

test("a message longer than an answer is cut, and read on to its last character", async () => {
  const hub = opsHub();
  const ask = asking(hub, ALPHA);
  const text = Array.from({ length: 500 }, (_, at) => `line ${at} 🙂 of a long report`).join("\n");
  hub.say("ch-1", "bravo", text);
  hub.say("ch-1", "bravo", "after it");
  const answer = await ask({ action: "listen", channel: "ops", after: "2" });
  expect(answer.length).toBeLessThanOrEqual(BUDGET);
  expect(answer).toMatch(
    /\n…\d+ more characters of \[3\]: \{"action":"history","channel":"ch-1","after":"2\+\d+","limit":1\}\n/,
  );
  expect(nextOf(answer)).toEqual({ action: "listen", channel: "ch-1", after: "3" });
  let whole = "";
  let page = answer;
  for (;;) {
    const lines = page.split("\n");
    const start = lines.findIndex((line) => line.startsWith("[3] BRAVO: "));
    const end = lines.findIndex((line, at) => at > start && !line.startsWith(" "));
    const part = lines.slice(start, end).join("\n").slice("[3] BRAVO: ".length);
    whole += part.replaceAll("\n |", "\n");
    const [, more] = /^…\d+ more characters of \[3\]: (.*)$/m.exec(page) ?? [];
    if (more === undefined) break;
    page = await ask(JSON.parse(more));
    expect(page.length).toBeLessThanOrEqual(BUDGET);
  }
  expect(whole).toBe(text);
});

test("many channels with much to read are shown in turn, none skipped", async () => {
  const hub = new MemoryHub();
  const ask = asking(hub, ALPHA);
  for (let at = 0; at < 16; at++) {
    const id = hub.make(`room ${at}`, "ALPHA", "BRAVO");
    for (let n = 0; n < 30; n++) hub.say(id, "bravo", `${id} number ${n} ${"x".repeat(60)}`);
  }
  const seen = new Set<string>();
  let call: Readonly<Record<string, unknown>> = { action: "listen" };
  let calls = 0;
  for (; seen.size < 16 * 30 && calls < 20; calls++) {
    const answer = await ask(call);
    expect(answer.length).toBeLessThanOrEqual(BUDGET);
    for (const [said] of answer.matchAll(/ch-\d+ number \d+/g)) {
      expect(seen.has(said)).toBe(false);
      seen.add(said);
    }
    call = { ...nextOf(answer), wait: 0 };
  }
  expect(seen.size).toBe(16 * 30);
  expect(await ask(call)).toMatch(/^Nothing new\./);
});

test.each([
  [{ action: "list" }, /^ch-\d+/gm, 301],
  [{ action: "who", channel: "crowd" }, /\(key [a-z0-9-]+/g, 401],
])("what does not fit into one answer goes on where it ended: %j", async (first, entry, count) => {
  const hub = new MemoryHub();
  const ask = asking(hub, ALPHA);
  for (let at = 0; at < 300; at++) hub.make(`room ${at} ${"x".repeat(50)}`, "BRAVO");
  hub.make("crowd", "BRAVO", ...range(1, 400).map((at) => `Agent-${at}`));
  const seen: string[] = [];
  let call: Readonly<Record<string, unknown>> = first;
  while (call["action"] === first.action) {
    const answer = await ask(call);
    expect(answer.length).toBeLessThanOrEqual(BUDGET);
    const [, ...lines] = answer.split("\n");
    seen.push(...(lines.join("\n").match(entry) ?? []));
    call = nextOf(answer);
  }
  expect(seen).toHaveLength(count);
  expect(new Set(seen).size).toBe(count);
});

test("a send to many who are not there stays one short line", async () => {
  const hub = new MemoryHub();
  hub.make("crowd", "ALPHA", ...range(1, 300).map((at) => `Agent-${at}`));
  const answer = await asking(hub, ALPHA)({ action: "send", text: "@all hello" });
  expect(answer).toMatch(
    /^Sent \[302\] to ch-1 "crowd": reached nobody yet; offline: Agent-1, .*, Agent-10, …290 more\.\nNext: /,
  );
});

test("a host's own budget holds, and one too small to say anything is taken for 4,000", async () => {
  const hub = opsHub();
  for (let at = 0; at < 100; at++) hub.say("ch-1", "bravo", "x".repeat(400));
  const sizes: number[] = [];
  for (const budget of [1, 4000, 20_000]) {
    hub.memories.clear();
    const answer = await asking(hub, ALPHA)({ action: "listen", channel: "ops" }, { budget });
    sizes.push(answer.length);
    expect(answer.length).toBeLessThanOrEqual(Math.max(budget, 4000));
  }
  expect(sizes[0]).toBe(sizes[1]);
  expect(sizes[2]).toBeGreaterThan(15_000);
});

/** The identity that takes the most room in a next call. */
const LONGEST = { key: "k".repeat(128), name: `a${"\u200d".repeat(62)}b` };

test("a cut and the longest identity fit the smallest budget together", async () => {
  const hub = opsHub();
  hub.open("own", LONGEST);
  hub.say("ch-2", LONGEST.key, "x".repeat(9000));
  const answer = await asking(hub)({ action: "history", channel: "ch-2", ...LONGEST }, { budget: 4000 });
  expect(answer.length).toBeLessThanOrEqual(4000);
  const [, more = ""] = /more characters of \[2\]: (.*)\n/.exec(answer) ?? [];
  expect(JSON.parse(more)).toMatchObject({ after: expect.stringMatching(/^1\+\d+$/), ...LONGEST });
});

test("many short messages, each in a minute of its own, fit with their times", async () => {
  const hub = opsHub();
  for (let at = 0; at < 600; at++) {
    hub.now += 60_000;
    hub.say("ch-1", "bravo", "x");
  }
  const answer = await asking(hub, ALPHA)({ action: "listen", channel: "ops", limit: 1000 });
  expect(answer.length).toBeLessThanOrEqual(BUDGET);
});

test("an offset into a message that is gone does not cut the one shown in its place", async () => {
  const hub = opsHub();
  for (let at = 0; at < 1005; at++) hub.say("ch-1", "bravo", `number ${at}`);
  const answer = await asking(hub, ALPHA)({ action: "history", channel: "ops", after: "2+5", limit: 1 });
  expect(answer).toContain("\n[8] BRAVO: number 5\n");
});

test("no texts and names make an answer longer than its budget", async () => {
  const text = fc.oneof(
    fc.string({ unit: "binary", minLength: 1, maxLength: 300 }),
    fc.integer({ min: 1, max: 9000 }).map((length) => "\u202e".repeat(length)),
    fc.integer({ min: 1, max: 9000 }).map((length) => "a\n".repeat(length)),
  );
  const words = fc.array(text, { minLength: 1, maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(words, fc.integer({ min: 4000, max: 9000 }), async (texts, budget) => {
      const hub = opsHub();
      hub.make('"'.repeat(64), "ALPHA", "BRAVO");
      hub.channels.get("ch-1")?.join("long", "🙂".repeat(64));
      texts.forEach((said, at) => hub.say(`ch-${(at % 2) + 1}`, "bravo", said.toWellFormed().replaceAll("\0", "0")));
      const ask = asking(hub);
      const identity = { key: "alpha", name: "👩‍👩‍👧‍👦".slice(0, 8).repeat(8) };
      for (const call of [
        { action: "listen" },
        { action: "listen", channel: "ch-1" },
        { action: "history", channel: "ch-1" },
        { action: "who", channel: "ch-1" },
        { action: "list" },
        { action: "status" },
      ]) {
        const answer = await ask({ ...call, ...identity }, { budget });
        expect(answer.length).toBeLessThanOrEqual(budget);
        expect(() => nextOf(answer)).not.toThrow();
      }
    }),
    { numRuns: lengthOf({ short: 20, long: 60 }) },
  );
});
