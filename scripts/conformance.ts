/**
 * `npm run test:conformance`: the official MCP conformance suite and the official inspector's command
 * line against the hub's endpoint, the latter against `channel-hub mcp` too. Starts a hub of its own, with tools of known behaviour beside it.
 * The suite cannot send a key, so a proxy on this machine adds it. Ends with 1 when a check fails.
 */
import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { createServer, request, type Server } from "node:http";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { buildWorker } from "../test/support/process/build.ts";
import { HUB_KEY, HubProcess } from "../test/support/process/hub-process.ts";
import { NOT_APPLICABLE, type Revision, type Scenario, SCENARIOS } from "./conformance-scenarios.ts";

/** What is put to the test: the endpoint, and the command beside an agent. */
const ENDPOINT = "/mcp";
const COMMAND = join(dirname(import.meta.dirname), "src/cli/bin.ts");

/** 110 MB with its web interface: fetched when this runs, not installed with the project. */
const INSPECTOR = "@modelcontextprotocol/inspector@2.12.0";
const SUITE = createRequire(import.meta.url).resolve("@modelcontextprotocol/conformance/dist/index.js");
/** Only guards against hanging; the inspector may have to be fetched. */
const HANGING_MS = 300_000;
/** Of a check that passed, or that only tells. */
const FINE: ReadonlySet<string> = new Set(["SUCCESS", "INFO"]);

interface Check {
  readonly id: string;
  readonly status: string;
  readonly errorMessage?: string;
}

interface Finished {
  readonly code: number;
  readonly output: string;
}

const home = await mkdtemp(join(tmpdir(), "channel-hub-conformance-"));
const hub = await startHub();
const proxy = await startProxy(hub.port);
try {
  const unknown = await unknownScenarios();
  const failed = [...unknown.map((name) => `${name}: in neither list`), ...(await runAll()), ...(await inspect())];
  for (const [prefix, why] of NOT_APPLICABLE)
    console.log(`does not apply: ${prefix}${prefix.endsWith("-") ? "*" : ""}: ${why}`);
  console.log(failed.length === 0 ? "conforms" : `FAILED\n${failed.join("\n")}`);
  process.exitCode = failed.length === 0 ? 0 : 1;
} finally {
  proxy.close();
  proxy.closeAllConnections();
  await hub[Symbol.asyncDispose]();
  await rm(home, { recursive: true });
}

async function startHub(): Promise<HubProcess> {
  const worker = join(home, "worker.js");
  await buildWorker(worker, [], "test/hub/support/mcp-worker.ts");
  return await HubProcess.start({ worker, variables: { HUB_DEV: "1" } });
}

/** Passes everything on as it came, Host and Origin too, with the hub key added. */
function startProxy(port: number): Promise<Server> {
  const server = createServer((incoming, outgoing) => {
    const { method, url: path, headers } = incoming;
    const options = { host: "127.0.0.1", port, method, path, headers: { ...headers, "x-spf-key": HUB_KEY } };
    const passed = request(options, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    passed.on("error", () => outgoing.destroy());
    outgoing.on("close", () => passed.destroy());
    incoming.pipe(passed);
  });
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server)));
}

function urlOf(path: string): string {
  const address = proxy.address();
  if (typeof address !== "object" || address === null) throw new Error("the proxy does not listen");
  return `http://127.0.0.1:${address.port}${path}`;
}

/** Server scenarios of the suite that nobody has judged. */
async function unknownScenarios(): Promise<string[]> {
  const { output } = await run(process.execPath, [SUITE, "list", "--server"]);
  const names = [...output.matchAll(/^ {2}- (\S+) /gm)].map((match) => match[1] ?? "");
  if (names.length < SCENARIOS.length) throw new Error(`the suite lists only ${names.length} scenarios:\n${output}`);
  return names.filter((name) => !isKnown(name));
}

function isKnown(name: string): boolean {
  return (
    SCENARIOS.some((scenario) => scenario.name === name) || NOT_APPLICABLE.some(([prefix]) => name.startsWith(prefix))
  );
}

async function runAll(): Promise<string[]> {
  const failed: string[] = [];
  for (const scenario of SCENARIOS) {
    for (const revision of scenario.revisions) failed.push(...(await runScenario(scenario, revision)));
  }
  return failed;
}

