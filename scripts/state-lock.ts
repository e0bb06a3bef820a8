/**
 * One hub a state folder: two runtimes on the same files would each serve what only it knows. The
 * lock is the system's own, taken through SQLite on a file in the folder, so it ends with the
 * process that holds it, however that ends, and no lock is ever stale.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

/** Who has a folder, for people. */
export interface Holder {
  readonly pid: number;
  readonly url: string;
}

/** Milliseconds in which a hub that was just killed lets go. */
const PATIENCE_MS = 1000;

/** Kept, so that the lock lives as long as the process. */
const held: DatabaseSync[] = [];

/** Takes the folder for this process; else gives whoever has it, as far as that is known. */
export function takeState(folder: string, url: string): Partial<Holder> | undefined {
  const lock = tryLock(folder);
  if (lock === undefined) return holderOf(folder);
  held.push(lock);
  writeFileSync(holderFile(folder), `${JSON.stringify({ pid: process.pid, url } satisfies Holder)}\n`);
  return undefined;
}

/** Whoever has the folder now; undefined: nobody. */
export function stateHolder(folder: string): Partial<Holder> | undefined {
  const lock = tryLock(folder);
  if (lock === undefined) return holderOf(folder);
  lock.close();
  return undefined;
}

/** What to tell whoever wants a folder that another hub has. */
export function inUse(folder: string, { pid, url }: Partial<Holder>, port: number): string {
  const who = url === undefined ? "another hub" : `the hub at ${url}${pid === undefined ? "" : ` (process ${pid})`}`;
  const own = `npm start -- --port ${port} --persist-to ../hub-state-${port}`;
  return `${who} uses the state in ${folder}: use that hub, or give this one a folder of its own: ${own}`;
}

function tryLock(folder: string): DatabaseSync | undefined {
  mkdirSync(folder, { recursive: true });
  const lock = new DatabaseSync(join(folder, "hub.lock"), { timeout: PATIENCE_MS });
  try {
    lock.exec("BEGIN EXCLUSIVE");
    return lock;
  } catch (error) {
    lock.close();
    // SQLITE_BUSY: another process has it.
    if (error instanceof Error && "errcode" in error && error.errcode === 5) return undefined;
    throw error;
  }
}

function holderFile(folder: string): string {
  return join(folder, "hub.json");
}

function holderOf(folder: string): Partial<Holder> {
  try {
    return JSON.parse(readFileSync(holderFile(folder), "utf8")) as Partial<Holder>;
  } catch {
    // It has just taken the lock, and has not said who it is yet.
    return {};
  }
}
