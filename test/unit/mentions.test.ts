/** [LIS4] Whom a message is for: `to`, the author it answers, and `@Name` in its text. */
import { expect, test, vi } from "vitest";
import type { Caller } from "../../src/channel/index.ts";
import { AtNames, isFor, mentionedIn, type Unresolved } from "../../src/protocol/index.ts";
import { ChannelFixture, messageIn, sendOf, sent } from "../support/channel-fixture.ts";

/** alpha ALPHA, bravo BRAVO, carol Carol, anna Anna, anna-2 "Anna Lee", jose José, nihon 日本. */
function members(): ChannelFixture {
  const channel = new ChannelFixture();
  const names = { bravo: "BRAVO", carol: "Carol", anna: "Anna", "anna-2": "Anna Lee", jose: "José", nihon: "日本" };
  for (const [key, name] of Object.entries(names)) channel.join(key, name);
  return channel;
}

interface Found {
  readonly mentions: readonly string[];
  readonly unresolved: readonly Unresolved[];
}

/** What alpha's text or `to` mentions. */
function mention(text: string, more: Parameters<typeof sendOf>[1] = {}, channel = members()): Found {
  const { mentions, unresolved } = sent(channel.send("alpha", text, more));
  return { mentions, unresolved };
}

const keysIn = (text: string): readonly string[] => mention(text).mentions;

test.each([
  ["@BRAVO hello", ["bravo"]],
  ["hello @BRAVO", ["bravo"]],
  ["hello @bravo, and @cArOl.", ["bravo", "carol"]],
  ["(@BRAVO) [@Carol] '@Anna'", ["bravo", "carol", "anna"]],
  ["-@BRAVO", ["bravo"]],
  ["\n@BRAVO\n", ["bravo"]],
  ["@BRAVO@Carol", ["bravo"]],
  ["@日本さん", []],
  ["こんにちは @日本 。", ["nihon"]],
  ["@JOSÉ and @josé", ["jose"]],
  ["@BRAVO @BRAVO @bravo", ["bravo"]],
  ["@ BRAVO", []],
  ["nobody", []],
])("[LIS4] %j mentions %j", (text, keys) => {
  expect(keysIn(text)).toEqual(keys);
});

test.each(["mail@BRAVO", "x@bravo.example", "9@BRAVO", "_@BRAVO", "é@BRAVO", "日@BRAVO"])(
  "[LIS4] an @ after a word character is none: %j",
  (text) => {
    expect(mention(text)).toEqual({ mentions: [], unresolved: [] });
  },
);

test.each(["@BRAVOs", "@BRAVO2", "@BRAVO_x", "@BRAVO-x", "@BRAVOé"])(
  "[LIS4] a name that goes on is another: %j",
  (text) => {
    expect(mention(text)).toEqual({ mentions: [], unresolved: [{ name: text.slice(1), candidates: [] }] });
  },
);

test.each(["@BRAVO.", "@BRAVO's", "@BRAVO: x", "@BRAVO@x", "@BRAVO/Carol"])(
  "[LIS4] a name may be followed by anything else: %j",
  (text) => {
    expect(keysIn(text)).toContain("bravo");
  },
);

test("[LIS4] the longest name that follows wins", () => {
  expect(keysIn("@Anna Lee: look")).toEqual(["anna-2"]);
  expect(keysIn("@anna lee's")).toEqual(["anna-2"]);
  expect(keysIn("@Anna Leeward")).toEqual(["anna"]);
  expect(keysIn("@Anna  Lee")).toEqual(["anna"]);
});

test.each([
  ["`@BRAVO`", []],
  ["``x ` @BRAVO``", []],
  ["`a` @BRAVO `b`", ["bravo"]],
  ["`@BRAVO", ["bravo"]],
  ["``@BRAVO`", ["bravo"]],
  ["```\n@BRAVO\n```", []],
  ["```\n@BRAVO\n```\n@Carol", ["carol"]],
  ["~~~ts\n@BRAVO\n```\n@Anna\n~~~\n@Carol", ["carol"]],
  ["````\n@BRAVO\n```\n@Anna\n````\n@Carol", ["carol"]],
  ["   ```\n@BRAVO\n   ```\n@Carol", ["carol"]],
  ["```\n@BRAVO and no end", []],
  ["a ``` in prose @BRAVO", ["bravo"]],
])("[LIS4] code mentions nobody: %j mentions %j", (text, keys) => {
  expect(keysIn(text)).toEqual(keys);
});

test("[LIS4] three backticks that close on their line are a span, not a fence", () => {
  expect(keysIn("```one line``` @BRAVO")).toEqual(["bravo"]);
});

test("[LIS4] a fence ends only at a line of its mark and nothing else", () => {
  expect(keysIn("```\n@BRAVO\n```js\n@Anna\n```\n@Carol")).toEqual(["carol"]);
});

