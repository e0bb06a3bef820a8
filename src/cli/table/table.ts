/** What the parts of the table of commands share: the session of a command, and how its values are read. */
import { type Command, InvalidArgumentError } from "commander";
import type { Exit } from "../exit.ts";
import { openSession, prepare, type Session, type World } from "../session.ts";
import type { Flags } from "../settings.ts";

/** Seconds: what fits a 32-bit timer. */
export const WAIT_MOST = 2_000_000;

export interface Table {
  readonly program: Command;
  readonly world: World;
  readonly ended: (exit: Exit) => void;
}

export type All = Flags & { readonly json: boolean };

/** The session of a command, with its flags. */
export async function sessionOf<F extends object>(
  { world }: Table,
  command: Command,
  usual: Partial<Flags> = {},
): Promise<readonly [Session, F & All]> {
  const flags: F & All = command.optsWithGlobals();
  return [await openSession(prepare({ ...usual, ...flags }, world)), flags];
}

export function collect(value: string, others: readonly string[] | undefined): readonly string[] {
  return [...(others ?? []), value];
}

export function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const number = Number(text);
    if (/^\d+$/.test(text) && number >= least && number <= most) return number;
    throw new InvalidArgumentError(`It must be a whole number from ${least} to ${most}.`);
  };
}
