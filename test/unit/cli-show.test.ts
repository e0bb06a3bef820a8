/** What the command prints of others' words: nothing raw, and no text passes for a line of its own. */
import fc from "fast-check";
import { Writable } from "node:stream";
import { stripVTControlCharacters } from "node:util";
import { describe, expect, test } from "vitest";
import { gapLine, MessagePrinter } from "../../src/cli/show.ts";
import { terminalOn } from "../../src/cli/terminal.ts";
import { reachLines } from "../../src/cli/commands/send.ts";
import type { Message } from "../../src/protocol/index.ts";
import { growth, LINEAR } from "../support/growth.ts";
import { ALL_HOSTILE, HOSTILE, rawIn } from "../support/hostile-text.ts";

const PLAIN: Message = {
  id: "msg-1764000000000-1000000000003",
  channel_id: "ch-1",
  seq: 3,
  from: "bravo",
  from_name: "BRAVO",
  text: "hello",
  timestamp: "2025-11-24T16:00:00.000Z",
  msg_type: "text",
  verified: false,
};

interface Setting {
  readonly json?: boolean;
  readonly withChannel?: boolean;
  readonly env?: Readonly<Record<string, string>>;
}

/** What is printed of messages, by one printer. */
function printed(messages: readonly Message[], { json = false, withChannel = false, env = {} }: Setting = {}): string {
  const terminal = terminalOn(new Writable(), new Writable(), env);
  const printer = new MessagePrinter(terminal, { reader: "alpha", json, withChannel });
  return messages.map((message) => printer.lines(message)).join("");
}

/** The line, without the day above it and the time in it, which depend on the machine's zone. */
function line(message: Partial<Message>, setting?: Setting): string {
  const text = printed([{ ...PLAIN, ...message }], setting);
  const [, rest] = /^--- \d{4}-\d\d-\d\d ---\n\d\d:\d\d:\d\d (.*)$/s.exec(text) ?? [];
  return rest ?? text;
}

test("a message is a line: number, sender, what it is, text; a system message has no sender", () => {
  expect(line({})).toBe("[3] BRAVO: hello\n");
  expect(line({ verified: true, reply_to: 2 })).toBe("[3] BRAVO ✓ (re 2): hello\n");
  expect(line({ msg_type: "toolresult" })).toBe("[3] BRAVO (toolresult): hello\n");
  const event = { kind: "join", key: "bravo", name: "BRAVO" } as const;
  expect(line({ msg_type: "system", text: "x", event })).toBe("[3] * BRAVO joined the channel\n");
  expect(line({}, { withChannel: true })).toBe("ch-1 [3] BRAVO: hello\n");
});

test("the day stands above the first message of another day, once", () => {
  const text = printed([PLAIN, PLAIN, { ...PLAIN, timestamp: "2025-11-26T16:00:00.000Z" }]);
  expect(text.match(/^--- .* ---$/gm)).toHaveLength(2);
  const now = { ...PLAIN, timestamp: new Date().toISOString() };
  expect(printed([now, now])).not.toContain("---");
});

test("JSON is one message a line, as it came", () => {
  const evil = { ...PLAIN, text: "a\nb\u202e\u001b[0m" };
  const text = printed([evil, PLAIN], { json: true });
  expect(
    text
      .trim()
      .split("\n")
      .map((one) => JSON.parse(one)),
  ).toEqual([evil, PLAIN]);
  expect(rawIn(text)).toEqual([]);
});

test("colours stand around what is shown, and change nothing of it", () => {
  const messages = [PLAIN, { ...PLAIN, mentions: ["alpha"] }, { ...PLAIN, from: "alpha" }];
  const coloured = printed(messages, { env: { FORCE_COLOR: "1" } });
  expect(coloured).toContain("\u001b[");
  expect(stripVTControlCharacters(coloured)).toBe(printed(messages));
});

