/** The words after `npm run deploy --`: what is asked of the deploy, and what is handed to wrangler. */
import { parseArgs } from "node:util";

export interface Wishes {
  readonly act: "deploy" | "dry-run" | "verify" | "rollback" | "help";
  /** The Worker's name, where it is not the one in `wrangler.toml`. */
  readonly name?: string;
  /** Where the hub is reached, where that is not the address wrangler reports. */
  readonly url?: string;
  /** Of a rollback: the version, where it is not the one before. */
  readonly version?: string;
  /** Variables given with `--var NAME:VALUE`. */
  readonly variables: Readonly<Record<string, string>>;
  /** Which keys count, where file and environment differ. */
  readonly keys_from?: "file" | "environment";
  /** Makes a key although the running hub has one, or although this machine may not keep it. */
  readonly new_key: boolean;
  /** Replaces the running hub's key, or a Worker that is no hub, without a question. */
  readonly replace: boolean;
  /** For wrangler, as they were given. */
  readonly rest: readonly string[];
}

export const USAGE = `npm run deploy -- [options] [wrangler's own options]
  --dry-run                build and check; needs no account and no network
  --verify                 change nothing; ask the deployed hub whether it is as configured here
  --rollback [VERSION]     make an earlier version live again, then ask the hub
  --name NAME              the Worker's name, in place of the one in wrangler.toml
  --url URL                where the hub is reached, in place of the address that wrangler reports
  --var NAME:VALUE         a variable of the hub, such as HUB_RATE_PER_SECOND:60
  --keys-from WHERE        file or environment, when HUB_KEY or HUB_KEYS stand in both and differ
  --new-key                make a new hub key, also where the running hub has one
  --replace                replace the running hub's key, or a Worker that is no hub, unasked`;

/** These would upload something that the checks did not see. */
const REFUSED = ["secrets-file", "config", "c", "env", "e", "env-file", "keep-vars", "script"] as const;

const text = { type: "string" } as const;
const flag = { type: "boolean" } as const;
const OPTIONS = {
  ...{ "dry-run": flag, verify: flag, rollback: flag, "new-key": flag, replace: flag, help: flag },
  ...{ name: text, url: text, "keys-from": text, var: { ...text, multiple: true } },
} as const;

/** What was asked for, or what is wrong with it. */
export function readWishes(given: readonly string[]): Wishes | string {
  const { values, tokens, positionals } = parseArgs({
    args: [...given],
    options: OPTIONS,
    strict: false,
    tokens: true,
  });
  const refused = tokens.find((token) => token.kind === "option" && REFUSED.some((name) => name === token.name));
  if (refused?.kind === "option") {
    return `${refused.rawName} is not taken: the deploy uploads only what it has checked. Keys stand in .hub-key.env or in the environment, limits in wrangler.toml or --var`;
  }
  const variables = readVariables([values.var ?? []].flat().map(String));
  if (typeof variables === "string") return variables;
  const from = values["keys-from"];
  if (from !== undefined && from !== "file" && from !== "environment") return "--keys-from must be file or environment";
  const act = actOf(values);
  const [version] = positionals;
  if (version !== undefined && act !== "rollback")
    return `${version}: the deploy takes no words but options; see npm run deploy -- --help`;
  return {
    act,
    variables,
    new_key: values["new-key"] === true,
    replace: values.replace === true,
    rest: given.filter((_word, at) => !isOwn(tokens, at)),
    ...(typeof values.name === "string" ? { name: values.name } : {}),
    ...(typeof values.url === "string" ? { url: values.url.replace(/\/+$/, "") } : {}),
    ...(version === undefined ? {} : { version }),
    ...(from === undefined ? {} : { keys_from: from }),
  };
}

type Token = NonNullable<ReturnType<typeof parseArgs>["tokens"]>[number];

/** Whether the word at this place is one of the deploy's own, or the value of one. */
function isOwn(tokens: readonly Token[], at: number): boolean {
  const before = tokens.findLast(({ index }) => index <= at);
  if (before?.kind === "positional") return true;
  return before?.kind === "option" && Object.hasOwn(OPTIONS, before.name);
}

function actOf(values: Readonly<Record<string, unknown>>): Wishes["act"] {
  const acts = ["help", "dry-run", "verify", "rollback"] as const;
  return acts.find((act) => values[act] === true) ?? "deploy";
}

/** `NAME:VALUE`, as wrangler takes it; secrets are not for a command line. */
function readVariables(given: readonly string[]): Readonly<Record<string, string>> | string {
  const pairs = given.map((one) => /^([^:]+):(.*)$/s.exec(one)?.slice(1) ?? []);
  if (pairs.some(([name]) => name === undefined)) return "--var must be NAME:VALUE, such as HUB_RATE_PER_SECOND:60";
  const secret = pairs.find(([name]) => name === "HUB_KEY" || name === "HUB_KEYS");
  if (secret !== undefined) return `${secret[0]} must not stand on a command line; put it into .hub-key.env`;
  return Object.fromEntries(pairs) as Record<string, string>;
}
