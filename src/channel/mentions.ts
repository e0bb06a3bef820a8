/**
 * Whom a message is for: `to`, the author of the message it answers, and `@Name` in its text,
 * resolved to keys when it is sent (LIS4). A name that several carry is their single verified
 * holder's, else nobody's. What is told of it is bounded, whatever names there are.
 */
import { EVERYONE, fold, mentionedIn, AtNames, type Unresolved } from "../protocol/index.ts";
import type { ChannelState, Participant } from "./state.ts";

/** More keys than this are written as everyone's: they can be no others. */
const MENTIONS_MAX = 128;
/** What could not be resolved is told of so many names, */
const UNRESOLVED_MAX = 32;
/** and so many of the keys that carry one. */
const CANDIDATES_MAX = 8;

interface Addressed {
  readonly text: string;
  readonly to: readonly string[] | undefined;
  /** Key of the author of the message that is answered. */
  readonly answered: string | undefined;
}

export interface Mentions {
  readonly mentions: readonly string[];
  readonly unresolved: readonly Unresolved[];
}

const NOBODY: Mentions = { mentions: [], unresolved: [] };

export function resolveMentions(state: ChannelState, sender: string, { text, to, answered }: Addressed): Mentions {
  if (to === undefined && answered === undefined && !text.includes("@")) return NOBODY;
  const names = namesOf(state);
  const keys = new Set<string>();
  const unresolved = new Map<string, Unresolved>();
  const add = (name: string, resolved: Resolved): void => {
    if (Array.isArray(resolved)) noteUnresolved(unresolved, name, resolved);
    else for (const key of resolved === EVERYONE ? state.members : [resolved.key]) keys.add(key);
  };
  for (const target of to ?? []) add(target, resolveTarget(state, names, target.replace(/^@/, "")));
  if (answered !== undefined && state.members.has(answered)) keys.add(answered);
  for (const name of text.includes("@") ? mentionedIn(text, names.named) : [])
    add(name, resolveNamed(state, names, name));
  keys.delete(sender);
  return { mentions: keys.size > MENTIONS_MAX ? [EVERYONE] : [...keys], unresolved: [...unresolved.values()] };
}

function noteUnresolved(unresolved: Map<string, Unresolved>, name: string, carriers: readonly string[]): void {
  if (unresolved.size < UNRESOLVED_MAX) unresolved.set(name, { name, candidates: carriers.slice(0, CANDIDATES_MAX) });
}

/** The key a target stands for: a participant's key, also of one that left, or the name of just one. */
export function resolveTo(state: ChannelState, target: string): string | undefined {
  if (state.participants.has(target)) return target;
  const resolved = namesOf(state).resolve(target.replace(/^@/, ""));
  return Array.isArray(resolved) || resolved === EVERYONE ? undefined : resolved.key;
}

/** One participant, everybody, or the keys that came into question. */
type Resolved = Pick<Participant, "key"> | typeof EVERYONE | string[];

/** The members' names, folded, with who carries them. */
interface Names {
  /** What may follow an `@`. */
  readonly named: AtNames;
  resolve(name: string): Resolved;
}

/** Made anew when somebody comes, goes, is renamed or proven: a turn of many sends makes them once. */
const known: WeakMap<ChannelState["roster"], Names> = new WeakMap();

function namesOf(state: ChannelState): Names {
  const made = known.get(state.roster) ?? makeNames(state);
  known.set(state.roster, made);
  return made;
}

function makeNames(state: ChannelState): Names {
  const holders = new Map<string, Participant[]>();
  const members = [...state.participants.values()].filter((participant) => participant.member);
  for (const participant of members) {
    const name = fold(participant.name);
    const others = holders.get(name);
    if (others === undefined) holders.set(name, [participant]);
    else others.push(participant);
  }
  return {
    named: new AtNames(members),
    resolve: (name) => (fold(name) === EVERYONE ? EVERYONE : only(holders.get(fold(name)) ?? [])),
  };
}

function only(holders: readonly Participant[]): Resolved {
  const [first] = holders;
  if (first !== undefined && holders.length === 1) return first;
  const verified = holders.filter((holder) => holder.verified);
  const [single] = verified;
  return single !== undefined && verified.length === 1 ? single : holders.map((holder) => holder.key);
}

/** An entry of `to` is a key first, a name second. */
function resolveTarget(state: ChannelState, names: Names, target: string): Resolved {
  return state.members.has(target) ? { key: target } : names.resolve(target);
}

/** After an `@` stands a name first, a key second. */
function resolveNamed(state: ChannelState, names: Names, name: string): Resolved {
  const resolved = names.resolve(name);
  return Array.isArray(resolved) && state.members.has(name) ? { key: name } : resolved;
}
