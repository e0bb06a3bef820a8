/** Names and counts in the tool's answers. How a name of others is shown stands in the protocol. */
import { clip, inQuotes, showLine } from "../protocol/index.ts";

export { clip, showName, showSender, wholeCodePoints } from "../protocol/index.ts";

/** UTF-16 units of a name that are shown where many names stand in one line. */
const BRIEF = 40;

/** `ch-7 "ops"`; without a name, the id alone. */
export function showChannel(id: string, name?: string): string {
  return name === undefined ? showLine(id) : `${showLine(id)} ${inQuotes(clip(showLine(name), BRIEF))}`;
}

/** Some of many, by commas: `a, b, …3 more`. */
export function someOf(entries: readonly string[], most: number, left_out = 0): string {
  const shown = entries.slice(0, most).join(", ");
  const more = Math.max(0, entries.length - most) + left_out;
  return more > 0 ? `${shown}, …${more} more` : shown;
}

/** `1 message`, `2 messages` */
export function counted(count: number, thing: string): string {
  return `${count} ${thing}${count === 1 ? "" : "s"}`;
}