test("[LIS4] names are compared case-folded", () => {
  const channel = members();
  channel.join("strasse", "Straße");
  channel.join("sigma", "ΟΔΟΣ");
  expect(mention("@straße @οδος", {}, channel).mentions).toEqual(["strasse", "sigma"]);
});

test("[LIS4] case-folding may change a name's length", () => {
  const channel = new ChannelFixture();
  channel.join("anna", "Große Anna");
  expect(mention("@GROSSE ANNA: look", {}, channel)).toEqual({ mentions: ["anna"], unresolved: [] });
});

test("[LIS4] @all is everyone but the sender, in any case, and not in @allison", () => {
  const everyone = ["bravo", "carol", "anna", "anna-2", "jose", "nihon"];
  for (const text of ["@all", "@ALL: look", "x @All."]) expect(keysIn(text)).toEqual(everyone);
  expect(mention("x", { to: ["all"] }).mentions).toEqual(everyone);
  expect(mention("@allison @all-hands")).toEqual({
    mentions: [],
    unresolved: [
      { name: "allison", candidates: [] },
      { name: "all-hands", candidates: [] },
    ],
  });
});

test("[LIS4] a sender does not mention itself", () => {
  expect(mention("@ALPHA", { to: ["alpha", "ALPHA"] })).toEqual({ mentions: [], unresolved: [] });
});

test("[LIS4] a name held by several is nobody's, and the candidates are told", () => {
  const channel = members();
  channel.join("bravo-2", "bravo");
  const twins = { name: "BRAVO", candidates: ["bravo", "bravo-2"] };
  expect(mention("@BRAVO hi", {}, channel)).toEqual({ mentions: [], unresolved: [twins] });
  expect(mention("x", { to: ["BRAVO"] }, channel)).toEqual({ mentions: [], unresolved: [twins] });
});

test("[T35] [LIS4] a name held by several is its verified holder's, of these the one's who proved it first", () => {
  const channel = members();
  channel.join({ key: "bravo-2", verified: true }, "bravo");
  expect(mention("@BRAVO", {}, channel)).toEqual({ mentions: ["bravo-2"], unresolved: [] });
  channel.join({ key: "bravo-3", verified: true }, "Bravo");
  expect(mention("@BRAVO", {}, channel)).toEqual({ mentions: ["bravo-2"], unresolved: [] });
  // Who comes back under the name it had still had it first; who took it for a while lost it.
  channel.leave({ key: "bravo-2", verified: true });
  expect(mention("@BRAVO", {}, channel)).toEqual({ mentions: ["bravo-3"], unresolved: [] });
  channel.join({ key: "bravo-2", verified: true });
  channel.reload();
  expect(mention("@BRAVO", {}, channel)).toEqual({ mentions: ["bravo-2"], unresolved: [] });
  channel.join({ key: "bravo-2", verified: true }, "Other");
  channel.join({ key: "bravo-2", verified: true }, "Bravo");
  expect(mention("@BRAVO", {}, channel)).toEqual({ mentions: ["bravo-3"], unresolved: [] });
});

test("[T35] a message says where its sender's name is another's, who proved it first or claims it as well", () => {
  const channel = members();
  const proven = (key: string): Caller => ({ key, verified: true });
  const marked = (caller: Caller | string): unknown => messageIn(channel.send(caller, "hi")).namesake;
  expect(marked("bravo")).toBeUndefined();
  channel.join(proven("real"), "Delta");
  expect(marked(proven("real"))).toBeUndefined();
  expect(channel.join(proven("fresh"), "DELTA").entry?.message.event).toMatchObject({ key: "fresh", namesake: true });
  expect([marked(proven("fresh")), marked(proven("real"))]).toEqual([true, undefined]);
  channel.leave(proven("real"));
  expect(marked(proven("fresh"))).toBe(true);
  channel.join("delta", "D");
  expect(marked(proven("fresh"))).toBe(true);
  channel.join("bravo-2", "BRAVO");
  expect([marked("bravo"), marked("bravo-2")]).toEqual([true, true]);
});

test("[T31] [LIS4] what is one's claimed key and another's name is neither's; proof decides, and key= says that a key is meant", () => {
  const channel = members();
  const to = (...targets: string[]): readonly string[] => mention("x", { to: targets }, channel).mentions;
  // A key made up to take what is meant for Anna's name.
  channel.join("Anna", "X");
  for (const target of ["Anna", "@Anna"]) expect(to(target)).toEqual([]);
  expect(mention("@Anna", {}, channel)).toEqual({
    mentions: [],
    unresolved: [{ name: "Anna", candidates: ["Anna", "anna"] }],
  });
  expect(to("key=anna")).toEqual(["anna"]);
  expect(to("key=Anna")).toEqual(["Anna"]);
  // And a name made up to take what is meant for a key.
  channel.join("eve", "carol");
  expect(to("carol")).toEqual([]);
  channel.join({ key: "carol", verified: true }, "C");
  expect(to("carol")).toEqual(["carol"]);
  channel.join({ key: "real", verified: true }, "Anna");
  expect(to("Anna")).toEqual(["real"]);
});

