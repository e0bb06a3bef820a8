/** What becomes of each file, before anything is written: pure but for reading the files. */
import { isDeepStrictEqual } from "node:util";
import { putJsonc, takeOutJsonc } from "../edit/jsonc.ts";
import { type Edited, isTable, type Made, type Put1 } from "../edit/text.ts";
import { putToml, takeOutToml } from "../edit/toml.ts";
import { EXIT, Failed } from "../exit.ts";
import type { Edit, Put, SettingsEdit } from "../hosts/host.ts";
import { type FileState, readState, textOf } from "./file.ts";

export type Format = SettingsEdit["format"];

/** One put, in the form that is kept of it. */
export interface Placed extends Made {
  readonly format: Format;
}

export interface Change {
  readonly state: FileState;
  readonly before: string;
  /** Undefined where the file is to go. */
  readonly after: string | undefined;
  /** What of it is new. */
  readonly placed: readonly Placed[];
  /** All that was wanted, also what was there already. */
  readonly wanted: readonly { readonly put: Put; readonly format: Format }[];
}

/** One change a file, those without any left in: whoever keeps records counts them too. */
export function planEdits(edits: readonly Edit[]): readonly Change[] {
  const files = Map.groupBy(edits, ({ file }) => file);
  return [...files.values()].map((ofFile) => ofFile.reduce(withEdit, unchanged(ofFile[0]?.file ?? "")));
}

export function unchanged(file: string): Change {
  const state = readState(file);
  const before = textOf(state);
  return { state, before, after: state.bytes && before, placed: [], wanted: [] };
}

export function isChange({ state, before, after }: Change): boolean {
  return after !== before || (state.bytes === undefined) !== (after === undefined);
}

function withEdit(change: Change, edit: Edit): Change {
  if (edit.format === "own") return { ...change, after: edit.text };
  return edit.put.reduce((so, put) => withPut(so, put, edit.format), change);
}

function withPut(change: Change, put: Put, format: Format): Change {
  const { text, made } = orFail(PUTS[format](change.after ?? "", put), change.state.path);
  const wanted = [...change.wanted, { put, format }];
  if (made === undefined) return { ...change, wanted };
  requireOurs(made, change.state.path);
  return { ...change, after: text, wanted, placed: [...change.placed, { ...made, format }] };
}

/** The text without what was placed there, the last first. @throws Failed where it cannot be read */
export function withoutPlaced(change: Change, placed: readonly Placed[]): Change {
  const after = placed.reduceRight((text, one) => orFail(OUT[one.format](text, one), change.state.path), change.before);
  return { ...change, after };
}

const PUTS: Readonly<Record<Format, (text: string, put: Put) => Edited<Put1>>> = { jsonc: putJsonc, toml: putToml };
const OUT: Readonly<Record<Format, (text: string, made: Made) => Edited<string>>> = {
  jsonc: takeOutJsonc,
  toml: takeOutToml,
};

function orFail<T>(result: Edited<T>, path: string): T {
  if (result.ok) return result.value;
  const { line, why } = result.unfit;
  throw new Failed(
    EXIT.failed,
    `${path}, line ${line}: ${why}`,
    "nothing was written; correct that line and try again",
  );
}

/** What makes settings ours: written by an earlier `setup`, or as `install` prints them. */
const OURS = /CHANNEL_HUB_|channel-hub|x-spf-key|spf_channel|"mcp","--host"/;

/** A table of somebody else's is never replaced. */
function requireOurs({ put, before }: Made, path: string): void {
  if (!isTable(before) || OURS.test(JSON.stringify(before))) return;
  const what = put.at.join(".");
  throw new Failed(EXIT.failed, `${path} has a ${what} already, which is not of a hub`, "rename it, and try again");
}

export function isSamePut(one: Put, other: Put): boolean {
  return isDeepStrictEqual(one, other);
}

/** Whether both put a value at one path, so that the later replaces the earlier. */
export function isSamePlace(one: Put, other: Put): boolean {
  return "value" in one && "value" in other && isDeepStrictEqual(one.at, other.at);
}
