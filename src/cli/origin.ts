/**
 * Where this command came from. A hub hands out its own client as `/channel-hub.tgz`, so whoever
 * started that through npx means that hub; npm keeps the address beside what it installed.
 */
import { readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";

const PACKAGE_PATH = "/channel-hub.tgz";
/** Of the hub that the command speaks to when nothing says otherwise: that of `npm start`. */
export const LOCAL_HUB = "http://127.0.0.1:8787";

/** The address of a hub's package; with `build`, one that no other build ever has. */
export function packageAt(hub: string, build?: string): string {
  return `${hub.replace(/\/+$/, "")}${PACKAGE_PATH}${build === undefined ? "" : `?v=${build}`}`;
}

/** How anybody on any machine starts this command. */
export function anywhere(hub: string): string {
  return `npx -y ${packageAt(hub)}`;
}

/**
 * The hub this command was fetched from; undefined where it runs in a clone or from a copy.
 *
 * @param folder of the running file, `…/node_modules/channel-hub/command`
 */
export function hubOfOrigin(folder: string = import.meta.dirname): string | undefined {
  const own = dirname(folder);
  if (basename(dirname(own)) !== "node_modules") return undefined;
  const locked = readJson(join(dirname(own), ".package-lock.json"))?.["packages"] as Locked | undefined;
  const resolved = locked?.[`node_modules/${basename(own)}`]?.resolved;
  const url = typeof resolved === "string" ? URL.parse(resolved) : null;
  // A hub may stand under a path.
  if (url?.pathname.endsWith(PACKAGE_PATH) !== true) return undefined;
  return url.origin + url.pathname.slice(0, -PACKAGE_PATH.length);
}

/** The build of this very package; undefined in a clone. */
export function ownBuild(folder: string = import.meta.dirname): string | undefined {
  const build = readJson(join(dirname(folder), "package.json"))?.["build"];
  return typeof build === "string" ? build : undefined;
}

type Locked = Readonly<Record<string, { readonly resolved?: unknown } | undefined>>;

/** Undefined where there is no such file, or no object in it. */
function readJson(path: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(readFileSync(path, "utf8"));
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    // A file that npm did not write tells nothing of where this came from.
    return undefined;
  }
}
