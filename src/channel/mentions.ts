/**
 * Whom a message is for: `to`, the author of the message it answers, and `@Name` in its text,
 * resolved to keys when it is sent (LIS4). What several carry, as a name or as their key, is the one's
 * who proved it, else nobody's. What is told of it is bounded, whatever names there are.
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
  const add = (name: string, resolved = resolveIn(state, names, name)): void => {
    if (Array.isArray(resolved)) noteUnresolved(unresolved, name, resolved);
    else for (const key of resolved === EVERYONE ? state.members : [resolved.key]) keys.add(key);
  };
  for (const target of to ?? []) add(target, resolveTarget(state, names, target));
  if (answered !== undefined && state.members.has(answered)) keys.add(answered);
  for (const name of text.includes("@") ? mentionedIn(text, names.named) : []) add(name);
  keys.delete(sender);
  return { mentions: keys.size > MENTIONS_MAX ? [EVERYONE] : [...keys], unresolved: [...unresolved.values()] };
}

function noteUnresolved(unresolved: Map<string, Unresolved>, name: string, carriers: readonly string[]): void {
  if (unresolved.size < UNRESOLVED_MAX) unresolved.set(name, { name, candidates: carriers.slice(0, CANDIDATES_MAX) });
}

/** The key a target stands for: a participant's key, also of one that left, or the name of just one; else those that come into question. */
export function resolveTo(state: ChannelState, target: string): string | readonly string[] {
  const resolved = resolveTarget(state, namesOf(state), target, state.participants);
  if (resolved === EVERYONE) return [];
  return Array.isArray(resolved) ? resolved.slice(0, CANDIDATES_MAX) : resolved.key;
}

/** Whether others would take this name for somebody else's, who carries it as well: then its holder is shown with its key. */
export function isNamesake(state: ChannelState, key: string, name: string): boolean {
  const names = namesOf(state);
  const holder = resolveIn(state, names, name);
  if (Array.isArray(holder) ? holder.some((one) => one !== key) : holder !== EVERYONE && holder.key !== key)
    return true;
  return names.isRemembered(key, name);
}

/** One participant, everybody, or the keys that came into question. */
type Resolved = Pick<Participant, "key"> | typeof EVERYONE | string[];

/** The members' names, folded, with who carries them. */
interface Names {
  /** What may follow an `@`. */
  readonly named: AtNames;
  holders(name: string): readonly Participant[];
  /** Whether somebody else who left proved the name first. */
  isRemembered(key: string, name: string): boolean;
}

/** Made anew when somebody comes, goes, is renamed or proven: a turn of many sends makes them once. */
const known: WeakMap<ChannelState["roster"], Names> = new WeakMap();

function namesOf(state: ChannelState): Names {
  const made = known.get(state.roster) ?? makeNames(state);
  known.set(state.roster, made);
  return made;
}

function makeNames(state: ChannelState): Names {
  const [held, left] = [new Map<string, Participant[]>(), new Map<string, Participant[]>()];
  const members: Participant[] = [];
  for (const participant of state.participants.values()) {
    if (participant.member) members.push(participant);
    else if (!participant.verified) continue;
    const holders = participant.member ? held : left;
    const name = fold(participant.name);
    const others = holders.get(name);
    if (others === undefined) holders.set(name, [participant]);
    else others.push(participant);
  }
  let named: AtNames | undefined;
  return {
    get named() {
      return (named ??= new AtNames(members));
    },
    holders: (name) => held.get(fold(name)) ?? [],
    isRemembered: (key, name) => {
      const own = held.get(fold(name))?.find((one) => one.key === key && one.verified);
      const others = left.get(fold(name)) ?? [];
      return others.some((one) => one.key !== key && (own === undefined || orderOf(one) < orderOf(own)));
    },
  };
}

function orderOf({ named_order = 0 }: Participant): number {
  return named_order;
}

/** How a key is written where it is to be nothing but a key: no key holds the sign, so it is none itself. */
const KEY_ONLY = "key=";

/** An entry of `to` and a target of a kick may say that they mean a key. */
function resolveTarget(
  state: ChannelState,
  names: Names,
  target: string,
  keys: { has(key: string): boolean } = state.members,
): Resolved {
  const key = target.startsWith(KEY_ONLY) ? target.slice(KEY_ONLY.length) : undefined;
  if (key !== undefined && keys.has(key)) return { key };
  return resolveIn(state, names, target.replace(/^@/, ""), keys);
}

/**
 * Who is meant by what may be a name or a key. A proven key is its owner's, whoever is called so; then a
 * name is that of the one who proved it first; what is merely claimed counts where just one carries it.
 */
function resolveIn(
  state: ChannelState,
  names: Names,
  target: string,
  keys: { has(key: string): boolean } = state.members,
): Resolved {
  if (fold(target) === EVERYONE) return EVERYONE;
  const own = keys.has(target) ? state.participants.get(target) : undefined;
  if (own?.verified === true) return own;
  const named = names.holders(target);
  const [proven] = named.filter(({ verified }) => verified).toSorted((a, b) => orderOf(a) - orderOf(b));
  if (proven !== undefined) return proven;
  const all = own === undefined || named.some(({ key }) => key === own.key) ? named : [own, ...named];
  const [only] = all;
  return only !== undefined && all.length === 1 ? only : all.map(({ key }) => key);
}
