/**
 * Bundles the Worker for a bare runtime, as it is or with a planted bug: the rigs must fail on a
 * hub that breaks a promise, so that bug is a patch of the source text that must apply exactly.
 */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { build, type Plugin } from "esbuild";
import { sourceFile } from "../source-file.ts";

export const ROOT: string = resolve(import.meta.dirname, "../../..");

/** Text of one source file replaced by another; `find` must stand there exactly once. */
export interface Patch {
  /** The end of its path, unique in `src` (`sourceFile`). */
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

/** Writes the bundle to `outfile`. `entry` is the Worker's main file, from the project's root. */
export async function buildWorker(
  outfile: string,
  patches: readonly Patch[] = [],
  entry = "src/hub/index.ts",
): Promise<void> {
  await build({
    entryPoints: [join(ROOT, entry)],
    outfile,
    bundle: true,
    format: "esm",
    target: "esnext",
    external: ["cloudflare:workers"],
    conditions: ["workerd", "worker", "browser"],
    logLevel: "error",
    plugins: patches.length > 0 ? [patching(patches)] : [],
  });
}

/** Builds the Worker into a directory of its own for `use`, and takes both away again. */
export async function withWorker<T>(patches: readonly Patch[], use: (worker: string) => Promise<T>): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), "channel-hub-worker-"));
  try {
    const worker = join(directory, "worker.js");
    await buildWorker(worker, patches);
    return await use(worker);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

function patching(patches: readonly Patch[]): Plugin {
  return {
    name: "patches",
    setup(builder) {
      builder.onLoad({ filter: /\.ts$/ }, async ({ path }) => {
        const mine = patches.filter((patch) => join(ROOT, sourceFile(patch.file)) === path);
        if (mine.length === 0) return undefined;
        const source = await readFile(path, "utf8");
        return { contents: mine.reduce(applyPatch, source), loader: "ts" };
      });
    },
  };
}

/** Throws where `find` does not stand in `source` exactly once. */
export function applyPatch(source: string, { file, find, replace }: Patch): string {
  const parts = source.split(find);
  if (parts.length !== 2) throw new Error(`patch of ${file}: found ${parts.length - 1} times, not once: ${find}`);
  return parts.join(replace);
}
