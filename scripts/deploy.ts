/**
 * `npm run deploy`: a hub on Cloudflare that is closed from its first second. Makes a strong key if
 * there is none, deploys with it as a secret, and says where the hub is and how to reach it. A
 * second run keeps the key. Further arguments go to wrangler; `--dry-run` needs no account and no
 * network, and makes no key.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { deployedUrls } from "./deploy-report.ts";
import { closeFile, type HubSecrets, hubSecrets, secretsProblem } from "./hub-key.ts";

const ROOT = resolve(import.meta.dirname, "..");
const WRANGLER = join(ROOT, "node_modules/wrangler/bin/wrangler.js");
const NAME = ".hub-key.env";
const KEY_FILE = join(ROOT, NAME);

const given = process.argv.slice(2);
function dryRun(): number {
  if (existsSync(KEY_FILE)) checked(hubSecrets(KEY_FILE));
  const code = wrangler(given).code;
  if (code === 0 && !existsSync(KEY_FILE)) console.log(`npm run deploy would make a key and keep it in ${NAME}.`);
  return code;
}

function deploy(): number {
  const secrets = hubSecrets(KEY_FILE);
  if (secrets.isNew)
    console.log(`Made a hub key and keep it in ${NAME}; shown this once:\n  ${secrets.variables["HUB_KEY"]}`);
  checked(secrets);
  if (closeFile(KEY_FILE)) console.log(`${NAME} could be read by others of this machine; now only by you.`);
  const { code, urls } = wrangler(["--secrets-file", KEY_FILE, ...given]);
  console.log(code === 0 ? greeting(urls) : HELP);
  return code;
}

function checked(secrets: HubSecrets): void {
  const problem = secretsProblem(secrets, NAME);
  if (problem === undefined) return;
  console.error(problem);
  process.exit(1);
}

/** Runs `wrangler deploy` on this terminal, so that it can ask; gives the addresses it reports. */
function wrangler(args: readonly string[]): { readonly code: number; readonly urls: readonly string[] } {
  const directory = mkdtempSync(join(tmpdir(), "channel-hub-deploy-"));
  const report = join(directory, "report.ndjson");
  try {
    const { status } = spawnSync(
      process.execPath,
      [WRANGLER, "deploy", `--config=${join(ROOT, "wrangler.toml")}`, ...args],
      {
        stdio: "inherit",
        env: { ...process.env, WRANGLER_SEND_METRICS: "false", WRANGLER_OUTPUT_FILE_PATH: report },
      },
    );
    return { code: status ?? 1, urls: existsSync(report) ? deployedUrls(readFileSync(report, "utf8")) : [] };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

const HELP = `
Nothing was deployed. Two things only a person can do: make a Cloudflare account (the free plan will do), and
  npx wrangler login
Then run npm run deploy again; it keeps the key. Without a browser, set CLOUDFLARE_API_TOKEN instead.`;

function greeting(urls: readonly string[]): string {
  const url = urls[0] ?? "https://YOUR-HUB";
  return `
The hub is deployed, and closed to all without its key.
  url  ${url}
  key  in ${NAME}
  try  . ./${NAME} && curl -sS -H "x-spf-key: $HUB_KEY" -d '{"name":"ops","key":"me"}' ${url}/api/channel/create
  socket  ${url.replace("http", "ws")}/ws/channel/ch-1?key=alpha  with the header x-spf-key`;
}

process.exitCode = given.includes("--dry-run") ? dryRun() : deploy();
