/** What texts, names and keys may hold. Unicode facts come from the language itself. */

/** Keys and names that would pass for the hub's own or for a group. */
const RESERVED: ReadonlySet<string> = new Set(["system", "hub", "admin", "all", "everyone"]);

/** Agent keys: URL-safe, start with a word character, at most 128 characters. */
export const KEY_PATTERN: RegExp = /^[A-Za-z0-9_][A-Za-z0-9_.:@-]{0,127}$/;
/** Ids a client gives to its sends: printable ASCII without space. */
export const CLIENT_MSG_ID_PATTERN: RegExp = /^[\x21-\x7e]{1,64}$/;
export const CHANNEL_ID_PATTERN: RegExp = /^ch-[1-9]\d{0,8}$/;

/** Controls, surrogates, unassigned, line separators, and format characters but the joiner that emoji need. */
// eslint-disable-next-line no-control-regex -- control characters are what it looks for
const FORBIDDEN_IN_NAME = /[\p{Cc}\p{Cs}\p{Cn}\p{Zl}\p{Zp}]|(?!\u200d)\p{Cf}/u;

/** Whether a key or name imitates a reserved one, seen as a person sees it (IDN4). */
export function isReserved(name: string): boolean {
  const visible = name.replace(/\p{Default_Ignorable_Code_Point}/gu, "").normalize("NFKC");
  return RESERVED.has(visible.toUpperCase().toLowerCase().trim());
}

/** Letters of other scripts that look like those of the reserved words. */
const LOOKS_LIKE: Readonly<Record<string, string>> = {
  ...{ а: "a", е: "e", о: "o", с: "c", ѕ: "s", і: "i", ї: "i", ӏ: "l", у: "y", ү: "y", һ: "h", м: "m", т: "t", в: "b" },
  ...{ п: "n", и: "u", г: "r", ԁ: "d", ь: "b", н: "h", ɑ: "a", ɩ: "i", ѵ: "v" },
  ...{ α: "a", ε: "e", ο: "o", ι: "i", υ: "u", ν: "v", η: "n", τ: "t", μ: "m", γ: "y", ρ: "p", β: "b" },
  ...{ "0": "o", "1": "l", "3": "e", "5": "s", "|": "l" },
  // Lisu and small Cherokee.
  ...{
    ꓢ: "s",
    ꓮ: "a",
    ꓡ: "l",
    ꓲ: "i",
    ꓔ: "t",
    ꓟ: "m",
    ꓰ: "e",
    ꓳ: "o",
    ꓖ: "g",
    ꓣ: "r",
    ꓗ: "k",
    ꓠ: "n",
    ꓓ: "d",
    ꓧ: "h",
    ꓴ: "u",
    ꓐ: "b",
  },
  ...{ ꮪ: "s", ꭺ: "a", ꮇ: "m", ꮮ: "l", ꭼ: "e", ꮋ: "h", ꮖ: "i" },
};
/** Signs that are letters to some eyes, and none to others. */
const SIGNS: Readonly<Record<string, string>> = { "4": "a", "@": "a", $: "s", "!": "i" };
/** The ways in which a name is read: what stands for an l to some is an i to others. */
const READINGS = [LOOKS_LIKE, { ...LOOKS_LIKE, ...SIGNS }, { ...LOOKS_LIKE, ...SIGNS, l: "i", "1": "i", "|": "i" }];
const IMITATED: ReadonlySet<string> = new Set([...RESERVED, "channel hub", "channelhub"]);

/** Whether a name would pass for the hub's own: a reserved word in look-alike letters, or with signs around and in it (IDN4). */
export function imitatesHub(name: string): boolean {
  const visible = name
    .replace(/\p{Default_Ignorable_Code_Point}/gu, "")
    .normalize("NFKD")
    .replace(/\p{M}/gu, "");
  // Among small letters, a capital I is an l.
  const tall = /[a-z]/.test(visible) ? [visible.replaceAll("I", "l").toLowerCase()] : [];
  const words = [visible.toUpperCase().toLowerCase(), visible.toLowerCase(), ...tall];
  return words.some((one) => READINGS.some((reading) => IMITATED.has(plainLetters(one, reading))));
}

/** A letter that stands alone before another: a word that was spread out. */
const SPREAD = /(?<=(?:^| )\S) (?=\S(?: |$))/gu;

/** Its letters alone. */
function plainLetters(text: string, reading: Readonly<Record<string, string>>): string {
  return Array.from(text, (sign) => reading[sign] ?? sign)
    .join("")
    .replace(/[^\p{L}\p{N}\s]/gu, "")
    .replace(/\s+/gu, " ")
    .trim()
    .replace(SPREAD, "");
}

/** Signs that look like the mark of a proven key; the square root, which names may hold (SEED §6), only where it stands alone. */
const PROOF_MARK = /[\u2705\u2611\u2713\u2714\u{1f5f8}\u{1f5f9}]|(?<!\S)\u221a(?!\S)/u;

export function hasProofMark(name: string): boolean {
  return PROOF_MARK.test(name);
}

/** Whether nothing of a name could be seen: fillers and blanks pass for no name at all, or for another's. */
export function isInvisible(name: string): boolean {
  return name.replace(/[\p{Default_Ignorable_Code_Point}\p{White_Space}\u2800]/gu, "") === "";
}

export function hasForbiddenCharacter(name: string): boolean {
  return FORBIDDEN_IN_NAME.test(name);
}

/** Number of the channel with this id, or undefined for anything that is no channel id. */
export function channelNumber(id: string): number | undefined {
  return CHANNEL_ID_PATTERN.test(id) ? Number(id.slice(3)) : undefined;
}

/** Bytes of `text` in UTF-8. Lone surrogates count three, as U+FFFD would. */
export function utf8Length(text: string): number {
  let bytes = text.length;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit < 0x80) continue;
    if (unit < 0x800) bytes += 1;
    else if (unit >= 0xd800 && unit <= 0xdbff && isLow(text.charCodeAt(at + 1))) {
      bytes += 2;
      at++;
    } else bytes += 2;
  }
  return bytes;
}

function isLow(unit: number): boolean {
  return unit >= 0xdc00 && unit <= 0xdfff;
}

/** Whether `text` takes more than `limit` bytes; most texts are so short that nothing is counted. */
export function isLongerThan(text: string, limit: number): boolean {
  if (text.length > limit) return true;
  if (text.length * 3 <= limit) return false;
  return utf8Length(text) > limit;
}

/** What of a peer's input may stand in an error text: short, well formed, printable. */
export function quote(input: string): string {
  const short = input.length > REQUOTED ? `${input.slice(0, REQUOTED)}…` : input;
  return short.toWellFormed().replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, "\ufffd");
}

/** Longest piece of input that an error repeats. */
const REQUOTED = 64;
