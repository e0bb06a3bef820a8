/**
 * The command as hosts start it. What npx fetched may be gone tomorrow, and to ask the hub for it at
 * each start would leave the agent without a tool whenever the hub is away: so the package is kept
 * beside the user's data, each build in a folder of its own.
 */
import { randomBytes } from "node:crypto";
import { cpSync, existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Launch, Place } from "../hosts/host.ts";
import { ownBuild } from "../origin.ts";
import { VERSION } from "../version.ts";

/** `${XDG_DATA_HOME:-~/.local/share}/channel-hub` */
export function dataFolder({ env, home }: Place): string {
  return join(env["XDG_DATA_HOME"] || join(home, ".local/share"), "channel-hub");
}

/** How hosts will start this build, once it is kept. */
export function launchFor(place: Place): Launch {
  const build = ownBuild();
  if (build === undefined)
    return [
      process.execPath,
      join(import.meta.dirname, import.meta.filename.endsWith(".ts") ? "../bin.ts" : "../bin.js"),
    ];
  return [process.execPath, join(dataFolder(place), `${VERSION}-${build}`, "command/entry.cjs")];
}

/** Keeps this build; nothing is done in a clone, or where it is kept. */
export function keepBuild(place: Place): void {
  const build = ownBuild();
  const target = join(dataFolder(place), `${VERSION}-${build}`);
  if (build === undefined || existsSync(join(target, "command/entry.cjs"))) return;
  mkdirSync(dirname(target), { recursive: true });
  const draft = `${target}.${randomBytes(6).toString("hex")}`;
  try {
    cpSync(dirname(import.meta.dirname), draft, { recursive: true });
    renameSync(draft, target);
  } catch (error) {
    rmSync(draft, { recursive: true, force: true });
    // Another set-up may have been as fast.
    if (!existsSync(join(target, "command/entry.cjs"))) throw error;
  }
}

/** Takes away all builds that were kept. */
export function forgetBuilds(place: Place): void {
  rmSync(dataFolder(place), { recursive: true, force: true });
}
