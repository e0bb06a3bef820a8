/**
 * `npm run pack:check`: the package as strangers get it. Packs what was built, checks it with
 * publint, measures what a page pays, looks for what must not have come along, installs it into an
 * empty folder, and uses it there. Ends with 1 at the first thing that is wrong.
 */
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { buildWorker } from "../test/support/process/build.ts";
import { useAsStranger } from "../test/support/process/stranger.ts";

const ROOT = resolve(import.meta.dirname, "..");
/** Bytes, gzip: what a page pays for the client. */
const CLIENT_BUDGET = 14 * 1024;
/** Bytes of the tarball. */
const TARBALL_BUDGET = 256 * 1024;
/** Of the hub: its statements, and routes that no client asks. */
const OF_THE_HUB = /SELECT |INSERT INTO|CREATE TABLE|\/openapi\.json|x-hub-agent|valibot|node:/;
const OF_NODE = /["'`]node:/;
/** Only guards against hanging. */
const HANGING_MS = 120_000;

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly bin: Readonly<Record<string, string>>;
  readonly exports: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

interface Packed {
  readonly filename: string;
  readonly size: number;
  readonly files: readonly { readonly path: string }[];
}

const manifest = JSON.parse(await readFile(join(ROOT, "package.json"), "utf8")) as Manifest;

const run = promisify(execFile);
const home = await mkdtemp(join(tmpdir(), "channel-hub-pack-"));
try {
  await lint();
  const packed = await pack();
  checkFiles(packed);
  await checkClient();
  await checkWorker();
  await install(packed);
  await useCommand();
  await useClient();
} finally {
  await rm(home, { recursive: true, force: true });
}

function report(what: string): void {
  console.log(`ok  ${what}`);
}

function fail(what: string): never {
  throw new Error(what);
}

async function lint(): Promise<void> {
  const { messages, pkg } = await publint({ pkgDir: ROOT, strict: true });
  const said = messages.map((message) => formatMessage(message, pkg) ?? message.code);
  if (said.length > 0) fail(`publint:\n${said.join("\n")}`);
  report("publint is clean");
}

async function pack(): Promise<Packed> {
  const { stdout } = await run("npm", ["pack", "--json", "--ignore-scripts", `--pack-destination=${home}`], {
    cwd: ROOT,
    timeout: HANGING_MS,
  });
  // npm 11 gives an array; later ones an object by name.
  const [packed] = Object.values(JSON.parse(stdout) as Record<string, Packed>);
  if (packed === undefined) fail("npm pack made nothing");
  if (packed.size > TARBALL_BUDGET) fail(`the tarball has ${packed.size} bytes, over ${TARBALL_BUDGET}`);
  report(`tarball: ${packed.files.length} files, ${packed.size} of ${TARBALL_BUDGET} bytes`);
  return packed;
}

/** Everything that is named is there, and nothing of the other rooms. */
function checkFiles({ files }: Packed): void {
  const paths = new Set(files.map(({ path }) => path));
  const named = [
    ...Object.values(manifest.bin),
    ...Object.values(manifest.exports).flatMap((one) => Object.values(one)),
  ];
  const missing = named.filter((path) => !paths.has(path.replace(/^\.\//, "")));
  if (missing.length > 0) fail(`not in the tarball: ${missing.join(", ")}`);
  const strange = [...paths].filter((path) =>
    /tsbuildinfo|dist\/(hub|channel|test)|\.ts$/.test(path.replace(/\.d\.ts$/, "")),
  );
  if (strange.length > 0) fail(`should not be in the tarball: ${strange.join(", ")}`);
  report(`all ${named.length} files that exports and bin name are there`);
}

async function checkClient(): Promise<void> {
  const { outputFiles } = await build({
    entryPoints: [join(ROOT, "dist/client/index.js")],
    bundle: true,
    minify: true,
    format: "esm",
    platform: "browser",
    target: "es2022",
    write: false,
    logLevel: "error",
  });
  const text = outputFiles[0]?.text ?? fail("the client makes no bundle");
  const size = gzipSync(text, { level: 9 }).length;
  if (size > CLIENT_BUDGET) fail(`the client has ${size} bytes gzip, over ${CLIENT_BUDGET}`);
  const bled = OF_THE_HUB.exec(text);
  if (bled !== null) fail(`the client's bundle holds ${JSON.stringify(bled[0])}`);
  report(`client for a page: ${size} of ${CLIENT_BUDGET} bytes gzip, nothing of the hub in it`);
}

async function checkWorker(): Promise<void> {
  const worker = join(home, "worker.js");
  await buildWorker(worker);
  const bled = OF_NODE.exec(await readFile(worker, "utf8"));
  if (bled !== null) fail("the worker's bundle imports from Node");
  report("nothing of Node in the worker");
}

/** As a stranger does it, in a folder with nothing in it. */
async function install({ filename }: Packed): Promise<void> {
  await mkdir(join(home, "stranger"));
  await writeFile(join(home, "stranger/package.json"), '{"private":true,"type":"module"}');
  const flags = ["--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund"];
  await inFolder("npm", ["install", ...flags, join(home, filename)]);
  report("installs in an empty folder");
}

async function useCommand(): Promise<void> {
  const command = join(home, "stranger/node_modules/.bin/channel-hub");
  const { stdout: help } = await inFolder(command, ["--help"]);
  if (!help.startsWith("Usage: channel-hub")) fail(`channel-hub --help says:\n${help}`);
  const { stdout: version } = await inFolder(command, ["--version"]);
  if (version.trim() !== manifest.version) fail(`channel-hub --version says ${version}`);
  const { stdout: keys } = await inFolder(command, ["key", "new"]);
  if (!/^hub_\w+_[\w-]{43}\n\w+:agent:[0-9a-f]{64}\n$/.test(keys)) fail(`channel-hub key new says ${keys}`);
  report("channel-hub --help, --version and key new work there");
}

/** The library and its types: compiled with all declarations checked, and run. */
async function useClient(): Promise<void> {
  await useAsStranger(join(home, "stranger"), manifest.name);
  report(
    `import "${manifest.name}/client" and its types work there, also as Node 10 looked for them and without DOM types`,
  );
}

/** Throws with all it said when it ends with anything but 0. */
async function inFolder(command: string, args: readonly string[]): Promise<{ readonly stdout: string }> {
  try {
    return await run(command, args, { cwd: join(home, "stranger"), timeout: HANGING_MS });
  } catch (error) {
    const { stdout = "", stderr = "" } = error as { stdout?: string; stderr?: string };
    return fail(`${[command, ...args].join(" ")}:\n${stdout}${stderr}`);
  }
}
