/**
 * A settings file that is others' too: read once, replaced as a whole by renaming, and only while it
 * still is what was read. Links stay links, modes stay modes; nothing half written ever stands there.
 */
import { createHash, randomBytes } from "node:crypto";
import {
  chownSync,
  closeSync,
  existsSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { isCode } from "../config-file.ts";
import { EXIT, Failed } from "../exit.ts";

/** Bits that let anybody write. */
const WRITABLE = 0o222;
/** Of a new file: it is the user's alone. */
const NEW_MODE = 0o600;

export interface FileState {
  /** As its host names it. */
  readonly path: string;
  /** Where its bytes are. */
  readonly real: string;
  /** Undefined where there is none. */
  readonly bytes: Buffer | undefined;
}

/** @throws Failed where it is no file that can be written */
export function readState(path: string): FileState {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return { path, real: path, bytes: undefined };
  if (stat.isSymbolicLink() && !existsSync(path)) throw new Failed(EXIT.failed, `${path} is a link to nothing`);
  const real = realpathSync(path);
  const { mode } = statSync(real);
  if (!statSync(real).isFile()) throw new Failed(EXIT.failed, `${path} is no file`);
  if ((mode & WRITABLE) === 0) throw new Failed(EXIT.failed, `${path} is read-only`, `chmod u+w ${path}`);
  return { path, real, bytes: readFileSync(real) };
}

/** With the mark at its start, where it has one. @throws Failed where it is not UTF-8 */
export function textOf({ path, bytes }: FileState): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes ?? new Uint8Array());
  } catch {
    throw new Failed(EXIT.failed, `${path} is no UTF-8 text, and was left alone`);
  }
}

/** Replaces it, or makes it; gives the folders that this made, the innermost last. */
export function replace(state: FileState, content: string | Buffer): readonly string[] {
  const made = makeFolders(dirname(state.real));
  const draft = join(dirname(state.real), `.${basename(state.real)}.${randomBytes(6).toString("hex")}`);
  try {
    writeDraft(draft, state, content);
    requireUnchanged(state);
    renameSync(draft, state.real);
  } catch (error) {
    rmSync(draft, { force: true });
    removeFolders(made);
    throw asFailed(error, state.path);
  }
  return made;
}

function writeDraft(draft: string, { real, bytes }: FileState, content: string | Buffer): void {
  const old = bytes === undefined ? undefined : statSync(real);
  const file = openSync(draft, "wx", old === undefined ? NEW_MODE : old.mode & 0o777);
  try {
    writeFileSync(file, content);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  if (old !== undefined && old.uid !== process.getuid?.()) chownSync(draft, old.uid, old.gid);
}

/** Removes it, if it still is what was read. */
export function remove(state: FileState): void {
  requireUnchanged(state);
  rmSync(state.real, { force: true });
}

function requireUnchanged({ path, real, bytes }: FileState): void {
  const now = existsSync(real) ? readFileSync(real) : undefined;
  if (now === undefined ? bytes === undefined : bytes?.equals(now) === true) return;
  throw new Failed(EXIT.failed, `${path} was changed by another program meanwhile, and was left alone`, "try again");
}

/** Puts what is there aside, under a name that is free; gives that name. */
export function backUp({ path, real, bytes }: FileState): string {
  for (let count = 0; ; count++) {
    const backup = `${real}.before-channel-hub${count === 0 ? "" : `-${count}`}`;
    try {
      writeFileSync(backup, bytes ?? "", { flag: "wx", mode: statSync(real).mode & 0o777 });
      return backup;
    } catch (error) {
      if (!isCode(error, "EEXIST")) throw asFailed(error, path);
    }
  }
}

/** From the innermost on, as long as nothing is in them. */
export function removeFolders(folders: readonly string[]): void {
  for (const folder of folders.toReversed()) {
    try {
      rmdirSync(folder);
    } catch {
      // Somebody uses it by now.
      return;
    }
  }
}

function makeFolders(folder: string): readonly string[] {
  const missing: string[] = [];
  for (let at = folder; !existsSync(at) && dirname(at) !== at; at = dirname(at)) missing.unshift(at);
  try {
    mkdirSync(folder, { recursive: true });
  } catch (error) {
    throw asFailed(error, folder);
  }
  return missing;
}

function asFailed(error: unknown, path: string): unknown {
  if (error instanceof Failed || !(error instanceof Error) || !("code" in error)) return error;
  return new Failed(EXIT.failed, `${path} cannot be written: ${error.message}`);
}

export function digestOf(content: string | Buffer): string {
  return createHash("sha256").update(content).digest("hex");
}
