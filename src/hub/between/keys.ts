/**
 * The hub's keys (KEY1, KEY2): read from `HUB_KEY` and `HUB_KEYS`, compared as digests in constant
 * time, looked for in URLs. A key's text is never kept, logged or repeated in an error.
 */
import { map, ok, PASS_TEXT, quote, refuse, type Result } from "../../protocol/index.ts";
import { sha256, toBase64Url } from "./bytes.ts";
import { type HubKey, parseKeys, withoutRemoved } from "./key-list.ts";

export interface KeyVariables {
  /** One key with scope admin. A secret. */
  readonly HUB_KEY?: string;
  /** `kid:scope:sha256hex[:agent_key]`, separated by commas or white space. A secret. */
  readonly HUB_KEYS?: string;
  /** "1" under `npm start` only: lets a short key work, from a loopback host. */
  readonly HUB_DEV?: string;
}

/** The kid of `HUB_KEY`; no kid of `HUB_KEYS` can have an underscore. */
export const OWNER_KID = "HUB_KEY";

/** Shorter keys are for a developer's own machine. */
const KEY_LENGTH_MIN = 24;

/** Whether a request's host names this machine, whatever a resolver says. */
export function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname === "[::1]" || /^127\.\d+\.\d+\.\d+$/.test(hostname);
}

/** `hub_<kid>_<32 bytes in base64url>`: the texts that `HUB_KEYS` holds digests of. */
const KEY_TEXT = /^hub_[A-Za-z0-9-]{1,32}_[A-Za-z0-9_-]{43}$/;

const NOT_CONFIGURED = `this hub has no key yet: set HUB_KEY to a secret of at least ${KEY_LENGTH_MIN} characters (npx wrangler secret put HUB_KEY) and deploy again`;

/** Every key that counts at this host. A variable that makes no sense closes the hub: a typo must not open it. */
export async function readKeys(env: KeyVariables, hostname: string): Promise<Result<readonly HubKey[]>> {
  const own = withoutRemoved(env.HUB_KEY);
  if (own === "" || own.length >= KEY_LENGTH_MIN) return await listKeys(env);
  if (env.HUB_DEV !== "1") return refuse("hub_not_configured", NOT_CONFIGURED);
  return isLoopback(hostname) ? await listKeys(env) : refuse("host_forbidden", onlyHere(hostname));
}

function onlyHere(hostname: string): string {
  return `the hub key is a short one, for this machine only: use localhost, 127.0.0.1 or [::1], not ${quote(hostname)}; to serve other addresses, start the hub with a HUB_KEY of at least ${KEY_LENGTH_MIN} characters`;
}

async function listKeys({ HUB_KEY, HUB_KEYS = "" }: KeyVariables): Promise<Result<readonly HubKey[]>> {
  const own = withoutRemoved(HUB_KEY);
  const listed = parseKeys(HUB_KEYS);
  if (!listed.ok) return listed;
  const keys =
    own === ""
      ? listed.value
      : [{ kid: OWNER_KID, scope: "admin" as const, digest: await sha256(own) }, ...listed.value];
  return keys.length > 0 ? ok(keys) : refuse("hub_not_configured", NOT_CONFIGURED);
}

/**
 * Names a key together with all that it allows, so that a socket can tell whether what admitted it
 * still stands (KEY3). Half of the digest: enough to tell two keys apart, nothing to guess one from.
 */
export function rightOf({ kid, scope, digest, agent_key = "" }: HubKey): string {
  return `${kid}:${scope}:${toBase64Url(digest.slice(0, 16))}:${agent_key}`;
}

/** The hub key that a right names. */
export function kidOf(right: string): string {
  return right.slice(0, right.indexOf(":"));
}

/** Whether a right is one of admin scope. */
export function isAdminRight(right: string): boolean {
  return right.split(":")[1] === "admin";
}

/** The rights that sockets may have now, at whatever host they came in. */
export async function standingRights(env: KeyVariables): Promise<Result<ReadonlySet<string>>> {
  const keys = await listKeys(env);
  return map(keys, (listed) => new Set(listed.map(rightOf)));
}

/** The key whose text this is. All are compared, whichever matches. */
export async function findKey(keys: readonly HubKey[], text: string): Promise<HubKey | undefined> {
  const digest = await sha256(text);
  const isListed = KEY_TEXT.test(text);
  let found: HubKey | undefined;
  for (const key of keys) {
    const isSame = crypto.subtle.timingSafeEqual(key.digest, digest);
    if (isSame && (isListed || key.kid === OWNER_KID)) found = key;
  }
  return found;
}

/**
 * Whether any part of the path or query, as written or decoded, is one of the keys. What may be one by
 * its length is compared by digest: nothing but the length of a key could be told by the time it takes.
 */
export async function isKeyInUrl(keys: readonly HubKey[], { pathname, search }: URL, own: string): Promise<boolean> {
  const written = [...pathname.split("/"), ...search.slice(1).split("&").flatMap(namesAndValues)];
  const candidates = new Set(written.flatMap(readings));
  for (const candidate of candidates) {
    // Whoever wrote it, it is taken for one.
    if (PASS_TEXT.test(candidate)) return true;
    const mayBe = candidate !== "" && (candidate.length === own.length || KEY_TEXT.test(candidate));
    if (mayBe && (await findKey(keys, candidate)) !== undefined) return true;
  }
  return false;
}

function namesAndValues(part: string): string[] {
  const at = part.indexOf("=");
  return at < 0 ? [part] : [part, part.slice(0, at), part.slice(at + 1)];
}

/** What a part of a URL may mean: a `+` is a space to some. Malformed encoding stands for itself. */
function readings(part: string): string[] {
  try {
    return [part, decodeURIComponent(part), decodeURIComponent(part.replaceAll("+", " "))];
  } catch {
    return [part];
  }
}
