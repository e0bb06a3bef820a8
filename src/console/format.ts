/** Times, sizes and counts as people read them, in the reader's own language and time zone. */

const TIME = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const DAY = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long", year: "numeric" });
const SHORT_DAY = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });
const LETTERS = new Intl.Segmenter();
const DAY_MS = 86_400_000;

/** `14:03` */
export function timeOf(timestamp: string): string {
  return TIME.format(new Date(timestamp));
}

/** Date and time to the millisecond, in the reader's zone and in UTC. */
export function instantOf(timestamp: string): string {
  const date = new Date(timestamp);
  return `${date.toLocaleString(undefined, { dateStyle: "full", timeStyle: "long" })}\n${timestamp}`;
}

/** `Today`, `Yesterday`, or the date. */
export function dayOf(timestamp: string, now: number): string {
  const date = new Date(timestamp);
  if (date.toDateString() === new Date(now).toDateString()) return "Today";
  if (date.toDateString() === new Date(now - DAY_MS).toDateString()) return "Yesterday";
  return DAY.format(date);
}

/** Time today, else the day: for lists. */
export function shortTimeOf(timestamp: string, now: number): string {
  const date = new Date(timestamp);
  return date.toDateString() === new Date(now).toDateString() ? TIME.format(date) : SHORT_DAY.format(date);
}

/** `just now`, `4 min ago`, `3 h ago`, `2 d ago` */
export function agoOf(timestamp: string, now: number): string {
  const minutes = Math.floor((now - Date.parse(timestamp)) / 60_000);
  if (minutes < 1) return "just now";
  if (minutes < 60) return `${minutes} min ago`;
  return minutes < 60 * 24 ? `${Math.floor(minutes / 60)} h ago` : `${Math.floor(minutes / (60 * 24))} d ago`;
}

/** `812 B`, `3.4 KB` */
export function sizeOf(text: string): string {
  const bytes = new Blob([text]).size;
  return bytes < 1000 ? `${bytes} B` : `${(bytes / 1000).toFixed(bytes < 10_000 ? 1 : 0)} KB`;
}

/** `1 message`, `3 messages` */
export function count(n: number, thing: string): string {
  return `${n} ${thing}${n === 1 ? "" : "s"}`;
}

/** At most two letters that stand for a name. */
export function initialsOf(name: string): string {
  const words = name.split(/[\s_.:@-]+/u).filter((word) => word !== "");
  const [first = "?", second] = words;
  const letters = second === undefined ? lettersOf(first).slice(0, 2) : [lettersOf(first)[0], lettersOf(second)[0]];
  return letters.join("").toUpperCase();
}

/** As people count them: a letter with its accents, an emoji with its parts. */
function lettersOf(word: string): readonly string[] {
  return Array.from(LETTERS.segment(word), ({ segment }) => segment);
}

/** One of eight hues, always the same for a key. */
export function hueOf(key: string): number {
  // FNV-1a, folded: neighbouring keys fall far apart.
  let hash = 0x811c9dc5;
  for (let at = 0; at < key.length; at++) hash = Math.imul(hash ^ key.charCodeAt(at), 0x01000193);
  return ((hash ^ (hash >>> 15)) >>> 0) % 8;
}

/** What the hub says, as a sentence. */
export function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? "" : "."}`;
}
