/**
 * Writes the kept results into docs/PERFORMANCE.md, and the few that a reader asks first into
 * README.md, between the marks that stand there for them, and draws the plots. What people wrote
 * around the marks stays.
 */
import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ROOT } from "../test/support/process/build.ts";
import { markdown, type Report, type Section } from "./section.ts";
import { summary } from "./summary.ts";
import { barPlot, type Line, linePlot } from "./svg.ts";

const DOCS = join(ROOT, "docs");
const PAGE = join(DOCS, "PERFORMANCE.md");
const README = join(ROOT, "README.md");
const BENCHES = ["platform", "peers", "growth", "start", "money"];
const RESULTS = join(import.meta.dirname, "results");

/** Draws a bench's plots: by file name. */
const PLOTS: Readonly<Record<string, (sections: readonly Section[]) => Record<string, string>>> = {
  platform: (sections) => ({ "throughput.svg": throughput(sections) }),
  peers: (sections) => ({ "peers.svg": contest(sections) }),
  money: (sections) => ({ "cost.svg": cost(sections) }),
};

export async function writeDocument(): Promise<void> {
  const reports = (await Promise.all(BENCHES.map(kept))).filter((report) => report !== undefined);
  for (const report of reports) {
    await writeBetween(PAGE, report.what, printed(report));
    const plots = PLOTS[report.what]?.(report.sections) ?? {};
    for (const [name, svg] of Object.entries(plots)) await writeFile(join(DOCS, name), svg);
  }
  await writeBetween(README, "the benchmarks", summary(reports));
}

/** The results of the last full run of a bench, if one was kept. */
async function kept(what: string): Promise<Report | undefined> {
  const path = join(RESULTS, `${what}.json`);
  return existsSync(path) ? (JSON.parse(await readFile(path, "utf8")) as Report) : undefined;
}

function printed({ date, machine, command, sections }: Report): string {
  return [`\`${command}\`, ${date}, ${machine}.`, "", ...sections.map(markdown)].join("\n");
}

async function writeBetween(path: string, what: string, text: string): Promise<void> {
  const page = await readFile(path, "utf8");
  const [begin, end] = [`<!-- results of ${what} -->`, `<!-- end of ${what} -->`];
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`${path} has no marks ${begin} and ${end}`);
  await writeFile(path, `${page.slice(0, from + begin.length)}\n\n${text.trim()}\n\n${page.slice(to)}`);
}

/** The points of a name over all sections. */
function gather(sections: readonly Section[], names: readonly string[]): Line[] {
  return names.map((name) => ({ name, points: sections.flatMap((section) => section.points[name] ?? []) }));
}

function throughput(sections: readonly Section[]): string {
  const memory = sections.filter(({ title }) => title.endsWith("memory"));
  const names = ["bare", "grouped", "single", "batch"];
  const lines = gather(memory, names).filter(({ points }) => points.length > 0);
  return linePlot({
    title: "Deliveries a second: the hub against the bare platform",
    x: "participants",
    y: "deliveries/s",
    lines,
  });
}

function contest(sections: readonly Section[]): string {
  const section = sections.find(({ title }) => title.startsWith("100 ")) ?? sections[0];
  const bars = Object.entries(section?.points ?? {}).map(([name, points]) => ({
    name,
    value: points[0]?.[1] ?? 0,
    isOurs: name.startsWith("Channel Hub"),
  }));
  return barPlot({
    title: `Deliveries a second, ${section?.title ?? ""}`,
    x: "deliveries/s, one core of the server busy",
    bars,
  });
}

function cost(sections: readonly Section[]): string {
  const section = sections.find(({ points }) => Object.keys(points).length > 0);
  return linePlot({
    title: "Dollars of a million messages",
    x: "messages under way at once",
    y: "$/M",
    lines: Object.entries(section?.points ?? {}).map(([name, points]) => ({ name, points })),
  });
}
