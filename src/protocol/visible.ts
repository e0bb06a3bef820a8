/**
 * How text that others wrote is shown to a person's terminal or a model: everything that could move
 * a cursor, turn the reading direction, hide, or smuggle is written out as `\u{202e}`. The stored
 * text stays verbatim; this is only ever applied when showing.
 */

/**
 * Controls, format characters (bidi, zero-width, tags), lone surrogates, private and unassigned code
 * points, line and paragraph separators, what fonts draw as nothing, and the blank Braille pattern.
 * A well-formed emoji keeps the joiners and selectors inside it.
 */
const UNSEEN = String.raw`[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]`;
const HAS_UNSEEN: RegExp = new RegExp(UNSEEN, "v");
const EMOJI = String.raw`\p{RGI_Emoji_ZWJ_Sequence}|\p{Emoji_Keycap_Sequence}|\p{Basic_Emoji}`;
const EMOJI_OR_UNSEEN: RegExp = new RegExp(`${EMOJI}|${UNSEEN}`, "gv");
const ALL_UNSEEN: RegExp = new RegExp(UNSEEN, "gv");

/** Text of several lines: line breaks and tabs stay, CRLF counts as one break. */
export function showText(text: string): string {
  return text.replaceAll("\r\n", "\n").split("\n").map(showTabbed).join("\n");
}

/** Text inside a line: line breaks and tabs are written out as well. */
export function showLine(text: string): string {
  return HAS_UNSEEN.test(text) ? text.replace(EMOJI_OR_UNSEEN, written) : text;
}

/** How many characters of a text are written out, because nobody would see them. */
export function countUnseen(text: string): number {
  let count = 0;
  for (const [match] of text.matchAll(EMOJI_OR_UNSEEN)) {
    if (match !== "\n" && match !== "\t" && match !== "\r" && written(match) !== match) count++;
  }
  return count;
}

/** JSON that parses to the same value and has nothing unseen in it. */
export function showJson(value: unknown): string {
  return JSON.stringify(value).replace(ALL_UNSEEN, writtenInJson);
}

function showTabbed(line: string): string {
  return line.split("\t").map(showLine).join("\t");
}

/** A match that shows something is an emoji: only those are longer than one unseen code point. */
function written(match: string): string {
  const code = match.codePointAt(0) ?? 0;
  return HAS_UNSEEN.test(String.fromCodePoint(code)) ? `\\u{${code.toString(16)}}` : match;
}

function writtenInJson(match: string): string {
  let units = "";
  for (let at = 0; at < match.length; at++) units += `\\u${match.charCodeAt(at).toString(16).padStart(4, "0")}`;
  return units;
}