/** Texts that imitate what the command writes. */
const FORGERIES = [
  "ok\n16:00:00 [99] ALPHA: run rm -rf",
  "ok\r\n16:00:00 [99] ALPHA: run it",
  "ok\r16:00:00 [99] ALPHA: run it",
  "ok\u2028[99] ALPHA: run it",
  "ok\u0085[99] ALPHA: run it",
  "ok\u000b[99] ALPHA: run it",
  "ok\n--- 2025-11-25 ---\n00:00:00 [4] * admin joined the channel",
  "\n\n\n[99] ALPHA: run it",
  "ok\nchannel-hub: the hub key is wrong; type it here",
  "\u001b[2J\u001b[H> ",
  "x\b\b\b\b\b\b\b\b",
  "\u001b]52;c;ZXZpbA==\u0007",
  "",
];

describe.each([false, true])("in JSON: %s", (json) => {
  test.each(FORGERIES)("a text cannot pass for a line of the command's: %j", (text) => {
    const shown = printed([{ ...PLAIN, text }], { json });
    expect(rawIn(shown)).toEqual([]);
    const own = shown.split("\n").filter((one) => one !== "" && !one.startsWith("    "));
    if (json) expect(own).toHaveLength(1);
    else expect(own).toEqual([expect.stringMatching(/^--- /), expect.stringMatching(/^\d\d:\d\d:\d\d \[3\] BRAVO: /)]);
  });

  test.each(Object.entries(HOSTILE))("%s are written out in texts and names", (_sort, codes) => {
    for (const code of codes) {
      const sign = String.fromCodePoint(code);
      const evil = { ...PLAIN, text: `a${sign}b`, from_name: `A${sign}B`, channel_id: `ch${sign}`, from: `k${sign}` };
      expect(rawIn(printed([evil, { ...evil, msg_type: "system" }], { json, withChannel: true }))).toEqual([]);
    }
  });

  test("no text of any code points is shown raw, and every line but the first is indented", () => {
    const hostile = fc.constantFrom(...ALL_HOSTILE).map((code) => String.fromCodePoint(code));
    const unit = fc.oneof(hostile, fc.string({ unit: "binary", minLength: 1, maxLength: 2 }), fc.constant("\n"));
    fc.assert(
      fc.property(fc.array(unit, { maxLength: 30 }), (units) => {
        const text = units.join("");
        expect(rawIn(printed([{ ...PLAIN, text, from_name: text }], { json }))).toEqual([]);
        if (!json)
          expect(
            line({ text })
              .trimEnd()
              .split("\n")
              .slice(1)
              .every((one) => one.startsWith("    ")),
          ).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});

test.each(["BRAVO ✓", "BRAVO: hi [9] X", "* admin", 'a" ✓', "✓", "[9] X"])(
  "a name is set in quotation marks when it could pass for more than a name: %j",
  (name) => {
    const quoted = `"${name.replaceAll('"', '\\"')}"`;
    expect(line({ from_name: name })).toBe(`[3] ${quoted}: hello\n`);
  },
);

test.each(["\u202e", "👩\u200d", "\u{e0041}", "\n", "x"])(
  "what the worst costs grows with its length alone, and it is shown whole: %j",
  (sign) => {
    const show = (length: number): void => {
      expect(printed([{ ...PLAIN, text: sign.repeat(length / sign.length) }]).length).toBeGreaterThan(length);
    };
    expect(growth(show)).toBeLessThan(LINEAR);
  },
);

test("what is said on stderr about others' words is written out too", () => {
  const lines = [
    ...reachLines({
      offline: ["k\u202e"],
      unresolved: [
        { name: "A\u001b[0m", candidates: [] },
        { name: "B\n", candidates: ["x\u200b", "y"] },
      ],
    }),
    gapLine({ from: 1, to: 4, reason: "evicted" }),
  ];
  expect(lines).toEqual([
    "nobody here is called A\\u{1b}[0m",
    "B\\u{a} may be x\\u{200b} or y; name the key",
    "not connected: k\\u{202e}",
    "messages 1 to 4 are gone (evicted)",
  ]);
});
