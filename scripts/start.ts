/**
 * `npm start`: the hub on this machine, under `wrangler dev`. Says where it is, which key it has and
 * one line that shows it working; further arguments go to wrangler. It listens on 127.0.0.1 unless
 * `--ip` says otherwise, asks nothing of the network, shares its state with no other hub, and leaves
 * no process behind, also when it is killed (`guard.ts`).
 */
import { type ChildProcess, spawn, type StdioOptions } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { PARENT_FD, type Watch, WATCH } from "./guard.ts";
import { closeToOthers, isLoopback, keyProblem, type LocalKey, localKey } from "./local-key.ts";
import { inUse, stateHolder } from "./state-lock.ts";

const ROOT = resolve(import.meta.dirname, "..");
const WRANGLER = join(ROOT, "node_modules/wrangler/bin/wrangler.js");
const GUARD = pathToFileURL(join(import.meta.dirname, "guard.ts")).href;
const DEV_VARS = join(ROOT, ".dev.vars");
/** How long the runtime may take to end by itself. */
const GRACE_MS = 10_000;
const POLL_MS = 100;

/** wrangler's flags unless they are given. Of two hubs that start at once, one would fail to get the debugger's usual port. */
const DEFAULTS = {
  ip: "127.0.0.1",
  port: "8787",
  "inspector-port": "0",
  "log-level": "warn",
  "show-interactive-dev-session": "false",
};

/** No telemetry, no look for updates, no request data from elsewhere, no logs in the home, no pages without the key. */
const QUIET = {
  WRANGLER_HIDE_BANNER: "true",
  WRANGLER_SEND_METRICS: "false",
  WRANGLER_SEND_ERROR_REPORTS: "false",
  WRANGLER_WRITE_LOGS: "false",
  CLOUDFLARE_CF_FETCH_ENABLED: "false",
  X_LOCAL_EXPLORER: "false",
  X_LOCAL_OBSERVABILITY: "false",
};

interface Wishes {
  readonly ip: string;
  readonly port: number;
  readonly key: LocalKey;
  /** The folder of its state. */
  readonly state: string;
  /** For wrangler: what was given, and the defaults of what was not. */
  readonly flags: readonly string[];
}

const wishes = readWishes(process.argv.slice(2));
requireFreeState(wishes);
await requireFreePort(wishes);
process.exitCode = await run(wishes);

function readWishes(given: readonly string[]): Wishes {
  const text = { type: "string" } as const;
  const known = Object.fromEntries(Object.keys(DEFAULTS).map((name) => [name, text]));
  const options = { ...known, "persist-to": text, var: { ...text, multiple: true } } as const;
  const { values } = parseArgs({ args: [...given], strict: false, options });
  if (given.some((flag) => flag === "--help" || flag === "-h")) help();
  const missing = Object.entries(DEFAULTS).filter(([name]) => values[name] === undefined);
  const ip = String(values["ip"] ?? DEFAULTS.ip);
  const variables = (values["var"] ?? []).map(String);
  const wasOpen = existsSync(DEV_VARS) ? closeToOthers(DEV_VARS) : undefined;
  if (wasOpen !== undefined) console.error(wasOpen);
  const devVars = existsSync(DEV_VARS) ? readFileSync(DEV_VARS, "utf8") : "";
  const key = localKey({ environment: process.env["HUB_KEY"], devVars, variables });
  const problem = keyProblem(key, ip);
  if (problem !== undefined) fail(problem);
  const flags = [...missing.map(([name, value]) => `--${name}=${value}`), ...given];
  const persist = values["persist-to"];
  // As wrangler reads it.
  const state = typeof persist === "string" ? resolve(persist) : join(ROOT, ".wrangler/state");
  return { ip, port: readPort(values["port"] ?? DEFAULTS.port), key, state, flags };
}

function readPort(given: unknown): number {
  // A flag without its value is `true`.
  const port = typeof given === "string" ? Number(given) : Number.NaN;
  if (Number.isInteger(port) && port >= 1 && port <= 65_535) return port;
  const got = typeof given === "string" ? JSON.stringify(given) : "nothing";
  return fail(`--port must be a whole number from 1 to 65535, got ${got}`);
}

function requireFreeState({ state, port }: Wishes): void {
  const holder = whoHas(state);
  if (holder !== undefined) fail(inUse(state, holder, otherPort(port)));
}

function whoHas(state: string): ReturnType<typeof stateHolder> {
  try {
    return stateHolder(state);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return fail(`the state cannot be kept in ${state}: ${why}; give a folder of your own with --persist-to`);
  }
}

function otherPort(port: number): number {
  return port === 65_535 ? 8787 : port + 1;
}

/** wrangler would take another port, or say it in twenty lines. */
async function requireFreePort({ ip, port }: Wishes): Promise<void> {
  const server = createServer();
  server.listen(port, ip);
  try {
    await once(server, "listening");
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : error;
    if (code !== "EADDRINUSE") fail(`cannot listen on ${ip} port ${port}: ${String(code)}`);
    fail(`port ${port} on ${ip} is in use; choose another: npm start -- --port ${otherPort(port)}`);
  }
  server.close();
  await once(server, "close");
}

