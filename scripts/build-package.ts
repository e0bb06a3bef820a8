/**
 * Builds the package that the hub hands out, `dist/console/channel-hub.tgz`: the command and the
 * client of exactly this version, bundled, so that npm installs nothing else from anywhere. The same
 * sources give the same bytes. `channel-hub.json` beside it says which build it is; the Worker shows
 * that in `/health`. wrangler runs this by itself (`[build]` in wrangler.toml).
 */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { cp, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join, resolve, sep } from "node:path";
import { promisify } from "node:util";
import type { Metafile } from "esbuild";
import { bundleCommand } from "./bundle-command.ts";

const ROOT = resolve(import.meta.dirname, "..");
const TARGET = join(ROOT, "dist/console");
/** Bytes: what one start of `npx` fetches where nothing is kept. */
const BUDGET = 300 * 1024;
/** Hexadecimal digits of a build's name. */
const BUILD_DIGITS = 12;

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly description: string;
  readonly license: string;
  readonly engines: object;
}

const run = promisify(execFile);
const started = performance.now();
const stage = await mkdtemp(join(tmpdir(), "channel-hub-package-"));
try {
  const manifest = JSON.parse(await readFile(join(ROOT, "package.json"), "utf8")) as Manifest;
  const metafile = await bundle();
  await compile();
  await cp(join(ROOT, "LICENSE"), join(stage, "LICENSE"));
  await writeFile(join(stage, "THIRD-PARTY.txt"), await licences(metafile));
  const name = await describe(manifest);
  await pack(manifest, name);
} finally {
  await rm(stage, { recursive: true, force: true });
}

async function bundle(): Promise<Metafile> {
  return await bundleCommand(stage, "command", {
    "command/bin": "cli/bin.ts",
    "client/index": "client/index.ts",
    "client/identity": "client/identity.ts",
  });
}

/** What is not bundled: the files that start it, which older Nodes read, and what describes the client's types. */
async function compile(): Promise<void> {
  const tsc = join(dirname(createRequire(import.meta.url).resolve("typescript/package.json")), "bin/tsc");
  await run(process.execPath, [tsc, "-b", join(ROOT, "src/cli")]);
  for (const file of ["entry.cjs", "launch.cjs"]) await cp(join(ROOT, "dist/cli", file), join(stage, "command", file));
  for (const room of ["client", "protocol"]) {
    const from = join(ROOT, "dist", room);
    const files = (await readdir(from)).filter((file) => file.endsWith(".d.ts"));
    for (const file of files) await cp(join(from, file), join(stage, "types", room, file));
  }
}

/** What the licences of bundled packages ask for: their text, with each copy. */
async function licences({ inputs }: Metafile): Promise<string> {
  const names = Object.keys(inputs).flatMap((path) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? []);
  const texts = [...new Set(names)].toSorted().map(async (name) => {
    const folder = join(ROOT, "node_modules", name);
    const file = (await readdir(folder)).find((one) => /^licen[cs]e/i.test(one));
    if (file === undefined) throw new Error(`${name} is bundled, and has no licence file`);
    return `${name}\n\n${await readFile(join(folder, file), "utf8")}`;
  });
  return (await Promise.all(texts)).join(`\n${"-".repeat(72)}\n\n`);
}

/** Writes package.json, which says which build this is: a digest of all the other files. */
async function describe({ name, version, description, license, engines }: Manifest): Promise<string> {
  const digest = createHash("sha256").update(version);
  const files = (await readdir(stage, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
  for (const path of files.map((entry) => join(entry.parentPath, entry.name)).toSorted()) {
    digest.update(`\0${path.slice(stage.length).replaceAll(sep, "/")}\0`).update(await readFile(path));
  }
  const id = digest.digest("hex").slice(0, BUILD_DIGITS);
  const manifest = {
    ...{ name, version, description, license, type: "module", engines, build: id },
    bin: { [name]: "command/entry.cjs" },
    exports: { "./client": exported("index"), "./identity": exported("identity") },
    // For compilers that look for modules as Node 10 did, and know no `exports`.
    typesVersions: { "*": { client: [typesOf("index")], identity: [typesOf("identity")] } },
  };
  await writeFile(join(stage, "package.json"), `${JSON.stringify(manifest, undefined, 2)}\n`);
  return id;
}

function exported(file: string): object {
  return { types: typesOf(file), default: `./client/${file}.js` };
}

function typesOf(file: string): string {
  return `./types/client/${file}.d.ts`;
}

/** npm packs with fixed times, owners and order. Nothing half written is ever served: each file comes by renaming. */
async function pack({ name, version }: Manifest, id: string): Promise<void> {
  const folder = join(stage, "packed");
  await mkdir(folder);
  await run("npm", ["pack", "--ignore-scripts", `--pack-destination=${folder}`, stage], {
    cwd: stage,
    shell: process.platform === "win32",
  });
  const tarball = await readFile(join(folder, `${name}-${version}.tgz`));
  if (tarball.length > BUDGET) throw new Error(`the package has ${tarball.length} bytes; the budget is ${BUDGET}`);
  const sha256 = createHash("sha256").update(tarball).digest("hex");
  await mkdir(TARGET, { recursive: true });
  await place(`${name}.tgz`, tarball);
  await place(`${name}.json`, `${JSON.stringify({ version, build: id, sha256 })}\n`);
  const ms = Math.round(performance.now() - started);
  console.log(`package: ${name}.tgz, build ${id}, ${tarball.length} of ${BUDGET} bytes, in ${ms} ms`);
}

async function place(file: string, content: Uint8Array | string): Promise<void> {
  const draft = join(TARGET, `.${file}.${process.pid}`);
  await writeFile(draft, content);
  await rename(draft, join(TARGET, file));
}
