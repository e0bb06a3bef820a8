/**
 * The form of `HUB_KEYS` (KEY1), read by the hub and, before a deploy, by its owner's machine: pure,
 * so that both say the same. A key's text never stands here, only its digest.
 */
import { isReserved, KEY_PATTERN, ok, refuse, type Result, type Scope, SCOPES } from "../../protocol/index.ts";
import { type Bytes, fromHex } from "./bytes.ts";

export interface HubKey {
  /** Names the key where its text must not stand: attachments, tickets. */
  readonly kid: string;
  readonly scope: Scope;
  /** SHA-256 of the key's text. */
  readonly digest: Bytes;
  /** The only agent it speaks for (IDN1). */
  readonly agent_key?: string;
}

const KID = /^[A-Za-z0-9-]{1,32}$/;

/**
 * What a deploy writes over a secret that is to be gone: an upload keeps secrets that it does not
 * name, so the old one would count until it is deleted. Too short to be a key.
 */
export const REMOVED = "removed";

/** A variable's text; empty where a deploy took it away. */
export function withoutRemoved(variable: string | undefined): string {
  return variable === undefined || variable.trim() === REMOVED ? "" : variable;
}

/** Reads `HUB_KEYS`. An entry is named by its place, never quoted: it may hold a key by mistake. */
export function parseKeys(variable: string): Result<readonly HubKey[]> {
  const keys = new Map<string, HubKey>();
  const entries = withoutRemoved(variable).split(/[\s,]+/);
  for (const [at, entry] of entries.filter((part) => part !== "").entries()) {
    const key = parseEntry(entry);
    if (typeof key === "string") return senseless(at, key);
    if (keys.has(key.kid)) return senseless(at, "its kid was used before");
    keys.set(key.kid, key);
  }
  return ok([...keys.values()]);
}

function senseless(at: number, why: string): Result<never> {
  return refuse("hub_not_configured", `HUB_KEYS: entry ${at + 1} must be kid:scope:sha256hex[:agent_key]; ${why}`);
}

/** The entry's key, or what is wrong with it. */
function parseEntry(entry: string): HubKey | string {
  const [, kid, scope, hex, , agent_key] = /^([^:]*):([^:]*):([^:]*)(:(.*))?$/.exec(entry) ?? [];
  if (kid === undefined || hex === undefined) return "it has fewer than three parts";
  if (!KID.test(kid)) return "its kid must be 1 to 32 of A-Z a-z 0-9 -";
  const known = SCOPES.find((one) => one === scope);
  if (known === undefined) return `its scope must be ${SCOPES.join(", ")}`;
  if (!/^[0-9a-f]{64}$/.test(hex)) return "its digest must be 64 lower-case hex digits";
  const key = { kid, scope: known, digest: fromHex(hex) };
  if (agent_key === undefined) return key;
  if (!KEY_PATTERN.test(agent_key) || isReserved(agent_key)) return "its agent key is not valid";
  return { ...key, agent_key };
}
