/**
 * Every package that the lock lists has the hash of what it is: without it npm takes whatever the
 * registry gives. Part of `npm run check`; an exception stands here with its reason.
 */
import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";

/** Path in the lock → why it has no hash. */
const WITHOUT: Readonly<Record<string, string>> = {};

interface LockEntry {
  readonly integrity?: string;
  readonly link?: boolean;
}

export function withoutIntegrity(packages: Readonly<Record<string, LockEntry>>): readonly string[] {
  return Object.entries(packages)
    .filter(([path, { integrity, link }]) => path !== "" && link !== true && integrity === undefined)
    .map(([path]) => path)
    .filter((path) => !Object.hasOwn(WITHOUT, path));
}

if (import.meta.main) {
  const lock = await readFile(join(resolve(import.meta.dirname, ".."), "package-lock.json"), "utf8");
  const { packages } = JSON.parse(lock) as { readonly packages: Readonly<Record<string, LockEntry>> };
  const missing = withoutIntegrity(packages);
  for (const path of missing) console.log(`package-lock.json: ${path} has no integrity`);
  if (missing.length > 0) {
    console.log("Remove these entries from the lock, and run npm install --package-lock-only --ignore-scripts.");
    process.exitCode = 1;
  }
}
