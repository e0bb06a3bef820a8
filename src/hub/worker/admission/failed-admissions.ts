/**
 * Slows down whoever tries hub keys or tickets, by the edge's own counters, which cost no object.
 * Asked only after an admission failed: a right key is never held up. Without the binding, or
 * without the address that Cloudflare adds to a request, nothing is counted.
 */
import { refusal, type Refusal } from "../../../protocol/index.ts";
import type { Env } from "../../between/env.ts";
import { logFault } from "../../between/log.ts";

/** The period of the binding in wrangler.toml. */
const PERIOD_MS = 60_000;

/** Why the request is turned away: as it was, or as one too many of its network. */
export async function slowedDown(env: Env, headers: Headers, why: Refusal): Promise<Refusal> {
  const address = headers.get("cf-connecting-ip");
  if (env.FAILED_ADMISSIONS === undefined || address === null || why.code !== "unauthorized") return why;
  try {
    const { success } = await env.FAILED_ADMISSIONS.limit({ key: networkOf(address) });
    return success ? why : tooMany();
  } catch (error) {
    logFault("rate_limit", {}, error);
    return why;
  }
}

function tooMany(): Refusal {
  const text = "too many requests without a right hub key came from this address; send the right one, or wait";
  return refusal("rate_limited", text, { retry_after_ms: PERIOD_MS });
}

/** An IPv4 address, or the /64 of an IPv6 one: whoever has one address of it has them all. */
export function networkOf(address: string): string {
  if (!address.includes(":")) return address;
  if (address.includes(".")) return address.slice(address.lastIndexOf(":") + 1);
  const [before = [], after = []] = address.split("::").map((part) => part.split(":").filter((group) => group !== ""));
  const zeros = Array.from({ length: Math.max(0, 8 - before.length - after.length) }, () => "0");
  const network = [...before, ...zeros, ...after].slice(0, 4);
  return `${network.map((group) => Number.parseInt(group, 16).toString(16)).join(":")}::/64`;
}
