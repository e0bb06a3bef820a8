/** The options of the long runs: whole numbers by name, all of them with a default. */
import { parseArgs } from "node:util";

/** Numbers as `--name 12`; ends the process with how to use it where one is something else. */
export function readNumbers<Name extends string>(defaults: Readonly<Record<Name, number>>): Record<Name, number> {
  const names = Object.keys(defaults) as Name[];
  const options = Object.fromEntries(names.map((name) => [name, { type: "string" as const }]));
  try {
    const { values } = parseArgs({ options });
    const numbers = names.map((name) => [name, numberOf(name, values[name]) ?? defaults[name]] as const);
    return Object.fromEntries(numbers) as Record<Name, number>;
  } catch (error) {
    const usage = names.map((name) => `[--${name} ${defaults[name]}]`).join(" ");
    console.error(`${error instanceof Error ? error.message : String(error)}\noptions: ${usage}`);
    process.exit(2);
  }
}

function numberOf(name: string, value: unknown): number | undefined {
  if (value === undefined) return undefined;
  if (typeof value === "string" && /^\d+$/.test(value)) return Number(value);
  throw new Error(`--${name} must be a whole number`);
}

/** A seed of today, for a run that was given none. */
export function newSeed(): number {
  return Date.now() % 1_000_000;
}