test("[LIS4] who left is mentioned no more, and does not share its name", () => {
  const channel = members();
  channel.join({ key: "bravo-2", verified: true }, "BRAVO");
  channel.leave({ key: "bravo-2", verified: true });
  expect(mention("@BRAVO", {}, channel)).toEqual({ mentions: ["bravo"], unresolved: [] });
  channel.leave("bravo");
  expect(mention("@BRAVO", { to: ["bravo"] }, channel)).toMatchObject({
    mentions: [],
    unresolved: [{ name: "bravo" }, { name: "BRAVO" }],
  });
});

test("[LIS4] an entry of `to` is a key or a name, with or without @", () => {
  const channel = members();
  channel.join("bravo-x", "X");
  expect(mention("x", { to: ["bravo-x"] }, channel).mentions).toEqual(["bravo-x"]);
  expect(mention("x", { to: ["@BRAVO", "anna lee", "carol"] }, channel).mentions).toEqual(["bravo", "anna-2", "carol"]);
  expect(mention("x", { to: ["nobody"] }, channel)).toEqual({
    mentions: [],
    unresolved: [{ name: "nobody", candidates: [] }],
  });
});

test("[LIS4] a reply mentions the author it answers, unless it left, is the sender or the hub", () => {
  const channel = members();
  const question = messageIn(channel.send("bravo", "question")).seq;
  expect(mention("answer", { reply_to: question }, channel).mentions).toEqual(["bravo"]);
  const own = channel.state.last_seq;
  expect(mention("again", { reply_to: own }, channel).mentions).toEqual([]);
  expect(mention("welcome", { reply_to: 1 }, channel).mentions).toEqual([]);
  channel.leave("bravo");
  expect(mention("late", { reply_to: question }, channel).mentions).toEqual([]);
});

test("[LIS4] a reply to a message of the same turn finds its author", () => {
  const channel = members();
  channel.decide("bravo", sendOf("question"));
  const answer = channel.decide("alpha", sendOf("answer", { reply_to: channel.state.last_seq }));
  expect(sent(answer).mentions).toEqual(["bravo"]);
});

test("[LIS4] all ways together name each key once, and the message carries them", () => {
  const channel = members();
  const question = messageIn(channel.send("bravo", "question")).seq;
  const outcome = channel.send("alpha", "@BRAVO @Carol @nobody", { to: ["anna", "carol"], reply_to: question });
  expect(messageIn(outcome).mentions).toEqual(["anna", "carol", "bravo"]);
  expect(outcome).toMatchObject({
    mentions: ["anna", "carol", "bravo"],
    unresolved: [{ name: "nobody", candidates: [] }],
  });
});

test("[LIS4] a key may follow an @ as well: where it is nobody's name, and in its own case", () => {
  const channel = members();
  channel.join("twin-1", "Twin");
  channel.join("Twin.2:x", "Twin");
  channel.join("carol.b", "bravo-2");
  expect(mention("@twin-1", {}, channel).mentions).toEqual(["twin-1"]);
  expect(mention("@Twin.2:x.", {}, channel).mentions).toEqual(["Twin.2:x"]);
  expect(mention("@TWIN-1", {}, channel)).toEqual({ mentions: [], unresolved: [{ name: "TWIN-1", candidates: [] }] });
  // A name comes before a key of the same letters, and the longest before both.
  expect(mention("@bravo-2", {}, channel).mentions).toEqual(["carol.b"]);
  expect(mention("@anna-2, @carol.b", {}, channel).mentions).toEqual(["anna-2", "carol.b"]);
});

test.each([
  ["Straße", "@STRASSE", "@straße", "@Strasse"],
  ["ΟΔΟΣ", "@οδος", "@Οδοσ", "@ΟΔΟΣ"],
  ["İstanbul", "@i̇stanbul", "@İSTANBUL"],
  ["ﬁne", "@FINE", "@fine"],
])("[LIS4] the name %s is found in each of its spellings", (name, ...spellings) => {
  const channel = members();
  channel.join("one", name);
  for (const spelling of spellings) expect(mention(`${spelling}!`, {}, channel).mentions).toEqual(["one"]);
});

