/**
 * Where the values of JSON with comments stand, and how one is taken out without the comments around
 * it, which jsonc-parser's own removal would take along.
 */
import { createScanner, findNodeAtLocation, type JSONPath, type Node, parseTree } from "jsonc-parser";
import { lineAt } from "./text.ts";

/** https://github.com/microsoft/node-jsonc-parser: SyntaxKind, which its types give to one module at a time only. */
const [COMMA, COMMENT_LINE, COMMENT_BLOCK, NEW_LINE, SPACE] = [5, 12, 13, 14, 15] as const;

type Range = readonly [number, number];

export function lineOfPath(text: string, at: JSONPath): number {
  return lineAt(text, nodeAt(text, at)?.offset ?? 0);
}

/** The text without the value at a path, its name and its comma. */
export function removed(text: string, path: JSONPath): string {
  const value = nodeAt(text, path);
  if (value === undefined) return text;
  const node = value.parent?.type === "property" ? value.parent : value;
  const others = node.parent?.children ?? [];
  const previous = others[others.indexOf(node) - 1];
  const own = commaAfter(text, endOf(node));
  const comma = own ?? (previous && commaAfter(text, endOf(previous)));
  const cuts = [rangeOf(text, node, own), ...(comma === undefined ? [] : [comma])];
  return cuts
    .toSorted(([a], [b]) => b - a)
    .reduce((rest, [start, end]) => rest.slice(0, start) + rest.slice(end), text);
}

function nodeAt(text: string, path: JSONPath): Node | undefined {
  const tree = parseTree(text, [], { allowTrailingComma: true });
  return tree && findNodeAtLocation(tree, [...path]);
}

function endOf({ offset, length }: Node): number {
  return offset + length;
}

/** A value that has its lines for itself goes with their first line's end and indentation. */
function rangeOf(text: string, node: Node, comma: Range | undefined): Range {
  const [start, end] = [node.offset, endOf(node)];
  const lead = /\r?\n[ \t]*$/.exec(text.slice(0, start))?.[0] ?? "";
  const rest = text.slice(comma?.[1] ?? end, text.length);
  const isAlone = /^[ \t]*(\r?\n|$)/.test(rest) && (comma === undefined || text.slice(end, comma[0]).trim() === "");
  return isAlone ? [start - lead.length, end] : [start, end];
}

/** The comma behind an offset, with nothing but space and comments between. */
function commaAfter(text: string, offset: number): Range | undefined {
  const scanner = createScanner(text, false);
  scanner.setPosition(offset);
  let token: number = scanner.scan();
  while ([COMMENT_LINE, COMMENT_BLOCK, NEW_LINE, SPACE].some((one) => one === token)) token = scanner.scan();
  const at = scanner.getTokenOffset();
  return token === COMMA ? [at, at + 1] : undefined;
}
