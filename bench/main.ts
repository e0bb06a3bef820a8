/**
 * npm run bench -- <what> [--smoke]: runs a bench, prints its tables, and keeps the results of full
 * runs for the document. Smoke runs show that everything works; their figures mean nothing.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { cpus, totalmem, release } from "node:os";
import { join } from "node:path";
import type { Bench } from "./bench.ts";
import { BENCHES } from "./benches.ts";
import { bill, writeBill } from "./bill.ts";
import { Load } from "./load.ts";
import { writeDocument } from "./document.ts";
import { FULL, SMOKE } from "./rounds.ts";
import { markdown, type Report, verdict } from "./section.ts";

const RESULTS = join(import.meta.dirname, "results");

async function main(words: readonly string[]): Promise<void> {
  const isSmoke = words.includes("--smoke");
  const what = words.find((word) => !word.startsWith("--")) ?? "help";
  if (what === "document") return await writeDocument();
  if (what === "bill") return await showBill();
  const chosen = what === "all" ? Object.keys(BENCHES) : [what];
  if (chosen.some((name) => BENCHES[name] === undefined)) return help();
  await using load = await Load.compile();
  if (load === undefined) return console.log("not run: the load generator is written in C (install gcc)");
  const bench = { load, rules: isSmoke ? SMOKE : FULL, isSmoke, say: (text: string) => console.error(`… ${text}`) };
  for (const name of chosen) await runOne(name, bench);
  if (!isSmoke) await writeDocument();
}

/** Needs no load generator, and its counts depend on no machine. */
async function showBill(): Promise<void> {
  const sections = await bill();
  console.log(sections.map(markdown).join("\n"));
  await writeBill(sections);
}

async function runOne(what: string, bench: Bench): Promise<void> {
  const sections = (await BENCHES[what]?.(bench)) ?? [];
  console.log(sections.map(markdown).join("\n"));
  const missed = sections.flatMap(({ goals }) => goals.filter((goal) => verdict(goal) === "missed"));
  if (bench.isSmoke) return console.log(`${what}: it runs; a smoke run's figures mean nothing`);
  if (missed.length > 0) console.log(`${what}: missed ${missed.map(({ text }) => text).join("; ")}`);
  const report: Report = { what, date: today(), machine: machine(), command: `npm run bench -- ${what}`, sections };
  await mkdir(RESULTS, { recursive: true });
  await writeFile(join(RESULTS, `${what}.json`), `${JSON.stringify(report, null, 2)}\n`);
}

function today(): string {
  return new Date().toISOString().slice(0, 10);
}

function machine(): string {
  const [first] = cpus();
  const memory = Math.round(totalmem() / 2 ** 30);
  return `${cpus().length} × ${first?.model.trim() ?? "unknown"}, ${memory} GiB, ${process.platform} ${kernel()}`;
}

/** Version of the kernel, without what its builder calls it. */
function kernel(): string {
  return release().split(".").slice(0, 2).join(".");
}

function help(): void {
  console.log(`npm run bench -- <what> [--smoke]

  platform   against a Durable Object that stores and checks nothing
  peers      against other hubs that do the same work
  growth     as participants, channels, history and texts grow
  start      cold starts, wakes and bundle sizes
  money      what a message costs its owner
  bill       three hubs to dollars, written into docs/OPERATIONS.md
  all        all but the bill, which money holds
  document   writes docs/PERFORMANCE.md and its plots from the kept results`);
}

await main(process.argv.slice(2));
