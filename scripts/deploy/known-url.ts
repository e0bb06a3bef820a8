/** The address of the last deploy, kept beside the key: what changes is shown against the hub that runs there. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Wishes } from "./wishes.ts";

const FILE = join(resolve(import.meta.dirname, "../.."), ".hub-url");

export function knownUrl({ url }: Wishes): string | undefined {
  return url ?? (existsSync(FILE) ? readFileSync(FILE, "utf8").trim() : undefined);
}

export function keepUrl(url: string): void {
  writeFileSync(FILE, `${url}\n`);
}
