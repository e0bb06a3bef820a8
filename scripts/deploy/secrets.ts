/**
 * The hub keys that a deploy gives its hub: from the file that `npm run deploy` made and only its
 * owner can read, or from the environment, as CI gives them. Refused where somebody could guess them.
 */
import { randomBytes } from "node:crypto";
import { chmodSync, existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { parseEnv } from "node:util";
import type { Wishes } from "./wishes.ts";

/** Beside `wrangler.toml`; git ignores it. */
export const FILE = ".hub-key.env";
export const NAMES = ["HUB_KEY", "HUB_KEYS"] as const;
export type Secrets = Readonly<Partial<Record<(typeof NAMES)[number], string>>>;

/** What the hub itself asks for (KEY2). */
const KEY_LENGTH_MIN = 24;
/** A random key of that length has more; one of words or a pattern has fewer. */
const DISTINCT_MIN = 10;
/** Keys that stand in this repository, and what people write where a key belongs. */
const EXAMPLES = /^(dev-key|test-key)|change.?me|replace.?me|your.?(hub.?)?key|example|placeholder|password|secret/i;

export interface Found {
  readonly secrets: Secrets;
  readonly from: "file" | "environment";
}

export interface Sources {
  readonly file: string;
  readonly environment: NodeJS.ProcessEnv;
}

/** The keys that count, a question that only the owner can answer, or undefined: there are none. */
export function findSecrets({ file, environment }: Sources, keysFrom: Wishes["keys_from"]): Found | string | undefined {
  const kept = existsSync(file) ? pick(parseEnv(readFileSync(file, "utf8"))) : undefined;
  const given = pick(environment);
  const isGiven = Object.keys(given).length > 0;
  if (keysFrom === "file" && kept === undefined) return `--keys-from file: there is no ${FILE}`;
  if (keysFrom === "environment" && !isGiven) return "--keys-from environment: HUB_KEY and HUB_KEYS are not set";
  if (kept === undefined) return isGiven ? { secrets: given, from: "environment" } : undefined;
  if (keysFrom === "environment") return { secrets: given, from: "environment" };
  const differing = NAMES.filter((name) => given[name] !== undefined && given[name] !== kept[name]);
  if (keysFrom === "file" || differing.length === 0) return { secrets: kept, from: "file" };
  return `${differing.join(" and ")} in the environment ${differing.length === 1 ? "differs" : "differ"} from ${FILE}. Say which counts: --keys-from file, or --keys-from environment`;
}

function pick(variables: Readonly<Record<string, string | undefined>>): Secrets {
  const given = NAMES.flatMap((name) => (variables[name] ? [[name, variables[name]] as const] : []));
  return Object.fromEntries(given);
}

/** 32 random bytes. */
export function newKey(): string {
  return randomBytes(32).toString("base64url");
}

/** Keeps a new key for its owner alone: in place of the old one, whose file keeps all else it holds. */
export function keepKey(file: string, key: string): void {
  const before = existsSync(file) ? readFileSync(file, "utf8") : "";
  const others = before.split("\n").filter((line) => line !== "" && !/^\s*(export\s+)?HUB_KEY\s*=/.test(line));
  writeFileSync(file, [`HUB_KEY=${key}`, ...others, ""].join("\n"), { mode: 0o600 });
  chmodSync(file, 0o600);
}

/** Why no hub may be deployed with these; undefined when it may. */
export function secretsProblem({ secrets, from }: Found): string | undefined {
  const where = from === "file" ? FILE : "the environment";
  const { HUB_KEY, HUB_KEYS } = secrets;
  if (HUB_KEY === undefined && HUB_KEYS === undefined) {
    return `${where} has neither HUB_KEY nor HUB_KEYS; delete it to get a new key`;
  }
  const why = HUB_KEY === undefined ? undefined : weakness(HUB_KEY);
  return why === undefined ? undefined : `HUB_KEY in ${where} ${why}; ${MEND[from]}`;
}

const MEND = {
  file: "delete the file to get a new key, or write a random one",
  environment: "give a random one, such as openssl rand -base64 32 prints",
} as const;

function weakness(key: string): string | undefined {
  if (key.length < KEY_LENGTH_MIN) return `has ${key.length} characters, it must have at least ${KEY_LENGTH_MIN}`;
  if (EXAMPLES.test(key)) return "is an example, which everybody knows";
  const distinct = new Set(key).size;
  return distinct < DISTINCT_MIN ? `has only ${distinct} different characters, so it can be guessed` : undefined;
}

/** Nobody else of this machine needs to read it. True: somebody could. */
export function closeFile(file: string): boolean {
  const isOpen = process.platform !== "win32" && existsSync(file) && (statSync(file).mode & 0o077) !== 0;
  if (isOpen) chmodSync(file, 0o600);
  return isOpen;
}
