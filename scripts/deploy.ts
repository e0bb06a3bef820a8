/**
 * `npm run deploy`: a hub on Cloudflare that is closed from its first second. It checks every
 * variable as the hub will, says what changes, asks before it takes a key away, uploads exactly what
 * it checked, and then asks the deployed hub whether it is so. `--help` lists what else it does.
 */
import { join, resolve } from "node:path";
import { unstable_readConfig } from "wrangler";
import { REMOVED } from "../src/hub/between/key-list.ts";
import { VERSION } from "../src/hub/worker/version.ts";
import { askHub, differences, verify, wantedKeys, wantedProblem } from "./deploy/hub.ts";
import { keepUrl, knownUrl } from "./deploy/known-url.ts";
import { mayAsk, Refused } from "./deploy/questions.ts";
import { closeFile, FILE, findSecrets, type Found, NAMES, secretsProblem } from "./deploy/secrets.ts";
import { settleKeys } from "./deploy/settle-keys.ts";
import { readWishes, USAGE, type Wishes } from "./deploy/wishes.ts";
import * as wrangler from "./deploy/wrangler.ts";

const ROOT = resolve(import.meta.dirname, "..");
const KEY_FILE = join(ROOT, FILE);

interface Plan {
  readonly wishes: Wishes;
  readonly worker: string;
  /** `[vars]` of wrangler.toml, and what `--var` puts over them. */
  readonly variables: Readonly<Record<string, unknown>>;
  readonly found: Found | undefined;
}

async function main(given: readonly string[]): Promise<number> {
  try {
    return await run(given);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    console.error(error.message);
    return 1;
  }
}

async function run(given: readonly string[]): Promise<number> {
  const wishes = readWishes(given);
  if (typeof wishes === "string") throw new Refused(wishes);
  if (wishes.act === "help") return say(USAGE, 0);
  const plan = planFor(wishes);
  if (wishes.act === "dry-run") return dryRun(plan);
  if (wishes.act === "verify") return await verifyOnly(plan);
  return wishes.act === "rollback" ? await rollBack(plan) : await deploy(plan);
}

/** Reads and checks all that stands on this machine; changes nothing but who may read the key file. */
function planFor(wishes: Wishes): Plan {
  const config = unstable_readConfig({ config: join(ROOT, "wrangler.toml") }, { hideWarnings: true });
  const variables = { ...config.vars, ...wishes.variables };
  const found = findSecrets({ file: KEY_FILE, environment: process.env }, wishes.keys_from);
  if (typeof found === "string") throw new Refused(found);
  const problem =
    (found === undefined ? undefined : secretsProblem(found)) ??
    wantedProblem({ secrets: found?.secrets ?? {}, variables });
  if (problem !== undefined) throw new Refused(`${problem}\nNothing was deployed.`);
  if (closeFile(KEY_FILE)) console.log(`${FILE} could be read by others of this machine; now only by you.`);
  return { wishes, worker: wishes.name ?? config.name ?? "channel-hub", variables, found };
}

function dryRun({ wishes, worker, found }: Plan): number {
  const code = wrangler.dryRun({ worker, variables: wishes.variables, rest: wishes.rest });
  if (code === 0 && found === undefined) console.log(`npm run deploy would make a key and keep it in ${FILE}.`);
  return code;
}

async function deploy(plan: Plan): Promise<number> {
  const account = chooseAccount();
  const before = wrangler.secretNames(plan.worker);
  if (before instanceof Error)
    throw new Refused(`${before.message}\nCloudflare did not say what is there; nothing was deployed.`);
  requireOwn(plan, before);
  const found = await settleKeys({ ...plan, isThere: before !== undefined, file: KEY_FILE });
  const secrets = found.secrets;
  console.log(`Account ${account}, Worker ${plan.worker}${before === undefined ? " (new)" : ""}, version ${VERSION}`);
  await sayWhatChanges({ ...plan, found });
  const gone = NAMES.filter((name) => before?.includes(name) === true && secrets[name] === undefined);
  const url = uploadChecked({ ...plan, found }, gone);
  for (const name of gone) {
    // Its text is already overwritten; only an entry in a list is left.
    const isGone = wrangler.deleteSecret(plan.worker, name);
    console.log(
      isGone
        ? `${name} is taken away.`
        : `${name} no longer counts; delete its entry with: npx wrangler secret delete ${name}`,
    );
  }
  return await proveIt({ ...plan, found }, url);
}

/** The one account, by name. wrangler itself asks which, where it can ask. */
function chooseAccount(): string {
  const accounts = wrangler.accounts();
  if (accounts === undefined) throw new Refused(LOG_IN);
  const wanted = process.env["CLOUDFLARE_ACCOUNT_ID"];
  const chosen = wanted === undefined ? accounts : accounts.filter(({ id }) => id === wanted);
  if (chosen.length > 1 && !mayAsk()) {
    const list = accounts.map(({ id, name }) => `  ${id}  ${name}`).join("\n");
    throw new Refused(`Set CLOUDFLARE_ACCOUNT_ID to one of these accounts; nothing was deployed.\n${list}`);
  }
  return chosen.length === 1 ? (chosen[0]?.name ?? "") : (wanted ?? "that wrangler asks for");
}

/** A Worker without a hub key is somebody else's: an upload would replace it. */
function requireOwn({ worker, wishes }: Plan, before: readonly string[] | undefined): void {
  if (before === undefined || before.some((name) => NAMES.some((own) => own === name)) || wishes.replace) return;
  throw new Refused(
    `The account already has a Worker named ${worker}, and it is not a Channel Hub. Choose another name with --name, or replace that Worker with --replace. Nothing was deployed.`,
  );
}

