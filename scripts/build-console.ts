/**
 * Builds the page into `dist/console`, which wrangler serves: one script, one sheet, both named by
 * their content so that browsers may keep them for ever. Prints what it weighs, and fails where
 * that is over the budget. wrangler runs it by itself (`[build]` in wrangler.toml).
 */
import { copyFile, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { gzipSync } from "node:zlib";
import { build, type Plugin } from "esbuild";

const ROOT = resolve(import.meta.dirname, "..");
const SOURCE = join(ROOT, "src/console");
const TARGET = join(ROOT, "dist/console");
/** Gzipped bytes of everything that a first visit loads: under a second on a slow phone. */
const BUDGET: number = 75_000;

/**
 * marked is one module, whose last lines tie its writer of HTML to everything else in it. The page
 * only reads with it, so those lines go, and with them, as unused, a fifth of it.
 */
const readerOnly: Plugin = {
  name: "reader-only",
  setup(builder) {
    builder.onLoad({ filter: /[\\/]marked\.esm\.js$/ }, async ({ path }) => {
      const source = await readFile(path, "utf8");
      const tail = /var \w+=new \w+;function \w+\(\w+,\w+\)\{return \w+\.parse\(.*export\{(.*)\};/s.exec(source);
      const names = tail?.[1]?.split(",").filter((name) => / as (?:Lexer|Tokenizer)$/.test(name)) ?? [];
      if (tail === null || names.length !== 2)
        throw new Error("marked is built otherwise than expected: see readerOnly");
      return { contents: `${source.slice(0, tail.index)}export{${names.join(",")}};`, loader: "js" };
    });
  },
};

const started = performance.now();
await mkdir(TARGET, { recursive: true });
const { metafile } = await build({
  entryPoints: { page: join(SOURCE, "main.tsx"), style: join(SOURCE, "style.css") },
  outdir: join(TARGET, "assets"),
  entryNames: "[name]-[hash]",
  absWorkingDir: ROOT,
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2022",
  jsx: "automatic",
  jsxImportSource: "preact",
  legalComments: "none",
  plugins: [readerOnly],
  metafile: true,
  logLevel: "warning",
});
const outputs = Object.keys(metafile.outputs).map((path) => `assets/${basename(path)}`);
const index = await readFile(join(SOURCE, "index.html"), "utf8");
await writeFile(
  join(TARGET, "index.html"),
  index.replace("{{style}}", named("style")).replace("{{script}}", named("page")),
);
for (const file of ["favicon.svg", "favicon-unread.svg"]) await copyFile(join(SOURCE, file), join(TARGET, file));
await copyFile(join(SOURCE, "headers.txt"), join(TARGET, "_headers"));
await removeStale();
await report(["index.html", ...outputs, "favicon.svg"]);

/** Nothing goes before what replaces it is there: another hub may build or serve the same folder now. */
async function removeStale(): Promise<void> {
  for (const file of await readdir(join(TARGET, "assets")))
    if (!outputs.includes(`assets/${file}`)) await rm(join(TARGET, "assets", file), { force: true });
}

function named(name: string): string {
  const found = outputs.find((path) => path.startsWith(`assets/${name}-`));
  if (found === undefined) throw new Error(`the build gave no ${name}`);
  return found;
}

async function report(files: readonly string[]): Promise<void> {
  let sum = 0;
  const sizes: string[] = [];
  for (const file of files) {
    const bytes = gzipSync(await readFile(join(TARGET, file)), { level: 9 }).length;
    sum += bytes;
    sizes.push(`${file} ${bytes}`);
  }
  console.log(
    `page: ${sizes.join(", ")}: ${sum} of ${BUDGET} bytes gzip, in ${Math.round(performance.now() - started)} ms`,
  );
  if (sum > BUDGET) throw new Error(`the page weighs ${sum} bytes gzip; the budget is ${BUDGET}`);
}
