/** Who may be named in a conversation, and how they are shown. Pure. */
import { EVERYONE, fold, AtNames } from "../protocol/mention.ts";
import type { Kind, Message, ParticipantDetail } from "../protocol/message.ts";

export interface Face {
  readonly key: string;
  readonly name: string;
  readonly kind: Kind | undefined;
}

/** What `@` may be followed by, and whom it may mean. */
export interface Mentionable {
  readonly named: AtNames;
  /** By key, and by folded name. */
  readonly keys: ReadonlyMap<string, readonly string[]>;
  readonly me: string;
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

/** Names and keys that `@` may be followed by, read as the hub reads them (LIS4). */
export function mentionableIn(faces: ReadonlyMap<string, Face>, me: string): Mentionable {
  const keys = new Map<string, readonly string[]>();
  for (const { key, name } of faces.values())
    for (const one of new Set([key, fold(name)])) keys.set(one, [...(keys.get(one) ?? []), key]);
  return { named: new AtNames(faces.values()), keys, me };
}

/**
 * Whether `@written` is one of the message's mentions, and one of the reader. `mentions` are those
 * the hub found; undefined for what it has not stored yet.
 */
export function meantBy(
  written: string,
  { keys, me }: Mentionable,
  mentions: readonly string[] | undefined,
): "mine" | "others" | undefined {
  if (fold(written) === EVERYONE) return mentions?.length === 0 ? undefined : "mine";
  const named = [...(keys.get(fold(written)) ?? []), ...(keys.get(written) ?? [])];
  const isFound = (key: string): boolean =>
    mentions === undefined || mentions.includes(key) || mentions.includes(EVERYONE);
  const meant = named.filter(isFound);
  if (meant.length === 0) return undefined;
  return meant.includes(me) ? "mine" : "others";
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
