/**
 * The address by which a hub behind a proxy is known (`HUB_URL`), and a request's URL as its caller
 * wrote it: the proxy may have ended TLS, and taken away the path under which the hub stands.
 */
import { ok, quote, refuse, type Result } from "../../../protocol/index.ts";

/** Undefined: it has no other address than the one it is asked at. */
export function readAddress(variable: string): Result<URL | undefined> {
  if (variable === "") return ok(undefined);
  const url = URL.parse(variable);
  const isPlain = url !== null && /^https?:$/.test(url.protocol) && `${url.origin}${url.pathname}` === url.href;
  if (isPlain) return ok(url);
  return refuse(
    "hub_not_configured",
    `HUB_URL: "${quote(variable)}" must be an address such as https://hub.example/path`,
  );
}

/** What a signature covers and a caller is told. A request that came in at another host is left as it is. */
export function outerUrl(url: string, variable: string): string {
  const address = readAddress(variable);
  const { origin, host } = new URL(url);
  if (!address.ok || address.value?.host !== host) return url;
  return address.value.href.replace(/\/$/, "") + url.slice(origin.length);
}
