/** What must be true of the source itself: how SQL is made, and what the hub is made of. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ROOT } from "../support/protocol-page.ts";
import { sourceFile } from "../support/source-file.ts";

const HUB = join(ROOT, "src/hub");
const SQL_TEXT = /`[^`]*\b(?:SELECT|INSERT INTO|UPDATE|DELETE FROM|CREATE TABLE)\b[^`]*`/g;

const TEXT = /"[^"]*"|`[^`$]*(?:\$\{[A-Z_]+\}[^`$]*)*`/g;

/** Whether the name stands in this source for constant text, or for one of several. */
function isConstant(source: string, name: string): boolean {
  if (/^[A-Z_]+$/.test(name)) return true;
  // Of a migration: what the tables' layouts say, in text.
  if (name === "statement") return source.includes("for (const statement of missing)") && areStatementsText();
  if (source.includes(`for (const [${name}, ...values] of `))
    return writesOf(source).every((text) => /^("|[A-Z_]+$)/.test(text));
  const [, expression = "?"] = new RegExp(`const ${name} =([^;]*);`).exec(source) ?? [];
  return /^[\w\s=?:!]*$/.test(expression.replaceAll(TEXT, "")) && expression.search(TEXT) >= 0;
}

/** Whether every layout of a table spells its statements out. */
function areStatementsText(): boolean {
  const files = readdirSync(HUB, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ts"));
  const layouts = files.map((file) => readFileSync(join(HUB, file), "utf8").replace("statement: string", ""));
  const given = layouts.flatMap((source) => source.match(/\bstatement:\s*./g) ?? []);
  // What a template puts in is judged where the statements themselves are.
  return given.length > 1 && given.every((text) => /["`]$/.test(text));
}

/** What stands first in the statements that a file prepares as `[query, ...values]`: pushed to a list, or returned as a `Write`. */
function writesOf(source: string): string[] {
  const makers = [...source.matchAll(/\): Write \{\n.*?\n\}/gs)].map(([body]) => body);
  const pushes = source.match(/writes\.push\(\[[^\n]*/g) ?? [];
  const tuples = [...makers, ...pushes].join("\n").matchAll(/(?:return |push\()\[\s*("[^"]*"|[^\s,\]]+)/g);
  return [...tuples].map(([, first = ""]) => first);
}

test("[T20] no statement of SQL is put together from anything but constants: values are bound", () => {
  const files = readdirSync(HUB, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ts"));
  let statements = 0;
  for (const file of files) {
    const source = readFileSync(join(HUB, file), "utf8");
    for (const [text] of source.matchAll(SQL_TEXT)) {
      statements++;
      for (const [, name = ""] of text.matchAll(/\$\{([^}]*)\}/g))
        expect(isConstant(source, name), `${file}: ${text}`).toBe(true);
    }
    // Nor is a text that is no constant handed over as a statement.
    for (const [, given = ""] of source.matchAll(/\b(?:sql|storage)\.exec(?:<[^(]*>)?\(\s*([^\s,)]+)/gi))
      expect(/^["`]/.test(given) || isConstant(source, given), `${file}: exec(${given}`).toBe(true);
  }
  expect(statements).toBeGreaterThan(3);
});

interface Locked {
  readonly version?: string;
  readonly integrity?: string;
  readonly optional?: boolean;
  readonly link?: boolean;
  readonly hasInstallScript?: boolean;
}
const pack = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
  readonly allowScripts: Readonly<Record<string, boolean>>;
};
const lock = JSON.parse(readFileSync(join(ROOT, "package-lock.json"), "utf8")) as {
  readonly packages: Readonly<Record<string, Locked>>;
};
const installed = Object.entries(lock.packages).filter(([path, { link }]) => path !== "" && link !== true);

test("[T24] every dependency is of one exact version, whose content the lock file knows", () => {
  for (const [name, version] of Object.entries({ ...pack.dependencies, ...pack.devDependencies }))
    expect(version, name).toMatch(/^(npm:@?[a-z0-9/-]+@)?\d+\.\d+\.\d+(-[a-z]+\.\d+)?$/);
  const unknown = installed.filter(([, { integrity }]) => integrity === undefined);
  expect(unknown).toEqual([]);
});

test("[T24] no package's install script runs but that of the Node it brings", () => {
  const asking = installed.filter(([, { hasInstallScript }]) => hasInstallScript === true);
  const names = asking.map(([path]) => path.replace(/^.*node_modules\//, ""));
  for (const name of names) expect(pack.allowScripts, name).toHaveProperty([name]);
  expect(Object.entries(pack.allowScripts).filter(([, isAllowed]) => isAllowed)).toEqual([["node", true]]);
});

test("[T24] the Worker is built from these packages and no others", () => {
  const imported = new Set<string>();
  for (const room of ["protocol", "channel", "hub", "tool"]) {
    const files = readdirSync(join(ROOT, "src", room), { recursive: true, encoding: "utf8" });
    for (const file of files.filter((name) => name.endsWith(".ts"))) {
      const source = readFileSync(join(ROOT, "src", room, file), "utf8");
      for (const [, from = ""] of source.matchAll(/^(?:import|export) [^;]*?from "([^.][^"]*)"/gms))
        imported.add(from.split("/")[0] ?? "");
    }
  }
  expect([...imported].toSorted()).toEqual(["cloudflare:workers", "hono", "valibot"]);
});

test("[T2] no secret is compared by its text: `===` tells by its time how much of it was right", () => {
  const SECRET = String.raw`(?:own|digest|hex|given|secret|mac|(?:env\.)?HUB_KEYS?)`;
  const compared = new RegExp(String.raw`\b${SECRET} (?:===|!==) (?!""|undefined)|(?:===|!==) ${SECRET}\b(?!\.)`, "g");
  const found = ["between/keys.ts", "key-list.ts", "ticket.ts", "admission.ts"]
    .flatMap(
      (file) =>
        readFileSync(join(ROOT, sourceFile(file)), "utf8")
          .match(compared)
          ?.map((one) => `${file}: ${one}`) ?? [],
    )
    // Of a page's origin.
    .filter((one) => one !== "admission.ts: own !== ");
  expect(found).toEqual([]);
  expect("candidate === own".match(compared)).not.toBeNull();
});
