/**
 * What `setup` did to which file, so that it can be undone exactly: kept beside the command's own
 * settings, for its user alone. Several set-ups may share what is in a user's file; it goes with the
 * last of them.
 */
import { join } from "node:path";
import * as v from "valibot";
import { field } from "../../protocol/index.ts";
import { EXIT, Failed } from "../exit.ts";
import type { Put } from "../hosts/host.ts";
import { backUp, digestOf, type FileState, readState, removeFolders, replace, remove, textOf } from "./file.ts";
import { type Change, isChange, isSamePlace, isSamePut, type Placed, unchanged, withoutPlaced } from "./plan.ts";

const PLACED = v.object({
  by: v.array(v.string()),
  format: v.picklist(["jsonc", "toml"]),
  put: v.custom<Put>((put) => typeof put === "object" && put !== null && "at" in put),
  existed: v.number(),
  before: v.optional(v.any()),
});
const ENTRY = v.object({
  /** Of what this wrote last. */
  digest: v.string(),
  /** Where what was there before is; none where nothing was. */
  backup: v.optional(v.string()),
  /** Whether that is free of anything of ours. */
  pure: v.boolean(),
  /** There was no such file, nor these folders. */
  created: v.boolean(),
  folders: v.array(v.string()),
  /** Of a file that is ours alone: who wants it. */
  owners: v.array(v.string()),
  placed: v.array(PLACED),
});
type Entry = v.InferOutput<typeof ENTRY>;
const LEDGER = v.record(v.string(), ENTRY);
type Entries = v.InferOutput<typeof LEDGER>;

/** A file that was undone, and what became of it. */
export interface Undone {
  readonly change: Change;
  readonly run: () => string | undefined;
}

export class Ledger {
  readonly #path: string;

  /** @param folder of the command's own settings */
  constructor(folder: string) {
    this.#path = join(folder, "setups.json");
  }

  /** Writes the changes of one set-up, all or none. */
  apply(changes: readonly Change[], id: string): void {
    const before = this.#read();
    const undo: (() => void)[] = [];
    try {
      for (const change of changes) {
        const known = before[change.state.real];
        if (known === undefined && !isChange(change)) continue;
        const { entry, back } = write(change, known, id);
        undo.push(back);
        before[change.state.real] = entry;
      }
      this.#write(before);
    } catch (error) {
      for (const back of undo.toReversed()) back();
      throw error;
    }
  }

  /** What undoing a set-up changes; nothing is written before `run`. */
  undo(id: string): readonly Undone[] {
    // The last first: the first may have made the folders of the others.
    const entries = Object.entries(this.#read()).toReversed();
    return entries.flatMap(([real, entry]) => {
      const isOf = entry.owners.includes(id) || entry.placed.some(({ by }) => by.includes(id));
      return isOf ? [this.#undoOne(real, entry, id)] : [];
    });
  }

  #undoOne(real: string, entry: Entry, id: string): Undone {
    const placed = entry.placed.map((one) => ({ ...one, by: one.by.filter((by) => by !== id) }));
    const left: Entry = {
      ...entry,
      owners: entry.owners.filter((by) => by !== id),
      placed: placed.filter(({ by }) => by.length > 0),
    };
    const gone = placed.filter(({ by }) => by.length === 0) as readonly Placed[];
    const isOver = left.owners.length === 0 && left.placed.length === 0;
    const isUntouched = digestOf(readState(real).bytes ?? "") === entry.digest;
    if (isOver && entry.pure && isUntouched) return this.#restore(real, entry);
    return this.#takeOut(real, { left, gone, isOver, isUntouched });
  }

  /** Nobody wrote to it since: it becomes what it was, byte for byte. */
  #restore(real: string, entry: Entry): Undone {
    const at = unchanged(real);
    const backup = entry.backup === undefined ? undefined : readState(entry.backup);
    if (!entry.created && backup?.bytes === undefined) {
      throw new Failed(EXIT.failed, `${entry.backup ?? real} is gone, which was the backup of ${real}`);
    }
    const change = { ...at, after: backup && textOf(backup) };
    const run = (): undefined => {
      if (backup?.bytes === undefined) remove(at.state);
      else {
        replace(at.state, backup.bytes);
        remove(backup);
      }
      removeFolders(entry.folders);
      this.#set(real, undefined);
    };
    return { change, run };
  }

