/** What the page helps to write: mentions, and the lines that connect an agent. */
import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import { candidatesFor, complete, typedMention } from "../../src/console/completion.ts";
import { agoOf, count, initialsOf, sizeOf } from "../../src/console/format.ts";
import { promptFor, shellQuote, snippetsFor } from "../../src/console/snippets.ts";
import { toJsonl } from "../../src/console/view.ts";

const PEOPLE = [
  { key: "scout", name: "Scout" },
  { key: "scout-2", name: "Scout Two" },
  { key: "builder", name: "Builder" },
  { key: "b-2", name: "Robin" },
];

test("[LIS4] a mention is typed after the start, a space or a sign, and not inside a word", () => {
  expect(typedMention("@sc", 3)).toEqual({ at: 0, typed: "sc" });
  expect(typedMention("hi (@", 5)).toEqual({ at: 4, typed: "" });
  expect(typedMention("ask @scout tw", 13)).toEqual({ at: 4, typed: "scout tw" });
  expect(typedMention("mail@sc", 7)).toBeUndefined();
  expect(typedMention("@sc\nnext", 8)).toBeUndefined();
});

test("candidates are those whose name or key begins so, then those that hold it", () => {
  const names = (typed: string): readonly string[] => candidatesFor(typed, PEOPLE).map(({ name }) => name);
  expect(names("s")).toEqual(["Scout", "Scout Two"]);
  expect(names("b")).toEqual(["Builder", "Robin"]);
  expect(names("two")).toEqual(["Scout Two"]);
  expect(names("")).toEqual(["all", "Builder", "Robin", "Scout", "Scout Two"]);
  expect(names("zzz")).toEqual([]);
});

test("completing puts the name in place of what was typed, and the caret behind it", () => {
  const [scout, two] = PEOPLE;
  if (scout === undefined || two === undefined) throw new Error("there are people");
  expect(complete("hi @sc, look", { at: 3, typed: "sc" }, scout, PEOPLE)).toEqual({
    text: "hi @Scout , look",
    caret: 10,
  });
  expect(complete("@s", { at: 0, typed: "s" }, two, PEOPLE)).toEqual({ text: "@Scout Two ", caret: 11 });
  const twins = [...PEOPLE, { key: "other", name: "SCOUT" }];
  expect(complete("@s", { at: 0, typed: "s" }, scout, twins).text).toBe("@scout ");
});

test("the lines to connect an agent hold this hub's address, key and channel, safe for a shell", () => {
  const key = `it's "odd" $HOME \`x\``;
  const place = { url: "https://hub.example", key, channel_id: "ch-7" };
  const [claude, codex, gemini, curl, library, terminal] = snippetsFor(place);
  for (const snippet of [claude, gemini, curl, terminal]) {
    const echoed = spawnSync("sh", ["-c", `set -- ${snippet?.lines.split("\n")[0]}; printf '%s\\n' "$@"`], {
      encoding: "utf8",
    });
    expect(echoed.status, snippet?.id).toBe(0);
    expect(echoed.stdout, snippet?.id).toContain(key);
  }
  expect(claude?.lines).toMatch(/^claude mcp add --transport http hub https:\/\/hub\.example\/mcp --header /);
  expect(codex?.lines).toContain(`http_headers = { "x-spf-key" = ${JSON.stringify(key)} }`);
  expect(curl?.lines.split("\n").length).toBe(2);
  expect(library?.lines).toContain('hub.connect("ch-7")');
  expect(terminal?.lines).toMatch(/npx channel-hub chat ch-7$/);
  expect(promptFor("ch-7")).toContain("channel ch-7");
});

test("a word for a shell is quoted only where it must be", () => {
  expect(shellQuote("https://hub.example/mcp")).toBe("https://hub.example/mcp");
  expect(shellQuote("a b")).toBe("'a b'");
  expect(shellQuote("it's")).toBe(`'it'\\''s'`);
});

test("sizes, counts, ages and initials read as people say them", () => {
  expect([sizeOf("é"), sizeOf("x".repeat(3400)), sizeOf("x".repeat(65_536))]).toEqual(["2 B", "3.4 KB", "66 KB"]);
  expect([count(1, "message"), count(2, "message")]).toEqual(["1 message", "2 messages"]);
  const now = Date.parse("2026-11-24T12:00:00.000Z");
  const ages = [30_000, 240_000, 3 * 3_600_000, 50 * 3_600_000].map((ms) =>
    agoOf(new Date(now - ms).toISOString(), now),
  );
  expect(ages).toEqual(["just now", "4 min ago", "3 h ago", "2 d ago"]);
  expect(["Ada Lovelace", "scout", "👩‍🚀", "x-1"].map(initialsOf)).toEqual(["AL", "SC", "👩‍🚀", "X1"]);
});

test("an export has one message in JSON a line", () => {
  const said = { from: "alpha", from_name: "ALPHA", text: "two\nlines", msg_type: "text", verified: false } as const;
  const message = { id: "msg-1", channel_id: "ch-1", seq: 1, timestamp: "2026-11-24T12:00:00.000Z", ...said };
  expect(toJsonl([message, message])).toBe(`${JSON.stringify(message)}\n`.repeat(2));
});
