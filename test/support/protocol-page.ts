/** PROTOCOL.md as tests read it: the rules it defines, its tables, and its examples as one story. */
import { readFileSync } from "node:fs";
import { join } from "node:path";

export const ROOT: string = join(import.meta.dirname, "../..");

const PAGE = readFileSync(join(ROOT, "PROTOCOL.md"), "utf8");

/** What holds for the owner, beside what holds on the wire. */
const OPERATIONS = readFileSync(join(ROOT, "docs/OPERATIONS.md"), "utf8");

/** Ids of the rules, such as SOC2, where they are defined: `**[SOC2]**`. */
export function ruleIds(): string[] {
  return [...`${PAGE}\n${OPERATIONS}`.matchAll(/^(?:- )?\*\*\[([A-Z]{3}\d+)\]\*\*/gm)].map(([, id = ""]) => id);
}

/** Cells of the table under a heading whose first cell is a `` `name` ``; back quotes are taken off the name. */
export function tableUnder(heading: string): string[][] {
  const [, section = ""] = PAGE.split(new RegExp(`^## ${heading}$`, "m"));
  const rows = (section.split(/^## /m)[0] ?? "").split("\n").filter((line) => line.startsWith("| `"));
  return rows.map((row) =>
    row
      .slice(1, -1)
      .split("|")
      .map((cell, at) => (at === 0 ? cell.trim().replaceAll("`", "") : cell.trim())),
  );
}

/** A line of the story, with the JSON that belongs to it. */
export interface Step {
  /** Of the page, for the report of what differs. */
  readonly line: number;
  /** `POST /api/channel/send`, `→ 200`, `alpha connects /ws/…`, `alpha ←`, `alpha is closed 4504`, `name: value`. */
  readonly says: string;
  /** Undefined where it has none. */
  readonly json: string | undefined;
}

const STEP = /^(?:[A-Z]+ \/\S*|→ \d{3}|\w+ connects \S+|\w+ [←→]|\w+ is closed \d{4}|[a-z-]+: \S+)(?= |$)/;

/** What stands in the fences ```` ```http ```` and ```` ```ws ````, in order. Throws on a line that is no part of it. */
export function story(): Step[] {
  const steps: { line: number; says: string; json: string | undefined }[] = [];
  let isInside = false;
  for (const [at, text] of PAGE.split("\n").entries()) {
    if (text.startsWith("```")) {
      isInside = /^```(http|ws)$/.test(text);
      if (!isInside && text !== "```" && text !== "```text")
        throw new Error(`PROTOCOL.md:${at + 1}: an example of another kind: ${text}`);
      continue;
    }
    if (!isInside || text === "") continue;
    const says = STEP.exec(text)?.[0];
    if (says !== undefined) steps.push({ line: at + 1, says, json: text.slice(says.length).trim() || undefined });
    else addJson(steps.at(-1), text);
  }
  return steps;
}

function addJson(step: { json: string | undefined } | undefined, text: string): void {
  if (step === undefined) throw new Error(`an example begins with ${text}`);
  step.json = `${step.json ?? ""}\n${text}`;
}
