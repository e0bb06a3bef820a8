/** Bodies and queries of the control plane and of the upgrade. */
import { expect, test } from "vitest";
import {
  CONNECT_QUERY,
  CREATE_BODY,
  HISTORY_QUERY,
  JOIN_BODY,
  LEAVE_BODY,
  LIST_QUERY,
  LISTEN_ALL_QUERY,
  parseBody,
  parseQuery,
  READ_BODY,
  type Result,
  SEND_BODY,
  splitQuery,
} from "../../src/protocol/index.ts";

/** The value, or `code text` of the refusal. */
function shown(result: Result<unknown>): unknown {
  return result.ok ? result.value : `${result.refusal.code} ${result.refusal.error}`;
}

const body = (schema: Parameters<typeof parseBody>[0], value: unknown): unknown =>
  shown(parseBody(schema, typeof value === "string" ? value : JSON.stringify(value)));

const who = { channel_id: "ch-1", key: "bravo" };

test.each([
  ["create", CREATE_BODY, { name: "ops", key: "alpha" }, {}],
  ["create", CREATE_BODY, { name: "ops", key: "alpha", name_display: "ALPHA", kind: "human" }, {}],
  ["join", JOIN_BODY, who, {}],
  ["join", JOIN_BODY, { ...who, name: "BRAVO", kind: "agent" }, {}],
  ["leave", LEAVE_BODY, who, {}],
  ["send", SEND_BODY, { ...who, text: "hi" }, { msg_type: "text" }],
  [
    "send",
    SEND_BODY,
    { ...who, name: "B", text: "hi", msg_type: "toolresult", client_msg_id: "i", reply_to: 1, to: ["a"] },
    {},
  ],
  ["read", READ_BODY, { ...who, seq: 9 }, {}],
])("[MEM1] %s takes its fields, a name being optional (%#)", (_, schema, given, defaults) => {
  expect(body(schema, { ...given, unknown: 1 })).toStrictEqual({ ...given, ...defaults });
});

test.each([
  ["create", CREATE_BODY, { key: "alpha" }, "bad_name name is required"],
  ["create", CREATE_BODY, { name: "ops" }, "bad_key key is required"],
  [
    "create",
    CREATE_BODY,
    { name: "ops", key: "alpha", name_display: "" },
    "bad_name name_display must be 1 to 64 characters",
  ],
  ["join", JOIN_BODY, { key: "bravo" }, "bad_request channel_id is required"],
  ["join", JOIN_BODY, { ...who, channel_id: 1 }, "bad_request channel_id must be a string such as ch-1"],
  ["join", JOIN_BODY, { ...who, kind: "robot" }, "bad_request kind must be agent, human or service"],
  ["leave", LEAVE_BODY, { channel_id: "ch-1" }, "bad_key key is required"],
  ["send", SEND_BODY, who, "bad_text text must not be empty"],
  [
    "send",
    SEND_BODY,
    { ...who, text: "x", msg_type: "system" },
    "reserved_msg_type msg_type system is the hub's own; use text or toolresult",
  ],
  ["read", READ_BODY, who, "bad_request seq is required"],
  ["read", READ_BODY, { ...who, seq: -1 }, "bad_request seq must be a whole number from 0 to 999999999999"],
])("%s names the field that is wrong (%#)", (_, schema, given, refusal) => {
  expect(body(schema, given)).toBe(refusal);
});

test("a body that is no JSON object is refused", () => {
  expect(body(JOIN_BODY, "[]")).toBe("bad_request body must be a JSON object");
  expect(body(JOIN_BODY, "null")).toBe("bad_request body must be a JSON object");
  expect(body(JOIN_BODY, "")).toMatch(/^bad_json Invalid JSON: \S/);
  expect(body(JOIN_BODY, "channel_id=ch-1&key=bravo")).toMatch(/^bad_json Invalid JSON: \S/);
});

test("a body's __proto__ gives it nothing", () => {
  expect(body(JOIN_BODY, '{"channel_id":"ch-1","__proto__":{"key":"mallory"}}')).toBe("bad_key key is required");
});

test("a history query has its defaults and its bounds", () => {
  const query = (search: string): unknown => shown(parseQuery(HISTORY_QUERY, search));
  expect(query("")).toEqual({ limit: 50 });
  expect(query("?limit=1000&after=418&before=500&epoch=e")).toEqual({
    limit: 1000,
    after: 418,
    before: 500,
    epoch: "e",
  });
  expect(query("?limit=0")).toBe("bad_limit limit must be a whole number from 1 to 1000");
  expect(query("?limit=1001")).toBe("bad_limit limit must be a whole number from 1 to 1000");
  expect(query("?after=")).toBe("bad_limit after must be a whole number from 0 to 999999999999");
  expect(query("?before=0")).toBe("bad_limit before must be a whole number from 1 to 999999999999");
});

test("a list query has its defaults and its bounds", () => {
  const query = (search: string): unknown => shown(parseQuery(LIST_QUERY, search));
  expect(query("")).toEqual({ limit: 100, cursor: 0 });
  expect(query("?limit=7&cursor=40&key=bravo")).toEqual({ limit: 7, cursor: 40, key: "bravo" });
  expect(query("?limit=1001")).toBe("bad_limit limit must be a whole number from 1 to 1000");
  expect(query("?cursor=x")).toBe("bad_request cursor must be a whole number from 0 to 999999999999");
  expect(query("?key=a%20b")).toMatch(/^bad_key key must be 1 to 128/);
});

