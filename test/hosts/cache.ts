/**
 * The hosts themselves, at pinned versions, each installed into a folder of its own outside of the
 * project: `~/.cache/channel-hub-hosts`, or `CHANNEL_HUB_HOSTS`. No install script runs; where a
 * package only links the binary of this machine, that binary is started directly. Beside them stands
 * `bin/` with a link to each, so that a `PATH` of it alone is a machine with these hosts.
 */
import { execFile } from "node:child_process";
import { existsSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { homedir } from "node:os";
import { join, relative } from "node:path";
import { promisify } from "node:util";
import { HOSTS } from "./hosts/hosts.ts";
import type { Host, HostName } from "./hosts/host.ts";

const run = promisify(execFile);
const INSTALL_MS = 300_000;
/** A first start of a binary of 250 MB, from a cold disk. */
const VERSION_MS = 60_000;

export const CACHE: string = process.env["CHANNEL_HUB_HOSTS"] ?? join(homedir(), ".cache/channel-hub-hosts");
export const BIN: string = join(CACHE, "bin");

/** A terminal for hosts that have no other face: the pseudo-terminal, and what understands its output. */
const TERMINAL = ["@lydell/node-pty@1.1.0", "@xterm/headless@6.0.0"];

/** Loads a package of the terminal's. */
export async function loadTerminal(): Promise<NodeJS.Require> {
  return createRequire(join(await installed("terminal", TERMINAL), "package.json"));
}

/** Installs what is missing, and says of each host why it cannot be had, or nothing. */
export async function installHosts(names: readonly HostName[]): Promise<ReadonlyMap<HostName, string>> {
  const failures = new Map<HostName, string>();
  const terminal = await loadTerminal().then(() => undefined, reasonOf);
  if (terminal !== undefined) return new Map(names.map((name) => [name, terminal]));
  for (const host of HOSTS.filter(({ name }) => names.includes(name))) {
    const failure = await installHost(host).catch((error: unknown) => reasonOf(error));
    if (failure !== undefined) failures.set(host.name, failure);
  }
  return failures;
}

async function installHost(host: Host): Promise<string | undefined> {
  const { name, version } = host.package;
  const folder = await installed(host.name, [`${name}@${version}`]);
  const tried: string[] = [];
  for (const path of host.package.programs.map((program) => join(folder, "node_modules", program))) {
    if (!existsSync(path)) continue;
    const said = await versionOf(path).then(({ stdout }) => stdout, reasonOf);
    if (said.includes(version)) return link(host.name, path);
    tried.push(said);
  }
  return `${name}@${version} has no program for this machine ${tried.join("; ")}`;
}

/** Asked with nothing of this machine's user in reach, not even a folder to write to. */
function versionOf(program: string): Promise<{ readonly stdout: string }> {
  const home = join(CACHE, "home");
  mkdirSync(home, { recursive: true });
  const env = { PATH: process.env["PATH"] ?? "", HOME: home };
  return run(program, ["--version"], { env, timeout: VERSION_MS });
}

/** The folder of these packages, complete or not there at all. */
async function installed(name: string, packages: readonly string[]): Promise<string> {
  const folder = join(CACHE, `${name}-${packages.map((one) => one.split("@").at(-1)).join("-")}`);
  if (existsSync(folder)) return folder;
  const coming = `${folder}.${process.pid}`;
  mkdirSync(coming, { recursive: true });
  writeFileSync(join(coming, "package.json"), '{"private":true}');
  const flags = ["--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund", "--save-exact"];
  try {
    await run("npm", ["install", ...flags, ...packages], { cwd: coming, timeout: INSTALL_MS });
    renameSync(coming, folder);
  } finally {
    rmSync(coming, { recursive: true, force: true });
  }
  return folder;
}

function link(name: string, path: string): undefined {
  mkdirSync(BIN, { recursive: true });
  const coming = join(BIN, `.${name}.${process.pid}`);
  symlinkSync(relative(BIN, path), coming);
  renameSync(coming, join(BIN, name));
}

function reasonOf(error: unknown): string {
  const { stderr = "", message = String(error) } = error as { stderr?: string; message?: string };
  return stderr.trim().split("\n").at(-1) || message.split("\n")[0] || "?";
}