async function sayWhatChanges({ wishes, found, variables }: Plan & { readonly found: Found }): Promise<void> {
  const url = knownUrl(wishes);
  console.log(
    `Keys ${wantedKeys(found.secrets).join(", ")} (from ${found.from === "file" ? FILE : "the environment"})`,
  );
  const answer = url === undefined ? undefined : await askHub(url, found.secrets.HUB_KEY);
  if (answer?.kind !== "facts") return;
  const lines = differences({ secrets: found.secrets, variables }, answer.facts);
  const changes = [
    ...(answer.facts.version === VERSION ? [] : [`  version ${answer.facts.version} → ${VERSION}`]),
    ...lines,
  ];
  console.log(
    `At ${url} ${changes.length === 0 ? "keys and limits stay as they are." : `changes:\n${changes.join("\n")}`}`,
  );
}

/** Uploads code, variables and secrets as one version; what is to be gone is overwritten in the same one. */
function uploadChecked(
  { wishes, worker, found }: Plan & { readonly found: Found },
  gone: readonly string[],
): string | undefined {
  const live = wrangler.liveVersion(worker);
  const secrets = { ...found.secrets, ...Object.fromEntries(gone.map((name) => [name, REMOVED])) };
  const { code, urls } = wrangler.upload({ worker, secrets, variables: wishes.variables, rest: wishes.rest });
  if (code !== 0) throw new Refused(whatHappened(live, wrangler.liveVersion(worker)));
  const url = wishes.url ?? urls[0];
  if (url !== undefined) keepUrl(url);
  return url;
}

function whatHappened(before: string | undefined, after: string | undefined): string {
  if (after === before)
    return "\nThe deploy failed. The hub is as it was: no new version is live. See the error above.";
  return "\nThe deploy failed after the upload: the new version is live, with its keys, but a later step failed. See the error above, mend it, and run npm run deploy again.";
}

async function proveIt(plan: Plan & { readonly found: Found }, url: string | undefined): Promise<number> {
  if (url === undefined) {
    return say(
      "The new version is live. wrangler reports no address; ask the hub itself with: npm run deploy -- --verify --url URL",
      0,
    );
  }
  const problems = await verify(url, { secrets: plan.found.secrets, variables: plan.variables });
  if (problems.length === 0) return say(greeting(url, plan.found), 0);
  return say(
    `The new version is live, but the hub at ${url} is not as it should be:\n${problems.join("\n")}\nAsk again with: npm run deploy -- --verify`,
    1,
  );
}

async function verifyOnly({ wishes, found, variables }: Plan): Promise<number> {
  const url = knownUrl(wishes);
  if (url === undefined)
    throw new Refused("Which hub? Give its address: npm run deploy -- --verify --url https://YOUR-HUB");
  if (found === undefined) throw new Refused(`There is no key to ask with: ${FILE} is missing, and HUB_KEY is not set`);
  const problems = await verify(url, { secrets: found.secrets, variables }, 0);
  if (problems.length > 0)
    return say(`The hub at ${url} is not as configured here (is → should be):\n${problems.join("\n")}`, 1);
  return say(`The hub at ${url} is as configured here: keys ${wantedKeys(found.secrets).join(", ")}.`, 0);
}

/** An earlier version comes with the keys it had. */
async function rollBack({ wishes, worker, found, variables }: Plan): Promise<number> {
  if (wrangler.accounts() === undefined) throw new Refused(LOG_IN);
  const code = wrangler.rollback(worker, wishes.version, wishes.rest);
  if (code !== 0) return say("\nThe rollback failed; the hub is as it was. See the error above.", code);
  const url = knownUrl(wishes);
  const answer = url === undefined ? undefined : await askHub(url, found?.secrets.HUB_KEY);
  const lines =
    answer?.kind === "facts" && found !== undefined
      ? differences({ secrets: found.secrets, variables }, answer.facts)
      : [];
  console.log(
    "\nThe earlier version is live, with the keys and limits of its time: a key that was taken away since counts again.",
  );
  if (lines.length > 0) console.log(`It differs from what is configured here (is → should be):\n${lines.join("\n")}`);
  return say("To put today's keys on it again, run npm run deploy from that version's source.", 0);
}

function say(text: string, code: number): number {
  (code === 0 ? console.log : console.error)(text);
  return code;
}

const LOG_IN = `Nobody is logged in to Cloudflare; nothing was deployed. Two things only a person can do: make a Cloudflare account (the free plan will do), and
  npx wrangler login
Then run npm run deploy again. Without a browser, set CLOUDFLARE_API_TOKEN instead.`;

function greeting(url: string, { from }: Found): string {
  const set = from === "file" ? `. ./${FILE} && ` : "";
  return `
The hub is deployed, answers, and is closed to all without its keys.
  url  ${url}
  key  in ${from === "file" ? FILE : "the environment"}
  try  ${set}curl -sS -H "x-spf-key: $HUB_KEY" -d '{"name":"ops","key":"me"}' ${url}/api/channel/create
  socket  ${url.replace("http", "ws")}/ws/channel/ch-1?key=alpha  with the header x-spf-key
  connect agents, in a project's folder:  npx -y ${url}/channel-hub.tgz setup`;
}

process.exitCode = await main(process.argv.slice(2));
