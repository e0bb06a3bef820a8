/**
 * Tables put into TOML that people write by hand, and taken out again. A table is always a block of
 * lines of its own, at the end of the text: nothing else is touched. Whatever comes out is read again
 * by smol-toml, and must say what was there before and the table, no more and no less.
 */
import { isDeepStrictEqual } from "node:util";
import { parse, TomlError } from "smol-toml";
import type { Json, Put } from "../hosts/host.ts";
import { type Statement, statementsOf } from "./toml-lines.ts";
import { edited, type Edited, isTable, lineAt, lineEnd, look, type Made, type Put1, unfit } from "./text.ts";

const BOM = "\uFEFF";

export function readToml(text: string): Edited<Readonly<Record<string, unknown>>> {
  try {
    // A copy whose tables are plain objects, as those they are compared with.
    return edited(structuredClone(parse(text.replace(BOM, ""), { integersAsBigInt: "asNeeded" })));
  } catch (error) {
    if (error instanceof TomlError) return unfit(error.line, error.message.split("\n")[0] ?? "");
    throw error;
  }
}

export function putToml(text: string, put: Put): Edited<Put1> {
  const read = readToml(text);
  if (!read.ok) return read;
  if (!("value" in put) || !isTable(put.value)) throw new Error(`no table: ${JSON.stringify(put)}`);
  const { found, existed } = look(read.value, put.at);
  if (isDeepStrictEqual(found, put.value)) return edited({ text, made: undefined });
  const cut = existed === put.at.length ? takeOutBlock(text, put.at) : edited(text);
  if (!cut.ok) return cut;
  const next = append(cut.value, put.at, put.value);
  if (!isChanged(read.value, next, put.at, put.value)) return unfit(lineOf(text, put.at), inline(put.at));
  const made = { put, existed, ...(existed === put.at.length && { before: found as Json }) };
  return edited({ text: next, made });
}

/** Takes out the table with all that came into it since; `before` comes back as a block of its own. */
export function takeOutToml(text: string, { put, before }: Made): Edited<string> {
  const read = readToml(text);
  if (!read.ok) return read;
  if (look(read.value, put.at).existed < put.at.length) return edited(text);
  const cut = takeOutBlock(text, put.at);
  if (!cut.ok || before === undefined) return cut;
  return edited(append(cut.value, put.at, before as { readonly [name: string]: Json }));
}

function takeOutBlock(text: string, at: readonly string[]): Edited<string> {
  const read = readToml(text);
  if (!read.ok) return read;
  let next = text;
  // From the last one on, so that offsets before it stay true.
  for (const { start, end } of blocksOf(text, at).toReversed()) next = join(next.slice(0, start), next.slice(end));
  return isChanged(read.value, next, at, undefined) ? edited(next) : unfit(lineOf(text, at), inline(at));
}

function inline(at: readonly string[]): string {
  return `${at.join(".")} is not written as a table of its own, [${at.join(".")}]; take it out by hand`;
}

/** The stretches from a header of the table, or of one inside it, to the last line that belongs to it. */
function blocksOf(text: string, at: readonly string[]): readonly { readonly start: number; readonly end: number }[] {
  const blocks: { start: number; end: number }[] = [];
  let isInside = false;
  for (const { header, start, end } of statementsOf(text)) {
    if (header !== undefined) {
      isInside = at.every((name, index) => header[index] === name);
      if (isInside) blocks.push({ start, end });
    } else if (isInside) {
      const block = blocks.at(-1);
      if (block !== undefined) block.end = end;
    }
  }
  return blocks;
}

/** The empty line before a block goes with it. */
function join(head: string, tail: string): string {
  return /(^|\n)\r?\n$/.test(head) ? head.replace(/\r?\n$/, "") + tail : head + tail;
}

function append(text: string, at: readonly string[], table: { readonly [name: string]: unknown }): string {
  const eol = lineEnd(text);
  const gap = text === "" ? "" : (text.endsWith("\n") ? "" : eol) + eol;
  return `${text}${gap}${tableLines(at, table).join(eol)}${eol}`;
}

/** `[a.b]` and a line a value; TOML writes texts and numbers as JSON does, and tables in one line. */
export function tableLines(at: readonly string[], table: { readonly [name: string]: unknown }): readonly string[] {
  const lines = Object.entries(table).map(([name, value]) => `${tomlKey(name)} = ${tomlValue(value)}`);
  return [`[${at.map(tomlKey).join(".")}]`, ...lines];
}

function tomlKey(name: string): string {
  return /^[\w-]+$/.test(name) ? name : tomlValue(name);
}

function tomlValue(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(tomlValue).join(", ")}]`;
  if (isTable(value)) {
    const pairs = Object.entries(value).map(([name, one]) => `${tomlKey(name)} = ${tomlValue(one)}`);
    return pairs.length === 0 ? "{}" : `{ ${pairs.join(", ")} }`;
  }
  // JSON leaves DEL as it is, which TOML does not take.
  return JSON.stringify(value).replaceAll("\u007F", String.raw`\u007F`);
}

/** Whether `next` says what `root` said but for the path, and `table` there, or nothing. */
function isChanged(root: unknown, next: string, at: readonly string[], table: unknown): boolean {
  const read = readToml(next);
  if (!read.ok) return false;
  return (
    isDeepStrictEqual(look(read.value, at).found, table) &&
    isDeepStrictEqual(without(read.value, at), without(root, at))
  );
}

/** A copy without what is at the path, nor what only led there. */
function without(root: unknown, [name, ...rest]: readonly string[]): unknown {
  if (!isTable(root) || name === undefined || !Object.hasOwn(root, name)) return root;
  const { [name]: inner, ...others } = root;
  const left = rest.length === 0 ? undefined : without(inner, rest);
  return left === undefined || (isTable(left) && Object.keys(left).length === 0) ? others : { ...others, [name]: left };
}

function lineOf(text: string, at: readonly string[]): number {
  const statements = statementsOf(text);
  const naming = (name = ""): Statement | undefined =>
    statements.find(({ start, end }) => text.slice(start, end).includes(name));
  return lineAt(text, (naming(at.at(-1)) ?? naming(at[0]))?.start ?? 0);
}
