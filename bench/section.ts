/** What a bench says: tables with their goals, printed the same way on a terminal and in a document. */
import type { Compared } from "./rounds.ts";

export interface Goal {
  readonly text: string;
  /** The measured value, a median. */
  readonly value: number;
  readonly wanted: { readonly least: number } | { readonly most: number };
  /** A/A spread, as a share; 0 where a value does not depend on the machine's pace. */
  readonly noise: number;
  readonly isMeasurable: boolean;
}

export interface Section {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
  readonly goals: readonly Goal[];
  readonly notes: readonly string[];
  /** What plots are drawn from: by name, points of x and y. */
  readonly points: Readonly<Record<string, readonly (readonly [number, number])[]>>;
}

/** The results of one bench, as they are kept. */
export interface Report {
  readonly what: string;
  readonly date: string;
  readonly machine: string;
  readonly command: string;
  readonly sections: readonly Section[];
}

export function section(title: string, parts: Partial<Omit<Section, "title">>): Section {
  return { title, columns: [], rows: [], goals: [], notes: [], points: {}, ...parts };
}

/** A goal for a value that was compared with its reference in the same rounds. */
export function compared<T>(
  text: string,
  value: number,
  wanted: Goal["wanted"],
  { noise, isMeasurable }: Pick<Compared<T>, "noise" | "isMeasurable">,
): Goal {
  return { text, value, wanted, noise, isMeasurable };
}

/** A goal for a value that counts something or has a wide margin, so that noise does not decide. */
export function absolute(text: string, value: number, wanted: Goal["wanted"]): Goal {
  return { text, value, wanted, noise: 0, isMeasurable: true };
}

export type Verdict = "holds" | "missed" | "not measurable here";

/** A goal is missed only where the median and the noise together do not reach it. */
export function verdict({ value, wanted, noise, isMeasurable }: Goal): Verdict {
  if (!isMeasurable || Number.isNaN(value)) return "not measurable here";
  const isMet = "least" in wanted ? value * (1 + noise) >= wanted.least : value / (1 + noise) <= wanted.most;
  return isMet ? "holds" : "missed";
}

/** Three figures that matter. */
export function figure(value: number): string {
  if (!Number.isFinite(value)) return "–";
  if (value === 0) return "0";
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  return value.toLocaleString("en", { maximumFractionDigits: Math.min(digits, 6) });
}

export function percent(share: number): string {
  return `${figure(share * 100)} %`;
}

export function markdown({ title, columns, rows, goals, notes }: Section): string {
  const parts = title === "" ? [] : [`### ${title}`, ""];
  if (rows.length > 0) parts.push(...table(columns, rows), "");
  if (goals.length > 0) parts.push(...table(["goal", "measured", "A/A", ""], goals.map(goalRow)), "");
  for (const note of notes) parts.push(note, "");
  return parts.join("\n");
}

function goalRow(goal: Goal): string[] {
  const { text, value, noise } = goal;
  return [`${text} ${wantedText(goal)}`, figure(value), noise === 0 ? "" : `± ${percent(noise)}`, verdict(goal)];
}

export function wantedText({ wanted }: Goal): string {
  return "least" in wanted ? `≥ ${figure(wanted.least)}` : `≤ ${figure(wanted.most)}`;
}

function table(columns: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const widths = columns.map((column, at) => Math.max(column.length, 3, ...rows.map((row) => (row[at] ?? "").length)));
  const line = (cells: readonly string[]): string =>
    `| ${widths.map((width, at) => (at === 0 ? (cells[at] ?? "").padEnd(width) : (cells[at] ?? "").padStart(width))).join(" | ")} |`;
  const rule = `| ${widths.map((width, at) => (at === 0 ? "-".repeat(width) : `${"-".repeat(width - 1)}:`)).join(" | ")} |`;
  return [line(columns), rule, ...rows.map(line)];
}