/** Runs the hub to its end; gives the exit code. */
async function run({ ip, port, key, state, flags }: Wishes): Promise<number> {
  const url = baseUrl(ip, port);
  const secrets = key.from === "environment" ? mkdtempSync(join(tmpdir(), "channel-hub-key-")) : undefined;
  const variables = [...variablesFor(key, ip), ...(secrets === undefined ? [] : keyFile(secrets, key))];
  const watch = { state, url, other_port: otherPort(port), ...(secrets !== undefined && { secrets }) };
  const child = startWrangler([...variables, ...flags], watch);
  const hub = { ended: once(child, "exit"), isStopping: false };
  onStop(() => {
    if (!hub.isStopping) void stop(child, hub.ended);
    hub.isStopping = true;
  });
  const isUp = await Promise.race([untilHealthy(`${url}/health`, child), hub.ended.then(() => false)]);
  const problem = isUp && !hub.isStopping ? await problemOf(url, key) : undefined;
  if (problem !== undefined) {
    console.error(problem);
    void stop(child, hub.ended);
  } else if (isUp && !hub.isStopping) console.log(greeting(url, key));
  const [code] = (await hub.ended) as [number | null];
  killGroup(child);
  if (secrets !== undefined) rmSync(secrets, { recursive: true, force: true });
  if (problem !== undefined) return 1;
  return hub.isStopping ? 0 : (code ?? 1);
}

/** A short key counts only beside HUB_DEV, which a hub open to other machines does not get (KEY2). */
function variablesFor({ text, from }: LocalKey, ip: string): string[] {
  const dev = isLoopback(ip) ? ["--var=HUB_DEV:1"] : [];
  return from === "default" ? [...dev, `--var=HUB_KEY:${text}`] : dev;
}

/** The environment's key goes by a file that only its owner can read; the last file wins. */
function keyFile(directory: string, { text }: LocalKey): string[] {
  const file = join(directory, "vars");
  writeFileSync(file, `HUB_KEY=${text}\n`, { mode: 0o600 });
  return [...(existsSync(DEV_VARS) ? [`--env-file=${DEV_VARS}`] : []), `--env-file=${file}`];
}

/** In a process group of its own, so that Ctrl-C reaches it once, through here, and its end can be made sure of. */
function startWrangler(flags: readonly string[], watch: Watch): ChildProcess {
  const { HUB_KEY: _key, ...inherited } = process.env;
  const command = [`--import=${GUARD}`, WRANGLER, "dev", `--config=${join(ROOT, "wrangler.toml")}`];
  const stdio: StdioOptions = ["ignore", "inherit", "inherit"];
  stdio[PARENT_FD] = "pipe";
  return spawn(process.execPath, [...command, ...flags], {
    stdio,
    env: { ...inherited, ...QUIET, [WATCH]: JSON.stringify(watch) },
    detached: process.platform !== "win32",
  });
}

/**
 * A signal, or the end of the npm that runs this: npm passes signals on to a shell, which dies of
 * them and passes on nothing.
 */
function onStop(stopping: () => void): void {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, stopping);
  const parent = process.ppid;
  if (process.env["npm_lifecycle_event"] === undefined) return;
  setInterval(() => {
    if (process.ppid !== parent) stopping();
  }, POLL_MS).unref();
}

async function stop(child: ChildProcess, ended: Promise<unknown>): Promise<void> {
  child.kill("SIGTERM");
  await Promise.race([ended, sleep(GRACE_MS, undefined, { ref: false })]);
  if (child.exitCode === null && child.signalCode === null) killGroup(child);
}

/** Whatever wrangler started and did not end. */
function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined || process.platform === "win32") return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch (error) {
    // ESRCH: nobody is left, as it should be.
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
  }
}

async function untilHealthy(url: string, child: ChildProcess): Promise<boolean> {
  while (child.exitCode === null && child.signalCode === null) {
    // Refused until the runtime listens.
    const answer = await fetch(url).catch(() => undefined);
    if (answer?.ok === true) return true;
    await sleep(POLL_MS);
  }
  return false;
}

/** What of its variables makes no sense, in the hub's own words; undefined: all does. */
async function problemOf(url: string, { text }: LocalKey): Promise<string | undefined> {
  const answer = await fetch(`${url}/api/channel/list?limit=1`, { headers: { "x-spf-key": text } });
  if (answer.status !== 503) return undefined;
  const { code, error } = (await answer.json()) as { readonly code?: unknown; readonly error?: unknown };
  return code === "hub_not_configured" ? `the hub cannot be used: ${String(error)}` : undefined;
}

function baseUrl(ip: string, port: number): string {
  const host = ip === "0.0.0.0" || ip === "*" ? "127.0.0.1" : ip;
  return `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
}

function greeting(url: string, { text, from }: LocalKey): string {
  const shown = from === "default" ? text : `HUB_KEY of ${from === "environment" ? "the environment" : from}`;
  const create = `-H 'x-spf-key: ${text}' -d '{"name":"ops","key":"me"}' ${url}/api/channel/create`;
  const line = from === "default" ? create : `${url}/health`;
  return `Channel Hub is ready; Ctrl-C ends it.
  url  ${url}
  key  ${shown}
  try  curl -sS ${line}
  connect agents, in a project's folder:  npx -y ${url}/channel-hub.tgz setup`;
}

function help(): never {
  console.log(`npm start -- [flags]: the hub on this machine, until Ctrl-C

  --port N              where it listens: ${DEFAULTS.port}
  --ip ADDRESS          on which address: ${DEFAULTS.ip}; others open it to other machines, and need a HUB_KEY
  --persist-to FOLDER   where its state is kept: .wrangler/state; one hub a folder
  --var NAME:VALUE      a variable of the hub, such as HUB_URL; may be repeated

The hub key is HUB_KEY of the environment, else of .dev.vars, else of --var, else dev-key.
All other flags are those of wrangler dev.`);
  process.exit(0);
}

function fail(problem: string): never {
  console.error(problem);
  process.exit(1);
}
