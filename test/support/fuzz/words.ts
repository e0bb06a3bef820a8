/** What a fuzzer says: values, texts and bytes that parsers get wrong, from dice that a seed repeats. */
import type { Dice } from "../crash/dice.ts";

export function pick<T>(dice: Dice, from: readonly T[]): T {
  return from[dice.roll(0, from.length - 1)] as T;
}

/** True once in `times`. */
export function oneIn(dice: Dice, times: number): boolean {
  return dice.roll(1, times) === 1;
}

const STRINGS = [
  ...["", " ", "0", "-1", "1e9", "50.0", "null", "true", "ch-1", "ch-0", "alpha", "system", "ADMIN", "all", "@alpha"],
  ...["../..", "%00", "\u0000", "\n", "\u001b[2J", "\u202e", "\u200b", "\ufeff", "\ud800", "\udc00x", "日本", "👩‍👩‍👧‍👦"],
  ...["__proto__", "constructor", "toString", "'; DROP TABLE log; --", "<img src=x>", "${7*7}", "{{7*7}}", "\\u0000"],
  ...[
    "ſystem",
    "ＳＹＳＴＥＭ",
    "Ⅷ",
    "ﷺ",
    "i̇",
    "\u{e0041}",
    "\u{10ffff}",
    "a".repeat(64),
    "a".repeat(65),
    "é".repeat(128),
  ],
];
const NUMBERS = [0, -0, 1, -1, 50, 1000, 1001, 0.5, 1e21, 1e308, -1e308, 2 ** 53, 2 ** 53 + 2, 999_999_999_999, 5e-324];

export function text(dice: Dice): string {
  if (oneIn(dice, 3)) return pick(dice, STRINGS);
  if (oneIn(dice, 20)) return pick(dice, STRINGS).repeat(dice.roll(1, 3000)).slice(0, 70_000);
  return Array.from({ length: dice.roll(0, 12) }, () => codePoint(dice)).join("");
}

function codePoint(dice: Dice): string {
  const most = pick(dice, [0x1f, 0x7f, 0x7f, 0x7f, 0x2fff, 0xffff, 0x10ffff]);
  return String.fromCodePoint(dice.roll(0, most));
}

/** Anything that JSON can hold, and some that it cannot. */
export function value(dice: Dice, depth = 0): unknown {
  const sort = dice.roll(0, depth > 3 ? 5 : 8);
  if (sort <= 2) return text(dice);
  if (sort === 3) return pick(dice, NUMBERS);
  if (sort === 4) return pick(dice, [true, false, null]);
  if (sort === 5) return dice.roll(-10, 2000);
  if (sort === 6) return Array.from({ length: dice.roll(0, 25) }, () => value(dice, depth + 1));
  return Object.fromEntries(Array.from({ length: dice.roll(0, 4) }, () => [text(dice), value(dice, depth + 1)]));
}

/** JSON of an object whose fields are mostly right: one is replaced, left out, added or doubled. */
export function almost(dice: Dice, fields: Readonly<Record<string, unknown>>): string {
  const entries = Object.entries(fields).filter(() => !oneIn(dice, 25));
  const changed = entries.map(([name, own]) => [name, oneIn(dice, 10) ? value(dice) : own] as const);
  if (oneIn(dice, 4)) changed.push([pick(dice, [...STRINGS, ...Object.keys(fields)]), value(dice)]);
  const json = `{${changed.map(([name, own]) => `${JSON.stringify(name)}:${JSON.stringify(own)}`).join(",")}}`;
  return oneIn(dice, 8) ? garbled(dice, json) : json;
}

/** The text with a few places cut, doubled, replaced or put in. */
export function garbled(dice: Dice, given: string): string {
  let result = given;
  for (let times = dice.roll(1, 3); times > 0; times--) {
    const at = dice.roll(0, result.length);
    const end = Math.min(result.length, at + dice.roll(0, 6));
    const put = pick(dice, ["", codePoint(dice), result.slice(at, end).repeat(2), '"', "{", "[", "\\", ",", "e", "-"]);
    result = result.slice(0, at) + put + result.slice(end);
  }
  return result;
}

/** A part of a path or query: right, encoded, half encoded or not UTF-8. */
export function urlPart(dice: Dice): string {
  const sort = dice.roll(0, 4);
  if (sort === 0) return encodeURIComponent(text(dice).slice(0, 300).toWellFormed());
  if (sort === 1) return `%${dice.roll(0, 255).toString(16).padStart(2, "0")}`;
  if (sort === 2)
    return pick(dice, ["%", "%z", "%C3%28", "..", ".", "%2e%2e", "+", "&", "=", ";", "//", "%ED%A0%80", "?"]);
  if (sort === 3) return String(pick(dice, [...NUMBERS, "50", "ch-1", "alpha"]));
  return Array.from({ length: dice.roll(0, 8) }, () => String.fromCharCode(dice.roll(0x21, 0x7e))).join("");
}

/** What a header may hold on the wire: visible Latin-1 and spaces. */
export function headerValue(dice: Dice): string {
  const sort = dice.roll(0, 2);
  if (sort === 0) return garbled(dice, pick(dice, HEADERS)).replace(/[^\u0020-\u007e\u00a0-\u00ff]/g, "~");
  return Array.from({ length: dice.roll(0, 60) }, () => String.fromCharCode(dice.roll(0x20, 0x7e))).join("");
}

const HEADERS = [
  'hub=("@method" "@authority" "@path" "@query");created=1764000000;nonce="aaaaaaaaaaaaaaaa";keyid="00";alg="ed25519";tag="channel-hub"',
  "hub=:AAAA:",
  "sha-256=:AAAA:",
  "spf.v1, spf.ticket.eyJ4Ijox.AAAA",
  "Bearer x",
  "https://evil.example",
  "text/event-stream",
  "2026-07-28",
];
