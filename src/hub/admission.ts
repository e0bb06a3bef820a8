/**
 * Who may use this hub at all (KEY1, KEY2). Decided in the Worker, before any object is touched.
 * Keys are compared as digests, in constant time.
 */
import { ok, readLimits, refusal, type Refusal, refuse, type Result, splitQuery } from "../protocol/index.ts";
import type { Env } from "./env.ts";

/** Shorter keys are for a developer's own machine. */
const KEY_LENGTH_MIN = 24;
/** Host names of this machine itself. */
export const LOOPBACK: ReadonlySet<string> = new Set(["localhost", "127.0.0.1", "[::1]"]);

const NOT_CONFIGURED = `this hub has no key yet: set HUB_KEY to a secret of at least ${KEY_LENGTH_MIN} characters (npx wrangler secret put HUB_KEY) and deploy again`;

/** The hub's key, if it is one that counts for this host and the hub's variables make sense. */
export function configuredKey(env: Env, url: URL): Result<string> {
  try {
    readLimits(env);
  } catch (error) {
    return refuse("hub_not_configured", error instanceof Error ? error.message : NOT_CONFIGURED);
  }
  const key = env.HUB_KEY ?? "";
  if (key.length >= KEY_LENGTH_MIN) return ok(key);
  if (key !== "" && env.HUB_DEV === "1" && LOOPBACK.has(url.hostname)) return ok(key);
  return refuse("hub_not_configured", NOT_CONFIGURED);
}

/** Undefined: the request carries the hub key. */
export async function admit(request: Request, url: URL, key: string): Promise<Refusal | undefined> {
  const wanted = await digest(key);
  if (await isInUrl(url, key, wanted)) {
    return refusal(
      "secret_in_url",
      "the hub key must not stand in a URL, where logs keep it; send it as x-spf-key and change it",
    );
  }
  const given = givenKey(request);
  if (given === undefined) return refusal("unauthorized", "the hub key is missing; send it as the header x-spf-key");
  return (await isSame(given, wanted)) ? undefined : refusal("unauthorized", "the hub key is wrong");
}

/** `x-spf-key: KEY` or `Authorization: Bearer KEY`. */
function givenKey(request: Request): string | undefined {
  const own = request.headers.get("x-spf-key");
  if (own !== null) return own;
  return /^Bearer +(\S+)$/i.exec(request.headers.get("authorization") ?? "")?.[1];
}

/** Whether any query value or path part, decoded, is the key. */
async function isInUrl(url: URL, key: string, wanted: ArrayBuffer): Promise<boolean> {
  const pairs = splitQuery(url.search);
  const values = pairs.ok ? pairs.value.flat() : url.search.slice(1).split(/[&=]/);
  const parts = [...values, ...url.pathname.split("/").map(decodePart)];
  const candidates = parts.filter((part) => part.length === key.length);
  const found = await Promise.all(candidates.map((part) => isSame(part, wanted)));
  return found.includes(true);
}

function decodePart(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    // Not percent-encoded: it stands for itself.
    return part;
  }
}

async function isSame(given: string, wanted: ArrayBuffer): Promise<boolean> {
  return crypto.subtle.timingSafeEqual(await digest(given), wanted);
}

function digest(text: string): Promise<ArrayBuffer> {
  return crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
}