test("a connect query takes what the upgrade understands", () => {
  const query = (search: string): unknown => shown(parseQuery(CONNECT_QUERY, search));
  expect(query("?key=alpha")).toEqual({ key: "alpha" });
  const full = { key: "alpha", name: "ALPHA", kind: "agent", after: 5, epoch: "e", frames: "batch", echo: "1" };
  expect(query("?key=alpha&name=ALPHA&kind=agent&after=5&epoch=e&frames=batch&echo=1")).toEqual(full);
  expect(query("?name=ALPHA")).toBe("bad_key key is required");
  expect(query("?key=alpha&frames=many")).toBe("bad_request frames must be single or batch");
  expect(query("?key=alpha&echo=yes")).toBe("bad_request echo must be 0 or 1");
  const longest = "aZ09_-".padEnd(64, "x");
  expect(query(`?key=alpha&instance=${longest}&attempt=7`)).toEqual({ key: "alpha", instance: longest, attempt: 7 });
  for (const instance of ["", "x".repeat(15), "x".repeat(65), "has a space in it", "%C3%A9".repeat(16)])
    expect(query(`?key=alpha&instance=${instance}`), instance).toBe(
      "bad_request instance must be 16 to 64 of the characters A-Z a-z 0-9 _ -",
    );
  expect(query("?key=alpha&attempt=-1")).toBe("bad_request attempt must be a whole number from 0 to 999999999999");
});

test("names in a query are UTF-8, percent-encoded, and + is a space", () => {
  const name = (encoded: string): unknown => {
    const parsed = parseQuery(CONNECT_QUERY, `?key=alpha&name=${encoded}`);
    return parsed.ok ? parsed.value.name : `${parsed.refusal.code} ${parsed.refusal.error}`;
  };
  expect(name("Jos%C3%A9")).toBe("José");
  expect(name("%E6%97%A5%E6%9C%AC")).toBe("日本");
  expect(name("two+words")).toBe("two words");
  expect(name("a%2Bb=c")).toBe("a+b=c");
  const malformed = "bad_request the query has malformed percent-encoding; encode its values as UTF-8";
  for (const broken of ["Jos%E9", "%", "%ZZ", "%C3", "%ED%A0%80"]) expect(name(broken), broken).toBe(malformed);
});

test("the first of repeated names counts, and __proto__ is only a name", () => {
  expect(shown(parseQuery(LIST_QUERY, "?key=first&key=second&__proto__=x&limit=3"))).toEqual({
    limit: 3,
    cursor: 0,
    key: "first",
  });
  expect(splitQuery("?a=1&&b&a=2&c=x=y")).toEqual({
    ok: true,
    value: [
      ["a", "1"],
      ["b", ""],
      ["a", "2"],
      ["c", "x=y"],
    ],
  });
});

test("[LIS1] positions in several channels: each once, sixteen at most, in the one form", () => {
  const after = (value: string): unknown => {
    const read = parseQuery(LISTEN_ALL_QUERY, `?key=bravo&after=${encodeURIComponent(value)}`);
    return read.ok ? read.value.after : `${read.refusal.code} ${read.refusal.error}`;
  };
  const many = (count: number): string => Array.from({ length: count }, (_, at) => `ch-${at + 1}:0`).join(",");
  expect(after("ch-1:12,ch-4:7")).toEqual([
    { channel_id: "ch-1", after: 12 },
    { channel_id: "ch-4", after: 7 },
  ]);
  expect(after("ch-1:123456789012")).toEqual([{ channel_id: "ch-1", after: 123_456_789_012 }]);
  expect(after(many(16))).toHaveLength(16);
  expect(after(many(17))).toBe("bad_limit after must hold at most 16 channels");
  expect(after("ch-1:1,ch-2:1,ch-1:2")).toBe("bad_limit after must hold each channel once");
  for (const value of [
    "",
    ":1",
    "ch-1",
    "ch-1:",
    "ch-1:x",
    "ch-1:1 ",
    "ch-1:1:2",
    "ch-1:1,",
    "ch-1:-1",
    "ch-1:1234567890123",
  ])
    expect(after(value), value).toBe("bad_limit after must be positions such as ch-1:12,ch-4:7");
});

test("what stands before a query, and names without a value or that cannot be decoded, are told as they came", () => {
  expect(splitQuery("?a=1&&b&=c&d=e=f?")).toEqual({
    ok: true,
    value: [
      ["a", "1"],
      ["b", ""],
      ["", "c"],
      ["d", "e=f?"],
    ],
  });
  expect(splitQuery("a=?x&b=1?")).toMatchObject({
    value: [
      ["a", "?x"],
      ["b", "1?"],
    ],
  });
  expect(splitQuery("%ff=1&%61=2")).toMatchObject({
    value: [
      ["%ff", "1"],
      ["a", "2"],
    ],
  });
  expect(shown(splitQuery("a=%ff"))).toContain("bad_request the query has malformed percent-encoding");
});
