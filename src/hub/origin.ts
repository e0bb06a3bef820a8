/**
 * Which web pages may speak to the hub (IDN3). Only browsers send `Origin`; agents have none. A page
 * of another site must not use a hub through the browser of somebody who can reach it.
 */
import type { Env } from "./env.ts";
import { LOOPBACK } from "./admission.ts";

/** Whether the request comes from a page that is neither the hub's own nor in `HUB_ORIGINS`. */
export function isForeignOrigin({ url, headers }: Request, { HUB_ORIGINS = "", HUB_DEV }: Env): boolean {
  const origin = headers.get("origin");
  if (origin === null) return false;
  if (HUB_ORIGINS.match(/[^\s,]+/g)?.includes(origin) === true) return false;
  const own = new URL(url);
  // A developer's hub takes any Host: a foreign name that resolves to this machine (DNS rebinding) is not its own.
  if (HUB_DEV === "1" && !LOOPBACK.has(own.hostname)) return true;
  return origin !== own.origin;
}
