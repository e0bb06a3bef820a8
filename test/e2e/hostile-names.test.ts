/** Names and keys that imitate, hide or break: refused at every door, and their harmless neighbours let in. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { Agent, type Answer, call, createChannel, type Json } from "../support/process/agent.ts";
import type { HubProcess } from "../support/process/hub-process.ts";
import { connected, post, startHub, summaryOf } from "./support/hub-calls.ts";
import { endCalmly, expectError, expectRefusal, type Refused, withoutTrace } from "./support/refusals.ts";

let hub: HubProcess;
let id: string;
beforeAll(async () => {
  hub = await startHub();
  id = await createChannel(hub.url);
});
afterAll(() => endCalmly(hub));

const CHARACTERS = "must not hold control, format or unassigned characters";
const LENGTH = "must be 1 to 64 characters";
const RESERVED = "must not be a reserved word (system, hub, admin, all, everyone)";

const BAD_NAMES: readonly (readonly [what: string, name: string, says: string])[] = [
  ["nothing", "", LENGTH],
  ["spaces only", "  \u3000 ", LENGTH],
  ["65 characters", "x".repeat(65), LENGTH],
  ["65 characters beyond the BMP", "🦀".repeat(65), LENGTH],
  ["a megabyte's worth of marks", "e\u0301".repeat(10_000), LENGTH],
  ["NUL", "a\u0000b", CHARACTERS],
  ["a bell", "a\u0007b", CHARACTERS],
  ["a line break", "a\nb", CHARACTERS],
  ["an escape sequence", "\u001b[31mred", CHARACTERS],
  ["DEL", "a\u007f", CHARACTERS],
  ["a C1 control", "a\u009bb", CHARACTERS],
  ["an RTL override", "\u202egnp.exe", CHARACTERS],
  ["an RTL isolate", "a\u2067b", CHARACTERS],
  ["a zero-width space", "a\u200bb", CHARACTERS],
  ["a byte order mark", "a\ufeffb", CHARACTERS],
  ["a soft hyphen", "a\u00adb", CHARACTERS],
  ["a line separator", "a\u2028b", CHARACTERS],
  ["a tag character", "a\u{e0041}b", CHARACTERS],
  ["an unassigned code point", "a\u0378b", CHARACTERS],
  ["a noncharacter", "a\uffff", CHARACTERS],
  ["system", "system", RESERVED],
  ["SYSTEM", "SYSTEM", RESERVED],
  ["Hub", "Hub", RESERVED],
  ["aDmIn", "aDmIn", RESERVED],
  ["all", "all", RESERVED],
  ["Everyone", "Everyone", RESERVED],
  ["admin between spaces", " \u00a0admin\u3000", RESERVED],
  ["fullwidth system", "ｓｙｓｔｅｍ", RESERVED],
  ["mathematical bold admin", "𝐚𝐝𝐦𝐢𝐧", RESERVED],
  ["system with a long s", "ſyſtem", RESERVED],
  ["hub with a zero-width joiner", "h\u200dub", RESERVED],
  ["admin with a variation selector", "ad\ufe0fmin", RESERVED],
  ["all with a grapheme joiner", "a\u034fll", RESERVED],
  ["hub with a Hangul filler", "hub\u3164", RESERVED],
  ["system with a zero-width space", "sys\u200btem", CHARACTERS],
];

test.each(BAD_NAMES)("[T7] [IDN4] the name %s is refused at every door", async (_what, name, says) => {
  await withoutTrace(hub.url, id, () => refusedAsName(name, says));
});

async function refusedAsName(name: string, says: string): Promise<void> {
  const refused = { is: "400 bad_name", says };
  for (const action of ["join", "send"]) {
    expectRefusal(await post(hub.url, action, { channel_id: id, key: "alpha", text: "x", name }), {
      ...refused,
      says: `name ${says}`,
    });
  }
  const creating = await post(hub.url, "create", { name: "ops", key: "alpha", name_display: name });
  expectRefusal(creating, { ...refused, says: `name_display ${says}` });
  if (name.length < 1000) expectRefusal(await upgrade(`key=alpha&name=${encodeURIComponent(name)}`), refused);
  const alpha = await connected(hub.url, id, "key=alpha");
  for (const action of ["join", "send"]) {
    expectError(await alpha.ask({ action, text: "x", name }), { is: "bad_name", says: `name ${says}` });
  }
  await alpha.close();
}

function upgrade(query: string): Promise<Json> {
  return Agent.connect(hub.url, id, query).catch((error: unknown) => error);
}

const NOT_TEXT: readonly unknown[] = [5, true, ["ALPHA"], { name: "ALPHA" }];

test.each(NOT_TEXT)("%j is no name", async (name) => {
  const attempts = [
    post(hub.url, "join", { channel_id: id, key: "alpha", name }),
    post(hub.url, "create", { name, key: "alpha" }),
    post(hub.url, "create", { name: "ops", key: "alpha", name_display: name }),
  ];
  for (const answer of await Promise.all(attempts))
    expectRefusal(answer, { is: "400 bad_name", says: "must be a string" });
});

test("a lone surrogate is no part of a name or key, in a body or a frame", async () => {
  const surrogate = { is: "400 bad_name", says: "name must not hold a lone surrogate" };
  const inBody = (fields: string): Promise<Answer> =>
    call(hub.url, "/api/channel/join", { body: `{"channel_id":"${id}",${fields}}` });
  expectRefusal(await inBody(String.raw`"key":"alpha","name":"\ud800"`), surrogate);
  expectRefusal(await inBody(String.raw`"key":"\udc00"`), { is: "400 bad_key", says: "key must be 1 to 128" });
  const alpha = await connected(hub.url, id, "key=alpha");
  expectError(await alpha.ask(String.raw`{"action":"join","name":"a\ud83d"}`), { ...surrogate, is: "bad_name" });
});

const CHANNEL_NAMES: readonly (readonly [unknown, Refused])[] = [
  [undefined, { is: "400 bad_name", says: "name is required" }],
  ["", { is: "400 bad_name", says: `name ${LENGTH}` }],
  ["x".repeat(65), { is: "400 bad_name", says: `name ${LENGTH}` }],
  ["\u202eevil", { is: "400 bad_name", says: `name ${CHARACTERS}` }],
  ["two\nlines", { is: "400 bad_name", says: `name ${CHARACTERS}` }],
];

test.each(CHANNEL_NAMES)("a channel cannot be called %j", async (name, refused) => {
  expectRefusal(await withoutTrace(hub.url, id, () => post(hub.url, "create", { name, key: "alpha" })), refused);
});

const PATTERN = "key must be 1 to 128 of the characters A-Z a-z 0-9 _ . : @ - and start with a letter, digit or _";
const BAD_KEYS: readonly (readonly [key: unknown, says: string])[] = [
  [undefined, "key is required"],
  [5, "key must be a string"],
  [null, "key is required"],
  [["alpha"], "key must be a string"],
  ["", PATTERN],
  ["x".repeat(129), PATTERN],
  ["a b", PATTERN],
  ["-a", PATTERN],
  [".a", PATTERN],
  ["a/b", PATTERN],
  ["a\u0000", PATTERN],
  ["alpha\n", PATTERN],
  ["alpha\u200d", PATTERN],
  ["ａｌｐｈａ", PATTERN],
  ["system", `key ${RESERVED}`],
  ["SYSTEM", `key ${RESERVED}`],
  ["Hub", `key ${RESERVED}`],
  ["admin", `key ${RESERVED}`],
  ["all", `key ${RESERVED}`],
  ["EveryOne", `key ${RESERVED}`],
];

test.each(BAD_KEYS)("[T7] [IDN4] the key %j is refused at every door", async (key, says) => {
  const refused = { is: "400 bad_key", says };
  await withoutTrace(hub.url, id, async () => {
    for (const action of ["create", "join", "leave", "send", "read"]) {
      expectRefusal(await post(hub.url, action, { channel_id: id, key, name: "x", text: "x", seq: 1 }), refused);
    }
    if (key !== undefined && typeof key !== "string") return;
    const query = key === undefined ? "" : `key=${encodeURIComponent(key)}`;
    expectRefusal(await upgrade(query), refused);
    if (key !== undefined) expectRefusal(await call(hub.url, `/api/channel/list?${query}`), refused);
  });
});

const GOOD_NAMES: readonly (readonly [given: string, shown: string])[] = [
  ["José", "José"],
  ["Jose\u0301", "José"],
  ["  padded\t", "padded"],
  ["👩‍👩‍👧", "👩‍👩‍👧"],
  ["🦀".repeat(64), "🦀".repeat(64)],
  ["systems", "systems"],
  ["the hub", "the hub"],
  ["__proto__", "__proto__"],
  ['<b>O\'Brien</b> "x" \\', '<b>O\'Brien</b> "x" \\'],
  ["';DROP TABLE messages;--", "';DROP TABLE messages;--"],
];

test.each(GOOD_NAMES)("the name %j is shown as %j", async (given, shown) => {
  const room = await createChannel(hub.url, given, "alpha", given);
  const bravo = await connected(hub.url, room, `key=bravo&name=${encodeURIComponent(given)}`);
  expect((await bravo.ask({ action: "send", text: given })).data).toMatchObject({ from_name: shown, text: given });
  expect(await summaryOf(hub.url, room)).toMatchObject({
    name: shown,
    participants: [{ name: shown }, { name: shown }],
  });
});

test.each([
  "_",
  "0",
  "__proto__",
  "constructor",
  "hasOwnProperty",
  "a@b.c:d-e_f",
  "x".repeat(128),
  "f".repeat(64),
  "systems",
])("the key %s is like any other", async (key) => {
  const room = await createChannel(hub.url);
  const agent = await connected(hub.url, room, `key=${key}`);
  expect(await agent.ask({ action: "send", text: "hello" })).toMatchObject({
    type: "ack",
    data: { from: key, from_name: key },
  });
  const addressed = await post(hub.url, "send", { channel_id: room, key: "alpha", text: "x", to: [key] });
  expect(addressed.body).toMatchObject({ delivered: 1, offline: [], unresolved: [], message: { mentions: [key] } });
  expect((await summaryOf(hub.url, room)).participants[1]).toEqual({ key, name: key, connected: true });
});
