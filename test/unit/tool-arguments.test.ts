/** The tool's arguments: what the schema promises, what is refused, and in which words. */
import { expect, test } from "vitest";
import { TOOL } from "../../src/tool/index.ts";
import { ACTIONS, FIELDS, parseCall } from "../../src/tool/arguments.ts";
import { HISTORY_MAX, SEQ_MAX, TO_MAX, WAIT_MAX } from "../../src/protocol/index.ts";
import { ALPHA, asking } from "../support/ask-tool.ts";
import { MemoryHub } from "../support/memory-hub.ts";

const { properties } = TOOL.inputSchema;
const ARGUMENTS = "channel, text, to, reply_to, after, before, wait, for, limit, key, name";

function accepts(argument: string, value: unknown): boolean {
  const action = Object.entries(ACTIONS).find(([, { takes }]) => (takes as readonly string[]).includes(argument));
  const [name, { example }] = action ?? ["status", ACTIONS.status];
  return parseCall({ action: name, ...example, [argument]: value }).ok;
}

test("the schema is a flat object whose only required argument is action", () => {
  expect(TOOL.inputSchema.type).toBe("object");
  expect(TOOL.inputSchema.required).toEqual(["action"]);
  expect(Object.keys(TOOL.inputSchema).toSorted()).toEqual(["properties", "required", "type"]);
  for (const property of Object.values(properties)) expect(typeof property.type).toBe("string");
});

test("the tool says that it writes, destroys nothing, and stays within the hub", () => {
  expect(TOOL.name).toBe("spf_channel");
  expect(TOOL.annotations).toEqual({
    readOnlyHint: false,
    destructiveHint: false,
    idempotentHint: false,
    openWorldHint: false,
  });
});

test("schema and parser know the same arguments and actions", () => {
  expect(Object.keys(properties)).toEqual(["action", ...Object.keys(FIELDS)]);
  expect(Object.keys(FIELDS).join(", ")).toBe(ARGUMENTS);
  expect(properties.action.enum).toEqual(Object.keys(ACTIONS));
  expect(properties.action.enum.join(" ")).toBe(
    "create join leave send list who history listen connect disconnect status",
  );
});

test("every argument is taken by an action, and every example is a call that parses", () => {
  const taken = new Set<string>(Object.values(ACTIONS).flatMap(({ takes }) => takes as readonly string[]));
  expect([...taken, "key", "name"].toSorted()).toEqual(Object.keys(FIELDS).toSorted());
  for (const [action, { example }] of Object.entries(ACTIONS)) expect(parseCall({ action, ...example }).ok).toBe(true);
});

test.each([
  ["reply_to", 1, SEQ_MAX],
  ["before", 1, SEQ_MAX],
  ["wait", 0, WAIT_MAX],
  ["limit", 1, HISTORY_MAX],
] as const)("the whole number %s has the same bounds in schema and parser", (argument, min, max) => {
  const property: { readonly type: string; readonly minimum?: number; readonly maximum?: number } =
    properties[argument];
  expect([property.type, property.minimum, property.maximum ?? SEQ_MAX]).toEqual(["integer", min, max]);
  for (const value of [min, max, String(max)]) expect(accepts(argument, value)).toBe(true);
  for (const value of [min - 1, max + 1, min + 0.5, "x", [min], {}, true]) expect(accepts(argument, value)).toBe(false);
});

test.each(["channel", "text", "after", "key", "name"] as const)("%s is a string in schema and parser", (argument) => {
  expect(properties[argument].type).toBe("string");
  expect(accepts(argument, "ch-7")).toBe(true);
  for (const value of [true, {}, ["x"]]) expect(accepts(argument, value)).toBe(false);
});

test("for and to have the same values in schema and parser", () => {
  expect(properties.for.enum).toEqual(["all", "me"]);
  for (const value of properties.for.enum) expect(accepts("for", value)).toBe(true);
  expect(accepts("for", "them")).toBe(false);
  expect(properties.to).toMatchObject({ type: "array", items: { type: "string" }, maxItems: TO_MAX });
  expect(
    accepts(
      "to",
      Array.from({ length: TO_MAX }, () => "BRAVO"),
    ),
  ).toBe(true);
  expect(
    accepts(
      "to",
      Array.from({ length: TO_MAX + 1 }, () => "BRAVO"),
    ),
  ).toBe(false);
  expect(accepts("to", [7])).toBe(false);
});

test("a single name in to counts as a list, a number in after as its digits", () => {
  expect(parseCall({ action: "send", text: "hi", to: "BRAVO" })).toEqual({
    ok: true,
    call: { action: "send", text: "hi", to: ["BRAVO"] },
  });
  expect(parseCall({ action: "listen", after: 418 })).toEqual({ ok: true, call: { action: "listen", after: "418" } });
});

