/** A defence that can be taken away: a patch of the source under which its threat's test must fail. */
import type { Patch } from "../process/build.ts";

export interface Defence {
  /** As in SECURITY.md. */
  readonly threat: string;
  /** What is taken away. */
  readonly without: string;
  readonly patches: readonly Patch[];
  /** Where its tests stand, from the project's root. */
  readonly test: string;
}

/** A defence that is one place in one file. */
export function taken(
  threat: string,
  without: string,
  test: string,
  patch: readonly [string, string, string],
): Defence {
  const [file, find, replace] = patch;
  return { threat, without, test, patches: [{ file, find, replace }] };
}
