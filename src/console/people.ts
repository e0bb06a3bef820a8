/** Who may be named in a conversation, and how they are shown. Pure. */
import type { Kind, Message, ParticipantDetail } from "../protocol/message.ts";

export interface Face {
  readonly key: string;
  readonly name: string;
  readonly kind: Kind | undefined;
}

/** Names that `@` may be followed by, lower-case, longest first; and which of them are the reader's. */
export interface Mentionable {
  readonly names: readonly string[];
  readonly mine: ReadonlySet<string>;
}

/** By key: the participants, and whoever else has spoken. */
export function facesOf(
  participants: readonly ParticipantDetail[],
  messages: readonly Message[],
): ReadonlyMap<string, Face> {
  const faces = new Map<string, Face>();
  for (const { from, from_name, msg_type } of messages) {
    if (msg_type !== "system") faces.set(from, { key: from, name: from_name, kind: undefined });
  }
  for (const { key, name, kind } of participants) faces.set(key, { key, name, kind });
  return faces;
}

/** Names and keys that `@` may be followed by. */
export function mentionableIn(faces: ReadonlyMap<string, Face>, me: string): Mentionable {
  const names = new Set(["all"]);
  const mine = new Set(["all"]);
  for (const { key, name } of faces.values()) {
    for (const one of [key.toLowerCase(), name.toLowerCase()]) {
      names.add(one);
      if (key === me) mine.add(one);
    }
  }
  return { names: [...names].toSorted((a, b) => b.length - a.length), mine };
}

/** The same until somebody comes, goes or is renamed. */
export function isSameFaces(a: ReadonlyMap<string, Face>, b: ReadonlyMap<string, Face>): boolean {
  if (a.size !== b.size) return false;
  for (const [key, { name, kind }] of a) {
    const other = b.get(key);
    if (other === undefined || other.name !== name || other.kind !== kind) return false;
  }
  return true;
}
