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
