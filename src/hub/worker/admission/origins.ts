/**
 * From which pages the hub may be used (IDN3): its own, and those of the origins that its owner
 * names in `HUB_ORIGINS`. Browsers write origins in one form only; people do not.
 */
import { ok, quote, refuse, type Result } from "../../../protocol/index.ts";
import { outerUrl } from "./address.ts";

/** Schemes whose origins the URL parser knows; pages of apps have others, such as `capacitor:`. */
const WEB = /^https?:$/;
const EXAMPLE = "write each as https://app.example, separated by commas";

/** The origins that a `HUB_ORIGINS` names, as browsers write them. A variable that makes no sense closes the hub. */
export function readOrigins(variable: string): Result<readonly string[]> {
  const origins: string[] = [];
  for (const entry of variable.split(/[\s,]+/).filter((part) => part !== "")) {
    const origin = originOf(entry);
    const fault = origin ?? faultIn(entry);
    if (origin === undefined)
      return refuse("hub_not_configured", `HUB_ORIGINS: "${quote(entry)}" ${fault}; ${EXAMPLE}`);
    origins.push(origin);
  }
  return ok(origins);
}

/** Undefined: it is not just an origin. A slash at the end, capitals and the usual port count as if they were not there. */
function originOf(entry: string): string | undefined {
  const url = URL.parse(entry);
  if (url === null || !/^[a-z][a-z0-9+.-]*:\/\/[^/*?#@]+\/?$/i.test(entry)) return undefined;
  return WEB.test(url.protocol) ? url.origin : entry.toLowerCase().replace(/\/$/, "");
}

function faultIn(entry: string): string {
  if (entry.includes("*")) return "is a pattern, and the hub compares whole origins";
  if (entry === "null") return "is what every page without an origin sends";
  if (!entry.includes("://")) return "has no scheme, or no host";
  return "is more than an origin, which is a scheme, a host and a port";
}

/**
 * Whether a page of `origin` is the hub's own, where the request came in at `url`. A proxy that ends
 * TLS makes `http` of `https`, so a page of the same host counts that came more safely than its
 * request did; one that came less safely does not, since anybody on the way could have written it.
 */
export function isSameSite(origin: string, { protocol, host, origin: own }: URL): boolean {
  return origin === own || (protocol === "http:" && origin === `https://${host}`);
}

/**
 * Whether `origin` is one of `origins`. `wrangler dev` writes the scheme that it was reached by into
 * an `Origin` of the request's own host, so behind TLS a named `https` origin arrives as `http`.
 */
export function isNamed(origin: string, { protocol, host }: URL, origins: readonly string[]): boolean {
  if (origins.includes(origin)) return true;
  return protocol === "http:" && origin === `http://${host}` && origins.includes(`https://${host}`);
}

/** Whether the caller's own connection is TLS: a proxy that ends it says so. Trusted for nothing but what the caller is told. */
function isOverTls(headers: Headers, { protocol }: URL): boolean {
  const [told = ""] = (headers.get("x-forwarded-proto") ?? "").split(",");
  return (
    protocol === "https:" || /^https|^wss/i.test(told.trim()) || /\bproto="?https/i.test(headers.get("forwarded") ?? "")
  );
}

/** Where a caller connects to a channel, as it would write it. */
export function socketUrl({ url, headers }: Request, hub_url: string, channel_id: string): URL {
  const outer = new URL(outerUrl(`${new URL(url).origin}/ws/channel/${channel_id}`, hub_url));
  outer.protocol = isOverTls(headers, outer) ? "wss:" : "ws:";
  return outer;
}