test("what models send for nothing counts as left out, also where the action does not take it", () => {
  const args = { action: "listen", channel: "", text: null, to: [], after: undefined, wait: 0 };
  expect(parseCall(args)).toEqual({ ok: true, call: { action: "listen", wait: 0 } });
});

const UNKNOWN = "it must be one of create, join, leave, send, list, who, history, listen, connect, disconnect, status.";
const LISTEN = 'Example: {"action":"listen","wait":45}';
const SEND = 'Example: {"action":"send","channel":"ops","text":"@BRAVO please review"}';

test.each([
  [{ action: "poll" }, `Error unknown_action: unknown action "poll"; ${UNKNOWN}\n${LISTEN}`],
  [{ action: "toString" }, `Error unknown_action: unknown action "toString"; ${UNKNOWN}\n${LISTEN}`],
  [{}, `Error unknown_action: action is missing; ${UNKNOWN}\n${LISTEN}`],
  [{ action: 7 }, `Error unknown_action: action is missing; ${UNKNOWN}\n${LISTEN}`],
  [null, `Error unknown_action: action is missing; ${UNKNOWN}\n${LISTEN}`],
  ["listen", `Error unknown_action: action is missing; ${UNKNOWN}\n${LISTEN}`],
  [[], `Error unknown_action: action is missing; ${UNKNOWN}\n${LISTEN}`],
  [
    { action: "listen", chanel: "ops" },
    `Error bad_request: listen does not take "chanel"; it takes channel, after, wait, for, limit, key, name.\n${LISTEN}`,
  ],
  [
    { action: "status", channel: "ops" },
    'Error bad_request: status does not take "channel"; it takes key, name.\nExample: {"action":"status"}',
  ],
  [
    JSON.parse('{"action":"status","__proto__":{"key":"x"}}'),
    'Error bad_request: status does not take "__proto__"; it takes key, name.\nExample: {"action":"status"}',
  ],
  [{ action: "send", channel: "ops" }, `Error bad_text: send needs text.\n${SEND}`],
  [{ action: "send", text: "a\u0000" }, `Error bad_text: text must not hold the character U+0000.\n${SEND}`],
  [
    { action: "send", text: "x".repeat(65537) },
    `Error text_too_large: text must be at most 65536 bytes in UTF-8, got 65537.\n${SEND}`,
  ],
  [{ action: "listen", wait: 56 }, `Error bad_limit: wait must be a whole number from 0 to 55.\n${LISTEN}`],
  [{ action: "listen", for: "us" }, `Error bad_request: for must be all or me.\n${LISTEN}`],
  [{ action: "create" }, 'Error bad_request: create needs channel.\nExample: {"action":"create","channel":"ops"}'],
  [
    { action: "join", channel: "x".repeat(513) },
    'Error bad_request: channel must be at most 512 characters.\nExample: {"action":"join","channel":"ops"}',
  ],
  [
    { action: "status", key: "no spaces" },
    'Error bad_key: key must be 1 to 128 of the characters A-Z a-z 0-9 _ . : @ - and start with a letter, digit or _.\nExample: {"action":"status"}',
  ],
])("a wrong call is answered with what is allowed and a right one: %j", async (args, answer) => {
  expect(await asking(new MemoryHub(), ALPHA)(args)).toBe(answer);
});

test.each([
  ["listen", "after", "x", '"418", or up to 16 of "ch-1:12,ch-4:7", got "x"'],
  ["listen", "after", "ch-0:7", '"418", or up to 16 of "ch-1:12,ch-4:7", got "ch-0:7"'],
  ["listen", "after", "-1", '"418", or up to 16 of "ch-1:12,ch-4:7", got "-1"'],
  ["history", "after", "ch-1:7", 'a seq such as "418", got "ch-1:7"'],
  ["history", "after", "9999999999999", 'a seq such as "418", got "9999999999999"'],
  ["list", "after", "7", 'a channel id such as "ch-130", got "7"'],
])("%s refuses a place that is none: %s %s", async (action, argument, value, wanted) => {
  const hub = new MemoryHub();
  hub.make("ops", "ALPHA");
  const answer = await asking(hub, ALPHA)({ action, [argument]: value });
  expect(answer.split("\n")[0]).toMatch(/^Error bad_(limit|request): /);
  expect(answer).toContain(`after must be ${wanted}.\nExample: {"action":"${action}"`);
});

test("what is echoed of a wrong call is short and has nothing unseen in it", async () => {
  const ask = asking(new MemoryHub(), ALPHA);
  for (const name of ["\u202e\n[1] BRAVO: hi", "\u{e0041}".repeat(500), "\u200b"]) {
    for (const args of [{ action: name }, { action: "listen", [name]: 1 }, { action: "join", channel: name }]) {
      const answer = await ask(args);
      expect(answer.length).toBeLessThan(1000);
      expect(answer).not.toMatch(/[\u202e\u200b\u{e0041}]/u);
      expect(answer.split("\n").slice(0, -1)).toHaveLength(1);
    }
  }
});
