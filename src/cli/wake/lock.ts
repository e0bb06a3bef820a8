/**
 * One holder at a time among the processes of a machine: a file that names its holder. A holder that
 * has ended holds nothing; a process that only got its number is told apart by when it started.
 */
import { randomBytes } from "node:crypto";
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import * as v from "valibot";
import { field } from "../../protocol/index.ts";
import { isCode } from "../config-file.ts";
import { isRunning, processInfo } from "./processes.ts";

const HOLDER = v.object({ pid: v.pipe(v.number(), v.integer(), v.minValue(1)), started: v.string() });
export type Holder = v.InferOutput<typeof HOLDER>;

export class Lock {
  readonly #path: string;
  readonly #text: string;

  private constructor(path: string, text: string) {
    this.#path = path;
    this.#text = text;
  }

  /** The lock, or the living process that has it. */
  static take(path: string): Lock | Holder {
    const holder: Holder = { pid: process.pid, started: processInfo(process.pid)?.started ?? "" };
    const text = JSON.stringify({ ...holder, token: randomBytes(8).toString("hex") });
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    for (;;) {
      if (place(path, text)) return new Lock(path, text);
      const held = read(path);
      const other = held === undefined ? undefined : holderOf(held);
      if (other !== undefined && isRunning(other.pid, other.started)) return other;
      if (held !== undefined) clear(path, held);
    }
  }

  /** The living process that has it. */
  static holder(path: string): Holder | undefined {
    const text = read(path);
    const holder = text === undefined ? undefined : holderOf(text);
    return holder !== undefined && isRunning(holder.pid, holder.started) ? holder : undefined;
  }

  /** Whether it is still this one's: a file that somebody removed is nobody's. */
  get isHeld(): boolean {
    return read(this.#path) === this.#text;
  }

  release(): void {
    if (this.isHeld) rmSync(this.#path, { force: true });
  }
}

/** Puts the whole file where there is none. */
function place(path: string, text: string): boolean {
  const draft = `${path}.${randomBytes(6).toString("hex")}`;
  writeFileSync(draft, text, { mode: 0o600, flag: "wx" });
  try {
    linkSync(draft, path);
    return true;
  } catch (error) {
    if (isCode(error, "EEXIST")) return false;
    throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}

/** Takes a stale file away; one that another process has put there meanwhile goes back. */
function clear(path: string, stale: string): void {
  const aside = `${path}.${randomBytes(6).toString("hex")}`;
  try {
    renameSync(path, aside);
    if (read(aside) !== stale) linkSync(aside, path);
  } catch (error) {
    if (!isCode(error, "ENOENT") && !isCode(error, "EEXIST")) throw error;
  } finally {
    rmSync(aside, { force: true });
  }
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (isCode(error, "ENOENT")) return undefined;
    throw error;
  }
}

/** Undefined of a file that no process wrote whole. */
function holderOf(text: string): Holder | undefined {
  const object = field.parseObject(text, "the lock");
  const parsed = object.ok ? v.safeParse(HOLDER, object.value) : undefined;
  return parsed?.success === true ? parsed.output : undefined;
}