/** Prints a line and gives what failed. */
async function runScenario({ name, tool, except = {} }: Scenario, revision: Revision): Promise<string[]> {
  const directory = join(home, `${name}-${revision}`);
  const url = urlOf(tool === undefined ? ENDPOINT : `/fixture/${tool}`);
  const options = ["--url", url, "--scenario", name, "--spec-version", revision, "--output-dir", directory];
  const { output } = await run(process.execPath, [SUITE, "server", ...options]);
  const checks = await readChecks(directory);
  if (checks.length === 0) return [`${name} (${revision}): no checks were made\n${output}`];
  const judged = checks.filter(({ id }) => !Object.hasOwn(except, id));
  const wrong = judged.filter(({ status }) => !FINE.has(status));
  const excused = Object.entries(except).map(([id, why]) => `\n    does not apply: ${id}: ${why}`);
  console.log(`${name} (${revision}): ${judged.length - wrong.length} of ${judged.length}${excused.join("")}`);
  return wrong.map(({ id, status, errorMessage = "" }) => `${name} (${revision}): ${status} ${id}: ${errorMessage}`);
}

async function readChecks(directory: string): Promise<Check[]> {
  const files = await readdir(directory, { recursive: true });
  const results = files.filter((file) => file.endsWith("checks.json"));
  const texts = await Promise.all(results.map((file) => readFile(join(directory, file), "utf8")));
  return texts.flatMap((text) => JSON.parse(text) as Check[]);
}

interface Way {
  readonly name: string;
  /** How the inspector reaches the server. */
  readonly target: readonly string[];
}

/** Over HTTP, and over stdio beside the agent. */
function ways(): readonly Way[] {
  const http = ["--server-url", hub.url + ENDPOINT, "--transport", "http", "--header", `x-spf-key: ${HUB_KEY}`];
  const settings = { CHANNEL_HUB_URL: hub.url, CHANNEL_HUB_KEY: HUB_KEY, XDG_CONFIG_HOME: home };
  const environment = Object.entries(settings).flatMap(([name, value]) => ["-e", `${name}=${value}`]);
  return [
    { name: "http", target: [...http, "--header", "x-hub-agent: inspector"] },
    { name: "stdio", target: [process.execPath, COMMAND, "mcp", ...environment, "-e", "CHANNEL_HUB_AGENT=inspector"] },
  ];
}

/** Calls in their order, and what each answer holds. */
function story(channel: string): readonly (readonly [args: readonly string[], says: string])[] {
  return [
    [["action=create", `channel=${channel}`], "you are in it"],
    [["action=join", `channel=${channel}`], "Joined"],
    [["action=send", `channel=${channel}`, "text=hello"], "Sent [2]"],
    [["action=listen", `channel=${channel}`, "wait=1"], "Next: "],
    [["action=history", `channel=${channel}`], "inspector (you): hello"],
  ];
}

/** The inspector's command line both ways in each era: lists the tool, its schema fit for every host, and calls it. */
async function inspect(): Promise<string[]> {
  const there = await inspector(["--version"]);
  if (there.code !== 0) {
    console.log(`inspector: not run: ${INSPECTOR} cannot be had here: ${there.output.trim().split("\n").at(-1)}`);
    return [];
  }
  const failed: string[] = [];
  for (const way of ways()) {
    for (const era of ["legacy", "auto", "modern"]) failed.push(...(await inspectIn(way, era)));
  }
  return failed;
}

/** Prints a line and gives what failed. */
async function inspectIn({ name, target }: Way, era: string): Promise<string[]> {
  const asked = (method: readonly string[]): Promise<Finished> =>
    inspector([...target, "--protocol-era", era, "--method", ...method]);
  const calls = story(`${name}-${era}`).map(([args, says]) => {
    const method = ["tools/call", "--tool-name", "spf_channel", ...args.flatMap((arg) => ["--tool-arg", arg])];
    return [method, says] as const;
  });
  const failed: string[] = [];
  for (const [method, says] of [[["tools/list", "--strict"], "spf_channel"] as const, ...calls]) {
    const { code, output } = await asked(method);
    const isRight = code === 0 && output.includes(says);
    if (!isRight) failed.push(`inspector (${name}, ${era}) ${method.join(" ")}: ended with ${code}\n${output}`);
  }
  const count = calls.length + 1;
  console.log(`inspector (${name}, ${era}): ${count - failed.length} of ${count}`);
  return failed;
}

function inspector(options: readonly string[]): Promise<Finished> {
  return run("npx", ["--yes", "--ignore-scripts", INSPECTOR, "--cli", ...options]);
}

function run(command: string, options: readonly string[]): Promise<Finished> {
  return new Promise((resolve) => {
    // A number is the exit code; a text says why there is none.
    execFile(command, options, { timeout: HANGING_MS, cwd: home }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code) || 1, output: stdout + stderr });
    });
  });
}
