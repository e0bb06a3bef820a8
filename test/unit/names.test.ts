/** Names and keys: what people see of an agent, and who may not be imitated (IDN4). */
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  channelNumber,
  CREATE_BODY,
  isReserved,
  JOIN_BODY,
  parseBody,
  parseCommand,
  quote,
  utf8Length,
} from "../../src/protocol/index.ts";

function nameAs(name: unknown): unknown {
  const parsed = parseCommand(JSON.stringify({ action: "join", name }));
  if (!parsed.ok) return `${parsed.refusal.code} ${parsed.refusal.error}`;
  return parsed.command.action === "join" && parsed.command.name;
}

function keyAs(key: unknown): unknown {
  const parsed = parseBody(JOIN_BODY, JSON.stringify({ channel_id: "ch-1", key }));
  return parsed.ok ? parsed.value.key : `${parsed.refusal.code} ${parsed.refusal.error}`;
}

test.each([
  ["ALPHA", "ALPHA"],
  ["  ALPHA\t", "ALPHA"],
  ["Jose\u0301", "José"],
  ["日本", "日本"],
  ["\u1112\u1161\u11ab", "한"],
  ["👩\u200d🔬", "👩\u200d🔬"],
  ["two words", "two words"],
  ["x".repeat(64), "x".repeat(64)],
  ["😀".repeat(64), "😀".repeat(64)],
  ["e\u0301".repeat(64), "é".repeat(64)],
  [`${" ".repeat(200)}x`, "x"],
])("a name is trimmed and normalised to NFC: %j", (given, name) => {
  expect(nameAs(given)).toBe(name);
});

const LENGTH = "bad_name name must be 1 to 64 characters";
const FORBIDDEN = "bad_name name must not hold control, format or unassigned characters";

test.each([
  ["", LENGTH],
  ["   ", LENGTH],
  ["x".repeat(65), LENGTH],
  ["😀".repeat(65), LENGTH],
  ["x".repeat(100_000), LENGTH],
  ["a\u0000b", FORBIDDEN],
  ["a\nb", FORBIDDEN],
  ["a\u0085b", FORBIDDEN],
  ["a\u2028b", FORBIDDEN],
  ["a\u2029b", FORBIDDEN],
  ["a\u202eb", FORBIDDEN],
  ["a\u200bb", FORBIDDEN],
  ["a\u00adb", FORBIDDEN],
  ["a\u2066b", FORBIDDEN],
  ["a\u0378b", FORBIDDEN],
  ["a\uffffb", FORBIDDEN],
  ["a\u{e0041}b", FORBIDDEN],
  ["a\ud800", "bad_name name must not hold a lone surrogate"],
  [7, "bad_name name must be a string"],
])("a malformed name is refused: %j", (given, refusal) => {
  expect(nameAs(given)).toBe(refusal);
});

test("a name is refused, never cut to fit: the end of one that is too long counts too", () => {
  expect(nameAs(`bob${" ".repeat(600)}x`)).toBe(LENGTH);
});

const RESERVED_NAME = "bad_name name must not be a reserved word (system, hub, admin, all, everyone)";

test.each([
  ["system", "SYSTEM", " System ", "hub", "admin", "all", "everyone"],
  ["ｓｙｓｔｅｍ", "ＡＬＬ", "syﬆem"],
  ["ſyſtem", "𝐚𝐝𝐦𝐢𝐧", "ⓗⓤⓑ", "ᵃˡˡ", "everyoｎe"],
  ["ad\u200dmin", "\u200dhub\u200d", "h\u034fub", "a\ufe0fll", "al\u115fl", "all\u3164", "ad\u180bmin"],
  ["\u3000all\u3000", "admın"],
])("[IDN4] a reserved word is refused as a name, however it is dressed (%#)", (...names) => {
  for (const name of names) expect(nameAs(name), JSON.stringify(name)).toBe(RESERVED_NAME);
});

test.each(["systems", "hub 1", "administrator", "allison", "every one", "the system"])(
  "[IDN4] %s only contains a reserved word",
  (name) => {
    expect(nameAs(name)).toBe(name);
  },
);

test.each([
  ...[
    "Аdmin",
    "Sуstem",
    "Ѕуѕtеm",
    "Admin.",
    "[Admin]",
    "A.d.m.i.n",
    "-hub-",
    "Нub",
    "Channel Hub",
    "channel-hub",
    "Ädmin",
  ],
  ...["Adm1n".replace("1", "і"), "e\u0301veryone", "αll", "@all", "System:", "*hub*", "a|l"],
  ...["ADM1N", "ADMlN", "alI", "@dmin", "4dmin", "$ystem", "adm!n", "ꓢystem", "C h a n n e l Hub", "A d m i n"],
])("[T32] [IDN4] a name that looks like the hub's own is refused: %j", (name) => {
  expect(nameAs(name)).toBe(RESERVED_NAME);
});