test("[T41] [LIS4] a thousand of one name in a hundred spellings are told of in a few, with a few candidates", () => {
  const channel = members();
  for (let n = 0; n < 1000; n++) channel.join(`twin-${n}-${"x".repeat(100)}`, "abcdefgh");
  const spellings = Array.from({ length: 100 }, (_, n) =>
    "abcdefgh"
      .split("")
      .map((letter, at) => ((n >> at) & 1 ? letter.toUpperCase() : letter))
      .join(""),
  );
  const { mentions, unresolved } = mention(spellings.map((name) => `@${name}`).join(" "), {}, channel);
  expect(mentions).toEqual([]);
  expect(unresolved.map(({ candidates }) => candidates.length)).toEqual(Array.from({ length: 32 }, () => 8));
  const many = mention(Array.from({ length: 100 }, (_, n) => `@nobody${n}`).join(" "), {}, channel).unresolved;
  expect(many).toHaveLength(32);
});

test("[T41] [LIS4] @all of more than 128 is written as everyone, and is for each of them but its author", () => {
  const channel = members();
  for (let n = 0; n < 200; n++) channel.join(`long-${n}-${"x".repeat(110)}`, `Long ${n}`);
  const message = messageIn(channel.send("alpha", "@all"));
  expect(message.mentions).toEqual(["all"]);
  expect(isFor(message, "bravo")).toBe(true);
  expect(isFor(message, "alpha")).toBe(false);
  expect(JSON.stringify(message).length).toBeLessThan(1000);
});

/** Look-ups that a scan makes among names and keys, whatever the machine. */
function lookUps(text: string, people: readonly { key: string; name: string }[]): number {
  const names = new AtNames(people);
  const has = vi.spyOn(Set.prototype, "has");
  try {
    mentionedIn(text, names);
    return has.mock.calls.length;
  } finally {
    has.mockRestore();
  }
}

test("[T41] [LIS4] what a text costs is bounded by places and lengths, not by names or its own length", () => {
  const people = Array.from({ length: 1000 }, (_, n) => ({ key: `key-${n}`, name: `${"n".repeat((n % 60) + 1)}${n}` }));
  for (const text of [
    "@".repeat(65_536),
    `@${"n".repeat(64)} `.repeat(1000),
    "`".repeat(65_536),
    "``` `` ` ".repeat(7000),
  ])
    expect(lookUps(text, people)).toBeLessThanOrEqual(100 * 2 * 128);
});

test("[LIS4] a leading @ of `to` is taken off, one within is part of the name", () => {
  const channel = members();
  channel.join("mail", "me@home");
  expect(mention("x", { to: ["me@home", "@me@home", "@Anna"] }, channel)).toEqual({
    mentions: ["mail", "anna"],
    unresolved: [],
  });
  expect(mention("x", { to: ["@nobody"] }, channel).unresolved).toEqual([{ name: "@nobody", candidates: [] }]);
});

test("[LIS4] of several with a name the one who proved it first is meant; of none proven, nobody is", () => {
  const channel = members();
  channel.join("twin-1", "Twin");
  channel.join("twin-4", "Twin");
  expect(mention("@Twin", {}, channel)).toEqual({
    mentions: [],
    unresolved: [{ name: "Twin", candidates: ["twin-1", "twin-4"] }],
  });
  channel.join({ key: "twin-2", verified: true }, "Twin");
  expect(mention("@Twin", {}, channel)).toEqual({ mentions: ["twin-2"], unresolved: [] });
  channel.join({ key: "twin-3", verified: true }, "Twin");
  expect(mention("@Twin", {}, channel)).toEqual({ mentions: ["twin-2"], unresolved: [] });
});

test("[LIS4] an answer mentions its author while it is a member", () => {
  const channel = members();
  const { seq } = messageIn(channel.send("bravo", "question"));
  expect(mention("answer", { reply_to: seq }, channel).mentions).toEqual(["bravo"]);
  channel.leave("bravo");
  expect(mention("answer", { reply_to: seq }, channel).mentions).toEqual([]);
});

test.each([
  ["a name of the longest kind, then the next", `@${"n".repeat(64)} @Anna`, ["anna"]],
  ["an unknown name ends before its dots and dashes", "@who... @who-. @Anna", ["anna"]],
  ["spans of different lengths", "`` @BRAVO ` @Carol `` @Anna", ["anna"]],
  ["a span that is never closed is text", "`@BRAVO and ``@Carol", ["bravo", "carol"]],
  ["spans one after the other", "`@BRAVO` @Carol `@Anna` @José", ["carol", "jose"]],
  ["an open fence goes to the end", "@BRAVO\n~~~\n@Carol\n```\n@Anna", ["bravo"]],
  ["a fence closes with as many marks of its kind", "````\n@BRAVO\n```\n@Carol\n````\n@Anna", ["anna"]],
])("[LIS4] %s", (_what, text, keys) => {
  expect(keysIn(text)).toEqual(keys);
});
