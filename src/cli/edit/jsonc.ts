/**
 * Values put into JSON that people write by hand, with comments and trailing commas, and taken out
 * again: everything else stays as it is, byte for byte. The text itself is changed by jsonc-parser.
 */
import { isDeepStrictEqual } from "node:util";
import {
  applyEdits,
  type FormattingOptions,
  type JSONPath,
  modify,
  parse,
  type ParseError,
  printParseErrorCode,
} from "jsonc-parser";
import type { Json, Put } from "../hosts/host.ts";
import { lineOfPath, removed } from "./jsonc-lines.ts";
import { edited, type Edited, isTable, lineAt, lineEnd, look, type Made, type Put1, unfit } from "./text.ts";

const OPTIONS = { allowTrailingComma: true };
/** Some editors of Windows write it first; it is no part of the JSON. */
const BOM = "\uFEFF";

/** The value of the text; that of an empty file is an empty object. */
export function readJsonc(text: string): Edited<Readonly<Record<string, unknown>>> {
  const bare = text.startsWith(BOM) ? text.slice(1) : text;
  if (bare.trim() === "") return edited({});
  const errors: ParseError[] = [];
  const value: unknown = parse(bare, errors, OPTIONS);
  const [first] = errors;
  if (first !== undefined) return unfit(lineAt(bare, first.offset), printParseErrorCode(first.error));
  return isTable(value) ? edited(value) : unfit(1, "it is no object");
}

export function putJsonc(text: string, put: Put): Edited<Put1> {
  const read = readJsonc(text);
  if (!read.ok) return read;
  const { found, existed } = look(read.value, put.at);
  const stuck = obstacle(text, read.value, put);
  if (stuck !== undefined) return unfit(stuck.line, stuck.why);
  if ("item" in put) return putItem(text, put, found, existed);
  if (put.unless === "there" && existed === put.at.length) return edited({ text, made: undefined });
  if (isDeepStrictEqual(found, put.value)) return edited({ text, made: undefined });
  const made: Made = { put, existed, ...(existed === put.at.length && { before: found as Json }) };
  return edited({ text: change(text, [...put.at], put.value), made });
}

function putItem(text: string, put: Put & { item: Json }, found: unknown, existed: number): Edited<Put1> {
  if (Array.isArray(found) && found.some((one) => isDeepStrictEqual(one, put.item))) {
    return edited({ text, made: undefined });
  }
  const next = Array.isArray(found)
    ? change(text, [...put.at, found.length], put.item)
    : change(text, [...put.at], [put.item]);
  return edited({ text: next, made: { put, existed } });
}

/** A name of the path that stands for something that can hold nothing. */
function obstacle(text: string, root: unknown, put: Put): { line: number; why: string } | undefined {
  for (let length = 1; length <= put.at.length; length++) {
    const at = put.at.slice(0, length);
    const { found, existed } = look(root, at);
    if (existed < length) return undefined;
    const isLast = length === put.at.length;
    if (isLast && "value" in put) return undefined;
    if (isLast ? Array.isArray(found) : isTable(found)) continue;
    return {
      line: lineOfPath(text.replace(BOM, ""), at),
      why: `${at.join(".")} is ${isLast ? "no list" : "no object"}`,
    };
  }
  return undefined;
}

/** Takes out what was put there, and what then is empty of what came with it; whatever else is there stays. */
export function takeOutJsonc(text: string, { put, existed, before }: Made): Edited<string> {
  const read = readJsonc(text);
  if (!read.ok) return read;
  const { found, existed: depth } = look(read.value, put.at);
  if (depth < put.at.length) return edited(text);
  if ("item" in put) return edited(takeOutItem(text, put, existed, found));
  if (before !== undefined) return edited(change(text, [...put.at], before));
  return edited(prune(change(text, [...put.at], undefined), put.at.slice(0, -1), existed));
}

function takeOutItem(text: string, put: Put & { item: Json }, existed: number, found: unknown): string {
  const index = Array.isArray(found) ? found.findIndex((one) => isDeepStrictEqual(one, put.item)) : -1;
  return index < 0 ? text : prune(change(text, [...put.at, index], undefined), put.at, existed);
}

/** Removes the empty holders from the innermost outwards, but for those that were there before. */
function prune(text: string, at: readonly string[], existed: number): string {
  for (let length = at.length; length > existed; length--) {
    const read = readJsonc(text);
    const holder = read.ok ? look(read.value, at.slice(0, length)).found : undefined;
    if (typeof holder !== "object" || holder === null || Object.keys(holder).length > 0) return text;
    text = change(text, at.slice(0, length), undefined);
  }
  return text;
}

function change(text: string, path: JSONPath, value: Json | undefined): string {
  const bom = text.startsWith(BOM) ? BOM : "";
  const bare = text.slice(bom.length);
  const base = bare.trim() === "" ? `{}${lineEnd(bare)}` : bare;
  if (value === undefined) return bom + removed(base, path);
  const isArrayInsertion = typeof path.at(-1) === "number";
  const options = { formattingOptions: formatOf(base), isArrayInsertion };
  return bom + applyEdits(base, modify(base, path, value, options));
}

/** As the text itself is indented. */
function formatOf(text: string): FormattingOptions {
  const indent = /^([ \t]+)\S/m.exec(text)?.[1] ?? "  ";
  return {
    insertSpaces: !indent.startsWith("\t"),
    tabSize: indent.startsWith("\t") ? 1 : indent.length,
    eol: lineEnd(text),
  };
}
