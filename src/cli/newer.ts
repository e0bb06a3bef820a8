/**
 * npx keeps what it fetched from an address for good, also when the hub there has a newer build.
 * What sets up or describes an agent must be the hub's own build, and a command that this build does
 * not know may be one of the next: both are handed over to the newest, under an address of its own.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { hubOfOrigin, ownBuild, packageAt } from "./origin.ts";

/** Tells the one handed over to that it is, so that no two ever play ball. */
const HANDED_OVER = "CHANNEL_HUB_HANDED_OVER";
/** A hub that does not answer for so long has nothing newer to offer. */
const ASK_MS = 5000;

type Environment = Readonly<Record<string, string | undefined>>;

/** Runs the newest build in place of this one; gives its exit code, or undefined where this is the newest. */
export async function inNewer(args: readonly string[], env: Environment): Promise<number | undefined> {
  const hub = hubOfOrigin();
  const own = ownBuild();
  if (hub === undefined || own === undefined || env[HANDED_OVER] !== undefined) return undefined;
  const newest = await buildAt(hub);
  if (newest === undefined || newest === own) return undefined;
  const command = ["-y", packageAt(hub, newest), ...args];
  const child = spawn("npx", command, {
    env: { ...env, [HANDED_OVER]: own },
    stdio: "inherit",
    shell: process.platform === "win32",
  });
  const [code] = (await once(child, "close")) as [number | null];
  return code ?? 1;
}

async function buildAt(hub: string): Promise<string | undefined> {
  try {
    const answer = await fetch(`${hub}/health`, { signal: AbortSignal.timeout(ASK_MS) });
    const health = (await answer.json()) as { package?: { build?: unknown } };
    const build = health.package?.build;
    return typeof build === "string" && /^[0-9a-f]+$/.test(build) ? build : undefined;
  } catch {
    // The command itself will say that the hub cannot be reached.
    return undefined;
  }
}