test.each(["✓", "BRAVO ✓", "✔ ALPHA", "☑", "EVE✅", "Bob √"])(
  "[T32] [IDN4] a name holds no mark of proof: %j",
  (name) => {
    expect(nameAs(name)).toBe("bad_name name must not hold a check mark, which is the hub's sign of a proven key");
  },
);

test.each(["\u3164", "\u2800", "\u115f\u1160", "\u2800 \u3164"])("[T32] a name shows something: %j", (name) => {
  expect(nameAs(name)).toBe("bad_name name must show something");
});

test.each([
  "Ω≈ç√",
  "Ali",
  "ALI",
  "Ian",
  "Bob A",
  "Adam",
  "Sybil",
  "Hubert",
  "Алла",
  "Система",
  "Ελένη",
  "Channel Hubert",
  "all-hands",
  "hub 1",
])("[IDN4] %s is a name like another", (name) => {
  expect(nameAs(name)).toBe(name);
});

test("[IDN4] the creator's display name may not be reserved; the channel's may", () => {
  const create = (name: string, name_display: string): unknown => {
    const parsed = parseBody(CREATE_BODY, JSON.stringify({ name, key: "alpha", name_display }));
    return parsed.ok ? parsed.value : parsed.refusal.error;
  };
  expect(create("all", "ALPHA")).toEqual({ name: "all", key: "alpha", name_display: "ALPHA" });
  expect(create("ops", "Ｈub")).toBe("name_display must not be a reserved word (system, hub, admin, all, everyone)");
});

const WRONG_KEY =
  "bad_key key must be 1 to 128 of the characters A-Z a-z 0-9 _ . : @ - and start with a letter, digit or _";
const RESERVED_KEY = "bad_key key must not be a reserved word (system, hub, admin, all, everyone)";

test.each([
  ["a", "a"],
  ["_9.:@-Z", "_9.:@-Z"],
  ["x".repeat(128), "x".repeat(128)],
  ["systemd", "systemd"],
  ["", WRONG_KEY],
  ["x".repeat(129), WRONG_KEY],
  [".a", WRONG_KEY],
  ["-a", WRONG_KEY],
  ["@a", WRONG_KEY],
  ["a b", WRONG_KEY],
  ["a\n", WRONG_KEY],
  ["é", WRONG_KEY],
  ["ｓｙｓｔｅｍ", WRONG_KEY],
  ["a/b", WRONG_KEY],
  ["system", RESERVED_KEY],
  ["Everyone", RESERVED_KEY],
  ["ADMIN", RESERVED_KEY],
  [7, "bad_key key must be a string"],
  [undefined, "bad_key key is required"],
])("[IDN4] key %j is read as %j", (given, expected) => {
  expect(keyAs(given)).toBe(expected);
});

test("[IDN4] every accepted name is NFC, trimmed, 1 to 64 code points and not reserved", () => {
  const names = fc.string({ unit: "binary", maxLength: 80 });
  const property = fc.property(names, (given) => {
    const name = nameAs(given);
    if (typeof name !== "string" || name.startsWith("bad_name ")) return;
    expect(name).toBe(given.normalize("NFC").trim());
    expect(Array.from(name).length).toBeLessThanOrEqual(64);
    expect(isReserved(name)).toBe(false);
    expect(name).not.toMatch(/[\p{Cc}\p{Cs}\p{Cn}\p{Zl}\p{Zp}]/u);
  });
  fc.assert(property, { numRuns: 200 });
});

test.each([
  ["ch-1", 1],
  ["ch-999999999", 999_999_999],
  ["ch-0", undefined],
  ["ch-01", undefined],
  ["ch-1000000000", undefined],
  ["CH-1", undefined],
  ["ch-1\n", undefined],
  [" ch-1", undefined],
  ["ch-", undefined],
  ["ch-1/../2", undefined],
])("[IDX4] channel id %j is number %j", (id, number) => {
  expect(channelNumber(id)).toBe(number);
});

test("UTF-8 is counted as the platform encodes it", () => {
  const property = fc.property(fc.string({ unit: "binary", maxLength: 50 }), (text) => {
    expect(utf8Length(text)).toBe(new TextEncoder().encode(text).length);
  });
  fc.assert(property, { numRuns: 500 });
  expect(utf8Length("a\ud800\ud800b\udc00")).toBe(11);
});

test("input in an error text is short, well formed and printable", () => {
  const property = fc.property(fc.string({ unit: "binary", maxLength: 200 }), (input) => {
    const shown = quote(`${input}\ud800`);
    expect(shown.length).toBeLessThanOrEqual(65);
    expect(shown.isWellFormed()).toBe(true);
    expect(shown).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
  });
  fc.assert(property, { numRuns: 300 });
});
