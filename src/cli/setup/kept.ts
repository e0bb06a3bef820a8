/** One host's set-up in one folder, as it is kept here: its connection and its edits of files, made and undone together. */
import type { Edit } from "../hosts/host.ts";
import { alone } from "./alone.ts";
import { type Connection, Connections } from "./connections.ts";
import { Ledger, type Undone } from "./ledger.ts";
import { planEdits } from "./plan.ts";

/** What makes a set-up one: files that several share know whose is what. */
function idOf({ host, folder }: Connection): string {
  return `${host} ${folder}`;
}

export interface SetUp {
  readonly connection: Connection;
  /** Planned anew where it is written: what one host wrote may be what another one reads. */
  readonly edits: () => readonly Edit[];
}

/** @param home folder of the command's own settings */
export async function keepAll(home: string, setUps: readonly SetUp[]): Promise<void> {
  await alone(home, () => {
    for (const setUp of setUps) keep(home, setUp);
  });
}

/**
 * The secrets first: settings that lead to nothing would be worse than secrets that nobody uses.
 */
function keep(home: string, { connection, edits }: SetUp): void {
  const connections = new Connections(home);
  const { host, folder } = connection;
  const before = connections.read(host, folder);
  connections.keep(connection);
  try {
    new Ledger(home).apply(planEdits(edits()), idOf(connection));
  } catch (error) {
    if (before === undefined) connections.forget(host, folder);
    else connections.keep(before);
    throw error;
  }
}

/** What undoes it, file by file. */
export function undo(home: string, connection: Connection): readonly Undone[] {
  return new Ledger(home).undo(idOf(connection));
}
