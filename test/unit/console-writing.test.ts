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

test("the lines to connect an agent hold this hub's address and channel, an identity of their own, and no hub key", () => {
  const place = { url: "https://hub.example", channel_id: "ch-7", mark: "1a2b" };
  const lines = Object.fromEntries(snippetsFor(place).map(({ id, lines: text }) => [id, text]));
  expect(lines["setup"]).toBe("npx -y https://hub.example/channel-hub.tgz setup --channel ch-7");
  expect(lines["terminal"]).toBe("npx -y https://hub.example/channel-hub.tgz chat ch-7");
  const { claude = "", codex = "", gemini = "", opencode = "", curl = "", library } = lines;
  expect(JSON.parse(claude).mcpServers.hub).toEqual({
    type: "http",
    url: "https://hub.example/mcp",
    headers: { "x-spf-key": "${CHANNEL_HUB_KEY}", "x-hub-agent": "claude-1a2b", "x-hub-name": "Claude-1a2b" },
    // Else it is hidden behind a search where tools are many.
    alwaysLoad: true,
  });
  expect(JSON.parse(gemini).mcpServers.hub.headers["x-spf-key"]).toBe("$CHANNEL_HUB_KEY");
  expect(JSON.parse(opencode).mcp.hub.headers["x-spf-key"]).toBe("{env:CHANNEL_HUB_KEY}");
  expect(codex).toContain('http_headers = { "x-hub-agent" = "codex-1a2b", "x-hub-name" = "Codex-1a2b" }');
  const identities = [claude, codex, gemini, opencode].map((text) => /"x-hub-agent"(?::| =) "([^"]+)"/.exec(text)?.[1]);
  expect(new Set(identities).size).toBe(4);
  const [join = "", send] = curl.split("\n");
  const words = spawnSync("sh", ["-c", `set -- ${join}; printf '%s\\n' "$@"`], {
    encoding: "utf8",
    env: { CHANNEL_HUB_KEY: "the key" },
  });
  expect(words.stdout).toContain("x-spf-key: the key\n");
  expect(send).toContain('"key":"scout-1a2b"');
  expect(library).toContain('hub.connect("ch-7")');
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
