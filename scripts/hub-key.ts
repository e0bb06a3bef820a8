/**
 * The hub key that `npm run deploy` gives a deployed hub: made once, kept in a file that only its
 * owner can read and git ignores, and refused where somebody could guess it.
 */
import { randomBytes } from "node:crypto";
import { chmodSync, existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { parseEnv } from "node:util";

/** What the hub itself asks for (KEY2). */
const KEY_LENGTH_MIN = 24;
/** A random key of that length has more; one of words or a pattern has fewer. */
const DISTINCT_MIN = 10;
/** Keys that stand in this repository, and what people write where a key belongs. */
const EXAMPLES = /^(dev-key|test-key)|change.?me|replace.?me|your.?(hub.?)?key|example|placeholder|password|secret/i;

/** Secrets as the file holds them, and whether it was made just now. */
export interface HubSecrets {
  readonly variables: Readonly<Record<string, string | undefined>>;
  readonly isNew: boolean;
}

/** Reads the file, or makes it with a fresh key: 32 random bytes. */
export function hubSecrets(file: string): HubSecrets {
  if (existsSync(file)) return { variables: parseEnv(readFileSync(file, "utf8")), isNew: false };
  const HUB_KEY = randomBytes(32).toString("base64url");
  writeFileSync(file, `HUB_KEY=${HUB_KEY}\n`, { mode: 0o600, flag: "wx" });
  return { variables: { HUB_KEY }, isNew: true };
}

/** Why no hub may be deployed with these; undefined when it may. */
export function secretsProblem({ variables }: HubSecrets, file: string): string | undefined {
  const { HUB_KEY = "", HUB_KEYS = "" } = variables;
  if (HUB_KEY === "" && HUB_KEYS === "") return `${file} has neither HUB_KEY nor HUB_KEYS; delete it to get a new key`;
  if (HUB_KEY === "") return undefined;
  const why = weakness(HUB_KEY);
  return why === undefined
    ? undefined
    : `HUB_KEY in ${file} ${why}; delete the file to get a new key, or write a random one`;
}

function weakness(key: string): string | undefined {
  if (key.length < KEY_LENGTH_MIN) return `has ${key.length} characters, it must have at least ${KEY_LENGTH_MIN}`;
  if (EXAMPLES.test(key)) return "is an example, which everybody knows";
  const distinct = new Set(key).size;
  return distinct < DISTINCT_MIN ? `has only ${distinct} different characters, so it can be guessed` : undefined;
}

/** Nobody else of this machine needs to read it. True: somebody could. */
export function closeFile(file: string): boolean {
  const isOpen = process.platform !== "win32" && (statSync(file).mode & 0o077) !== 0;
  if (isOpen) chmodSync(file, 0o600);
  return isOpen;
}
