/**
 * Where the statements of a TOML text begin and end: headers, and keys with their values, which may
 * go over several lines. Of a text that smol-toml has read; the scanner only must not take what
 * stands in strings and comments for anything.
 */
import { parse } from "smol-toml";
import { isTable } from "./text.ts";

export interface Statement {
  /** The path of a header; undefined of a key with its value. */
  readonly header: readonly string[] | undefined;
  /** Offset of its first line. */
  readonly start: number;
  /** Offset behind its last line. */
  readonly end: number;
}

/** Comments, and strings of each kind; the long ones first. */
const SKIPPED =
  /#[^\n]*|"""(?:\\[\s\S]|(?!""")[\s\S])*"{3,5}|'''(?:(?!''')[\s\S])*'{3,5}|"(?:\\.|[^"\\\n])*"|'[^'\n]*'|[[\]{}]|\n/g;

export function statementsOf(text: string): readonly Statement[] {
  const statements: Statement[] = [];
  for (const [start, end] of stretches(text)) {
    const line = text.slice(start, end).replace("\uFEFF", "").trim();
    if (line === "" || line.startsWith("#")) continue;
    statements.push({ header: line.startsWith("[") ? pathOf(line) : undefined, start, end });
  }
  return statements;
}

/** Lines, where those that belong to one value are one. */
function stretches(text: string): readonly (readonly [number, number])[] {
  const found: (readonly [number, number])[] = [];
  let [start, depth] = [0, 0];
  for (const { 0: token, index } of text.matchAll(SKIPPED)) {
    if (token === "[" || token === "{") depth++;
    else if (token === "]" || token === "}") depth--;
    else if (token === "\n" && depth === 0) {
      found.push([start, index + 1]);
      start = index + 1;
    }
  }
  if (start < text.length) found.push([start, text.length]);
  return found;
}

/** `[a."b.c"]` and `[[a]]`: the one path through what the line alone says. */
function pathOf(line: string): readonly string[] {
  const path: string[] = [];
  let at: unknown = parse(line);
  for (;;) {
    if (Array.isArray(at)) at = at[0];
    const [name] = isTable(at) ? Object.keys(at) : [];
    if (name === undefined || !isTable(at)) return path;
    path.push(name);
    at = at[name];
  }
}
