/** A change as people read it: lines that go and come, with one around them. */
import { structuredPatch } from "diff";
import { showLine } from "../../protocol/index.ts";
import type { Paint } from "../terminal.ts";
import { type Change, isChange } from "./plan.ts";

/** More would show what is no business of this change, such as other servers' secrets. */
const CONTEXT = 1;

export function diffLines(change: Change, paint: Paint): readonly string[] {
  const { state, before, after } = change;
  if (!isChange(change)) return [];
  const { hunks } = structuredPatch(state.path, state.path, before, after ?? "", "", "", { context: CONTEXT });
  const what = state.bytes === undefined ? " (new)" : after === undefined ? " (removed)" : "";
  const lines = hunks.flatMap(({ oldStart, lines: found }) => [`@@ line ${oldStart}`, ...found.map(shown)]);
  return [paint("bold", `${showLine(state.path)}${what}`), ...lines.map((line) => coloured(line, paint))];
}

function shown(line: string): string {
  return line.startsWith("\\") ? line : line[0] + showLine(line.slice(1).replace(/\r$/, ""));
}

function coloured(line: string, paint: Paint): string {
  if (line.startsWith("+")) return paint("green", line);
  return line.startsWith("-") ? paint("red", line) : line.startsWith("@") ? paint("dim", line) : line;
}
