/**
 * The command in few files, which start in a third of the time: as hubs hand it out (build-package.ts),
 * and as the tests start it (test/e2e/setup/build.ts). What a command needs it loads when it needs it,
 * so each `import()` stays a file of its own.
 */
import { join, resolve } from "node:path";
import { build, type BuildOptions, type Metafile } from "esbuild";

const ROOT = resolve(import.meta.dirname, "..");

/** Writes `NAME.js` for each entry, a path from `src`, and what they share to `parts`. */
export async function bundleCommand(
  outdir: string,
  parts: string,
  entries: Readonly<Record<string, string>>,
  options: BuildOptions = {},
): Promise<Metafile> {
  const entryPoints = Object.fromEntries(
    Object.entries(entries).map(([name, path]) => [name, join(ROOT, "src", path)]),
  );
  const { metafile } = await build({
    absWorkingDir: ROOT,
    outdir,
    entryPoints,
    chunkNames: `${parts}/[name]-[hash]`,
    minify: true,
    legalComments: "none",
    logLevel: "warning",
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    // Where a package has modules, they; what jsonc-parser has beside them cannot be bundled.
    mainFields: ["module", "main"],
    target: "node22.12",
    ...options,
    metafile: true,
  });
  return metafile;
}
