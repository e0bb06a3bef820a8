/**
 * Files of the source by the end of their path, so that a list which names one outlives its move:
 * `keeper.ts`, or `admission/identity.ts` where the name alone is not enough.
 */
import { existsSync, readdirSync } from "node:fs";
import { join, sep } from "node:path";
import { ROOT } from "./protocol-page.ts";

let listed: readonly string[] | undefined;

/** Path from the root; one that is given whole stays. Throws where no file, or more than one, ends like that. */
export function sourceFile(end: string): string {
  if (existsSync(join(ROOT, end))) return end;
  listed ??= readdirSync(join(ROOT, "src"), { recursive: true, encoding: "utf8" }).map(
    (path) => `src/${path.replaceAll(sep, "/")}`,
  );
  const found = listed.filter((path) => path === end || path.endsWith(`/${end}`));
  const [one] = found;
  if (one === undefined || found.length > 1) throw new Error(`${end}: ${found.join(", ") || "no file of src ends so"}`);
  return one;
}
