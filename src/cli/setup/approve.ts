/** What setup is about to write: shown first, and written only if that is wanted. */
import { EXIT, Failed } from "../exit.ts";
import type { Prepared } from "../session.ts";
import { ask } from "./ask.ts";
import { diffLines } from "./diff.ts";
import type { Change } from "./plan.ts";

/** Gives how many lines were shown. */
export async function showChanges({ terminal }: Prepared, changes: readonly Change[]): Promise<number> {
  const lines = changes.flatMap((change) => diffLines(change, terminal.paint));
  if (lines.length > 0) await terminal.out(`${lines.join("\n")}\n`);
  return lines.length;
}

/** Asks, where there is somebody to ask. */
export async function isWanted({ world }: Prepared, isAsking: boolean): Promise<boolean> {
  return !isAsking || /^y(es)?$/i.test(await ask(world, "write this", "yes"));
}

export function nothingWritten(): Failed {
  return new Failed(EXIT.failed, "nothing was written");
}
