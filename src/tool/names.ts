/**
 * Names in answers. Peers choose them, so a name that holds anything but letters, digits and a few
 * harmless signs stands in quotation marks: outside of those, punctuation and the mark of a proven
 * sender are the tool's own.
 */
import { showLine } from "../protocol/index.ts";

const PLAIN = /^[\p{L}\p{N}_][\p{L}\p{M}\p{N}_.@-]*(?: [\p{L}\p{N}_][\p{L}\p{M}\p{N}_.@-]*)*$/u;
/** UTF-16 units of a name that are shown where many names stand in one line. */
const BRIEF = 40;

/** UTF-16 units of any name: twice what the hub takes, for names with characters written out. */
const LONGEST = 128;

/** `BRAVO`, or `"BRAVO: hi"`. */
export function showName(name: string): string {
  const shown = clip(showLine(name), LONGEST);
  return PLAIN.test(name) && shown === name ? name : inQuotes(shown);
}

/** `BRAVO ✓` for a proven sender. */
export function showSender(name: string, verified: boolean): string {
  return verified ? `${showName(name)} ✓` : showName(name);
}

/** `ch-7 "ops"`; without a name, the id alone. */
export function showChannel(id: string, name?: string): string {
  return name === undefined ? showLine(id) : `${showLine(id)} ${inQuotes(clip(showLine(name), BRIEF))}`;
}

/** Some of many, by commas: `a, b, …3 more`. */
export function someOf(entries: readonly string[], most: number): string {
  const shown = entries.slice(0, most).join(", ");
  return entries.length > most ? `${shown}, …${entries.length - most} more` : shown;
}

/** `1 message`, `2 messages` */
export function counted(count: number, thing: string): string {
  return `${count} ${thing}${count === 1 ? "" : "s"}`;
}

/** The beginning of a text, whole code points, with `…` where it goes on. */
export function clip(text: string, most: number): string {
  return text.length <= most ? text : `${wholeCodePoints(text, most)}…`;
}

/** At most `most` UTF-16 units from the start, never half a surrogate pair. */
export function wholeCodePoints(text: string, most: number): string {
  const cut = text.slice(0, most);
  return cut.isWellFormed() ? cut : cut.slice(0, -1);
}

function inQuotes(shown: string): string {
  return `"${shown.replace(/["\\]/g, (sign) => `\\${sign}`)}"`;
}
