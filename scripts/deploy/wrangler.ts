/**
 * wrangler's commands, as the deploy uses them. None sees a `HUB_…` variable of this shell: wrangler
 * lets the environment overrule a file of secrets, and only what was checked may go up.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { deployedUrls } from "./report.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const PROGRAM = join(ROOT, "node_modules/wrangler/bin/wrangler.js");

export interface Account {
  readonly id: string;
  readonly name: string;
}

/** The accounts that may be deployed to; undefined: nobody is logged in. */
export function accounts(): readonly Account[] | undefined {
  const { code, output } = ask(["whoami", "--json"]);
  return code === 0 ? (readJson(output) as { accounts: readonly Account[] }).accounts : undefined;
}

/** Names of the secrets that a Worker has; `undefined`: the account has no such Worker. */
export function secretNames(worker: string): readonly string[] | undefined | Error {
  const { code, output } = ask(["secret", "list", "--name", worker]);
  if (code === 0) return (readJson(output) as readonly { readonly name: string }[]).map(({ name }) => name);
  return /not found|does not exist/.test(output) ? undefined : new Error(output.trim());
}

/** The version that answers requests; undefined where there is none, or where it cannot be told. */
export function liveVersion(worker: string): string | undefined {
  const { code, output } = ask(["deployments", "status", "--json", "--name", worker]);
  if (code !== 0) return undefined;
  const { versions } = readJson(output) as { readonly versions: readonly { readonly version_id: string }[] };
  return versions[0]?.version_id;
}

export interface Upload {
  readonly worker: string;
  readonly secrets: Readonly<Record<string, string>>;
  readonly variables: Readonly<Record<string, string>>;
  readonly rest: readonly string[];
}

export interface Uploaded {
  readonly code: number;
  readonly urls: readonly string[];
}

/** `wrangler deploy`, on this terminal, so that it can ask. */
export function upload({ worker, secrets, variables, rest }: Upload): Uploaded {
  return withDirectory((directory) => {
    const report = join(directory, "report.ndjson");
    const file = join(directory, "secrets.json");
    // JSON, because wrangler expands $VAR in the other form.
    writeFileSync(file, JSON.stringify(secrets), { mode: 0o600 });
    const named = Object.entries(variables).map(([name, value]) => `--var=${name}:${value}`);
    const args = ["deploy", `--name=${worker}`, `--secrets-file=${file}`, ...named, ...rest];
    const code = show(args, { WRANGLER_OUTPUT_FILE_PATH: report });
    return { code, urls: existsSync(report) ? deployedUrls(readFileSync(report, "utf8")) : [] };
  });
}

export function dryRun({ worker, variables, rest }: Omit<Upload, "secrets">): number {
  const named = Object.entries(variables).map(([name, value]) => `--var=${name}:${value}`);
  return show(["deploy", "--dry-run", `--name=${worker}`, ...named, ...rest]);
}

export function deleteSecret(worker: string, name: string): boolean {
  return ask(["secret", "delete", name, "--name", worker]).code === 0;
}

/** Makes an earlier version live again: the one named, or the one before. */
export function rollback(worker: string, version: string | undefined, rest: readonly string[]): number {
  return show(["rollback", ...(version === undefined ? [] : [version]), "--name", worker, ...rest]);
}

/** On this terminal. */
function show(args: readonly string[], more: NodeJS.ProcessEnv = {}): number {
  return spawnSync(process.execPath, line(args), { stdio: "inherit", env: { ...environment(), ...more } }).status ?? 1;
}

/** Without a terminal: what it prints is the answer, and its questions are answered yes. */
function ask(args: readonly string[]): { readonly code: number; readonly output: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, line(args), {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...environment(), CI: "true", NO_COLOR: "1" },
  });
  return { code: status ?? 1, output: status === 0 ? stdout.toString() : `${stderr.toString()}${stdout.toString()}` };
}

function line(args: readonly string[]): string[] {
  return [PROGRAM, ...args, `--config=${join(ROOT, "wrangler.toml")}`];
}

function environment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !name.startsWith("HUB_"));
  const quiet = { WRANGLER_SEND_METRICS: "false", WRANGLER_SEND_ERROR_REPORTS: "false", WRANGLER_HIDE_BANNER: "true" };
  return { ...Object.fromEntries(kept), ...quiet };
}

/** wrangler may print notes before its JSON. */
function readJson(output: string): unknown {
  return JSON.parse(output.slice(output.search(/^[[{]/m)));
}

function withDirectory<T>(use: (directory: string) => T): T {
  const directory = mkdtempSync(join(tmpdir(), "channel-hub-deploy-"));
  try {
    return use(directory);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
