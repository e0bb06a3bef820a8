/**
 * `node scripts/lint/sentences.ts [FILE…]`: how long the sentences of the documents are. Ends with 1
 * where one has more than 35 words, and names it. Code and addresses count as one word; tables,
 * headings and fences of code are not read.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";

const ROOT = resolve(import.meta.dirname, "../..");
const WORDS_MAX = 35;
/** What a sentence should have at most. */
const WORDS_WISHED = 25;

export interface Sentence {
  readonly line: number;
  readonly text: string;
  readonly words: number;
}

/** The sentences of a Markdown text. A list's item is one, or several, of its own. */
export function sentencesOf(markdown: string): readonly Sentence[] {
  const sentences: Sentence[] = [];
  let isCode = false;
  for (const [at, line] of markdown.split("\n").entries()) {
    if (/^\s*(```|~~~)/.test(line)) isCode = !isCode;
    if (isCode || /^\s*(```|~~~|#|\||<|!\[)/.test(line)) continue;
    for (const text of split(plain(line))) {
      const words = text.split(/\s+/).filter((word) => /[\p{L}\p{N}]/u.test(word)).length;
      if (words > 0) sentences.push({ line: at + 1, text, words });
    }
  }
  return sentences;
}

/** Without marks: code as one word, links as what they show. */
function plain(line: string): string {
  return line
    .replaceAll(/`[^`]*`/g, "code")
    .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1")
    .replaceAll(/\*\*|__/g, "")
    .replace(/^\s*([-*]|\d+\.)\s+/, "");
}

/** A colon that opens a list or an example ends no sentence; a semicolon does not either. */
function split(text: string): readonly string[] {
  return text.split(/(?<=[.!?]["”)]?)\s+(?=["“(]?[\p{Lu}\p{N}c])/u).filter((one) => one.trim() !== "");
}

function documents(): readonly string[] {
  const here = readdirSync(ROOT).filter((name) => name.endsWith(".md"));
  const docs = readdirSync(join(ROOT, "docs")).filter((name) => name.endsWith(".md"));
  return [...here, ...docs.map((name) => `docs/${name}`)];
}

function quantile(sorted: readonly number[], part: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0;
}

function measure(file: string): number {
  const sentences = sentencesOf(readFileSync(resolve(ROOT, file), "utf8"));
  const lengths = sentences.map(({ words }) => words).toSorted((a, b) => a - b);
  const long = sentences.filter(({ words }) => words > WORDS_MAX);
  const wished = sentences.filter(({ words }) => words > WORDS_WISHED).length;
  const shown = [quantile(lengths, 0.5), quantile(lengths, 0.9)].join(" and ");
  console.log(`${file}: ${sentences.length} sentences, ${shown} words (median, p90), ${wished} above ${WORDS_WISHED}`);
  for (const { line, words, text } of long) console.log(`  ${file}:${line}: ${words} words: ${text}`);
  return long.length;
}

if (process.argv[1] === import.meta.filename) {
  const given = process.argv.slice(2);
  const files = given.length > 0 ? given : documents();
  const long = files.map(measure).reduce((sum, count) => sum + count, 0);
  if (long > 0) console.log(`${long} sentences have more than ${WORDS_MAX} words; divide them`);
  process.exitCode = long > 0 ? 1 : 0;
}
