/** @-completion: what is being typed at the caret, and whom it may name. Pure. */

import { fold } from "../protocol/mention.ts";

export interface Candidate {
  readonly key: string;
  readonly name: string;
}

/** Everyone in the channel. */
export const EVERYONE: Candidate = { key: "all", name: "all" };
/** Candidates shown at once. */
const SHOWN = 8;
/** A name being typed is not longer than a name may be. */
const TYPED = /(?:^|[^\p{L}\p{N}_])@([^\n@]{0,64})$/u;

/** The `@…` before the caret: where its `@` stands and what follows it. */
export function typedMention(text: string, caret: number): { readonly at: number; readonly typed: string } | undefined {
  const typed = TYPED.exec(text.slice(Math.max(0, caret - 80), caret))?.[1];
  return typed === undefined ? undefined : { at: caret - typed.length - 1, typed };
}

/** Those whose name or key starts with what was typed, then those that hold it in the middle. */
export function candidatesFor(typed: string, everybody: readonly Candidate[]): readonly Candidate[] {
  const wanted = typed.toLowerCase();
  const rank = ({ key, name }: Candidate): number => {
    const texts = [name.toLowerCase(), key.toLowerCase()];
    if (texts.some((text) => text.startsWith(wanted))) return 0;
    return wanted !== "" && texts.some((text) => text.includes(wanted)) ? 1 : 2;
  };
  const ranked = [...everybody, EVERYONE].map((candidate) => ({ candidate, rank: rank(candidate) }));
  return ranked
    .filter((one) => one.rank < 2)
    .toSorted((a, b) => a.rank - b.rank || a.candidate.name.localeCompare(b.candidate.name))
    .slice(0, SHOWN)
    .map(({ candidate }) => candidate);
}

/** The text with the mention completed, and where the caret then stands. A name that others share is given as its key. */
export function complete(
  text: string,
  { at, typed }: { readonly at: number; readonly typed: string },
  { key, name }: Candidate,
  everybody: readonly Candidate[],
): { readonly text: string; readonly caret: number } {
  const isShared = everybody.filter((one) => fold(one.name) === fold(name)).length > 1;
  const mention = `@${isShared ? key : name} `;
  const rest = text.slice(at + 1 + typed.length);
  return { text: text.slice(0, at) + mention + rest.replace(/^ /, ""), caret: at + mention.length };
}