  #takeOut(real: string, { left, gone, isOver, isUntouched }: Leftover): Undone {
    const at = unchanged(real);
    const without = gone.length === 0 ? at : withoutPlaced(at, gone);
    const isEmpty = isOver && left.created && (without.after ?? "").replaceAll(/[\s{}]/g, "") === "";
    const change = isEmpty ? { ...without, after: undefined } : without;
    const run = (): string | undefined => {
      if (isChange(change)) {
        if (change.after === undefined) remove(at.state);
        else replace(at.state, change.after);
      }
      if (isEmpty) removeFolders(left.folders);
      const digest = isUntouched ? digestOf(change.after ?? "") : left.digest;
      this.#set(real, isOver ? undefined : { ...left, digest });
      return isOver ? left.backup : undefined;
    };
    return { change, run };
  }

  #set(real: string, entry: Entry | undefined): void {
    const { [real]: _old, ...others } = this.#read();
    this.#write(entry === undefined ? others : { ...others, [real]: entry });
  }

  #read(): Entries {
    const state = readState(this.#path);
    if (state.bytes === undefined) return {};
    const object = field.parseObject(textOf(state), "it");
    const parsed = object.ok ? v.safeParse(LEDGER, object.value) : undefined;
    if (parsed?.success === true) return parsed.output;
    throw new Failed(
      EXIT.failed,
      `${this.#path} cannot be understood`,
      "it says what setup did; restore it, or remove it",
    );
  }

  #write(entries: Entries): void {
    const state = readState(this.#path);
    if (Object.keys(entries).length > 0) replace(state, `${JSON.stringify(entries, undefined, 2)}\n`);
    else if (state.bytes !== undefined) remove(state);
  }
}

interface Leftover {
  readonly left: Entry;
  readonly gone: readonly Placed[];
  readonly isOver: boolean;
  readonly isUntouched: boolean;
}

interface Written {
  readonly entry: Entry;
  readonly back: () => void;
}

/** Of a file that nothing of ours is in. */
function untouched({ state }: Change): Entry {
  const created = state.bytes === undefined;
  return { digest: "", pure: true, created, folders: [], owners: [], placed: [] };
}

/** Writes one file, with a backup of what it was unless that is kept already. */
function write(change: Change, known: Entry | undefined, id: string): Written {
  const base = known ?? untouched(change);
  const owners = change.wanted.length > 0 ? base.owners : [...new Set([...base.owners, id])];
  const entry = { ...base, owners, placed: merged(change, base.placed, id) };
  if (!isChange(change)) return { entry, back: () => undefined };
  const { state, after = "" } = change;
  const isKept = known !== undefined && base.digest === digestOf(state.bytes ?? "");
  const own = isKept || state.bytes === undefined ? undefined : backUp(state);
  const forget = (): void => void (own !== undefined && remove(readState(own)));
  const folders = replaceOr(state, after, forget);
  const digest = digestOf(after);
  const pure = isKept ? base.pure : known === undefined;
  const backup = isKept ? base.backup : own;
  const { backup: _old, ...rest } = entry;
  return {
    entry: { ...rest, digest, pure, folders: [...base.folders, ...folders], ...(backup !== undefined && { backup }) },
    back: () => putBack(change, forget, folders),
  };
}

function replaceOr(state: FileState, text: string, failed: () => unknown): readonly string[] {
  try {
    return replace(state, text);
  } catch (error) {
    failed();
    throw error;
  }
}

/** The file as it was, unless somebody else wrote to it by now. */
function putBack({ state, after }: Change, forget: () => void, folders: readonly string[]): void {
  const now = readState(state.path);
  if (now.bytes?.equals(Buffer.from(after ?? "")) !== true) return;
  if (state.bytes === undefined) remove(now);
  else replace(now, state.bytes);
  forget();
  removeFolders(folders);
}

/** What is ours in the file now; what was replaced keeps what stood there before any of ours. */
function merged({ placed, wanted }: Change, known: Entry["placed"], id: string): Entry["placed"] {
  const next = known.map((one) => {
    const isWanted = wanted.some(({ put }) => isSamePut(put, one.put) || isSamePlace(put, one.put));
    const by = isWanted ? [...new Set([...one.by, id])] : one.by;
    const newer = placed.find(({ put }) => isSamePlace(put, one.put));
    return { ...one, by, ...(newer && { put: newer.put }) };
  });
  const fresh = placed.filter(({ put }) => !next.some((one) => isSamePut(one.put, put)));
  return [...next, ...fresh.map((one) => ({ ...one, by: [id] }))];
}
