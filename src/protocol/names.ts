/**
 * Names where people and models read them. Peers choose them, so a name that holds anything but
 * letters, digits and a few harmless signs stands in quotation marks: outside of those, punctuation,
 * the mark of a proven sender and the words of a system line are the hub's own.
 */
import type { ChannelEvent, Message } from "./message.ts";
import { showLine } from "./visible.ts";

const WORD = String.raw`[\p{L}\p{N}_][\p{L}\p{M}\p{N}_.@\-]*`;
const ONE_WORD: RegExp = new RegExp(`^${WORD}$`, "v");
const WORDS: RegExp = new RegExp(`^${WORD}(?: ${WORD})*$`, "v");
/** UTF-16 units of a name that are shown: twice what the hub takes, for names with characters written out. */
const LONGEST = 128;

/** Where a name stands by itself, before a colon or in a list: `BRAVO`, `build bot`, or `"BRAVO: hi"`. */
export function showName(name: string): string {
  return WORDS.test(name) ? nameOrQuoted(name) : inQuotes(clip(showLine(name), LONGEST));
}

/** Inside a sentence, where words of a name would read on as the sentence's: `BRAVO`, or `"build bot"`. */
export function nameInSentence(name: string): string {
  return ONE_WORD.test(name) ? nameOrQuoted(name) : inQuotes(clip(showLine(name), LONGEST));
}

/** `BRAVO ✓` for a proven sender. */
export function showSender(name: string, verified: boolean): string {
  return verified ? `${showName(name)} ✓` : showName(name);
}

/** The same of a message, with the key where others carry that name: `BRAVO ✓ (key 9f…)`. */
export function showAuthor(message: Message): string {
  return showSender(message.from_name, message.verified) + keyBeside(message);
}

/** Without the mark of proof. */
export function showAuthorName(message: Message): string {
  return showName(message.from_name) + keyBeside(message);
}

function keyBeside({ from, namesake }: Pick<Message, "from" | "namesake">): string {
  return namesake ? ` (key ${showLine(from)})` : "";
}

/**
 * What a system message says, from its `event` alone: its text is made of names that peers chose.
 * One without an event, from a hub that sends none, is quoted whole.
 */
export function systemLine({ event, text }: Pick<Message, "event" | "text">): string {
  return event === undefined ? inQuotes(showLine(text)) : sayEvent(event);
}

function sayEvent({ kind, key, name, namesake, by, minutes }: ChannelEvent): string {
  const who = namesake ? `${nameInSentence(name)} (key ${showLine(key)})` : nameInSentence(name);
  switch (kind) {
    case "created":
      return `The channel was created by ${who}`;
    case "join":
      return `${who} joined the channel`;
    case "leave":
      return `${who} left the channel`;
    case "kick":
      return `${who} was removed from the channel${forTime(minutes)}${byWhom(by)}`;
    case "pause":
      return `The channel was paused by ${who}`;
    case "resume":
      return `The channel was resumed by ${who}`;
    case "guard_reset":
      return `The loop guard was reset by ${who}`;
    default:
      // A newer hub's.
      return `${nameInSentence(String(kind))}: ${who}`;
  }
}

function forTime(minutes: number | undefined): string {
  return minutes === undefined ? "" : ` for ${minutes} min`;
}

function byWhom(by: ChannelEvent["by"]): string {
  return by === undefined ? "" : ` by ${nameInSentence(by.name)}`;
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

/** Words of others inside a line: `"a \"b\""`. */
export function inQuotes(shown: string): string {
  return `"${shown.replace(/["\\]/g, (sign) => `\\${sign}`)}"`;
}

/** A name of plain words that shows nothing unseen and is not overlong stands as it is. */
function nameOrQuoted(name: string): string {
  const shown = clip(showLine(name), LONGEST);
  return shown === name ? name : inQuotes(shown);
}
