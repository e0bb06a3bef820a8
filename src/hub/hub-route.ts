/** GET /api/hub: what the hub's owner asks of it. Names keys by their kid; nothing here is a secret. */
import { constants, LIMITS, map, ok, readLimits } from "../protocol/index.ts";
import { callIndex } from "./calls.ts";
import type { HubContext } from "./env.ts";
import { answering } from "./handlers.ts";
import { VERSION } from "./version.ts";

// → {"ok":true,"version":"0.1.0","limits":{"RING_MESSAGES":1000,…,"HUB_RATE_PER_SECOND":30,…},
//    "keys":[{"kid":"team","scope":"agent"}],"require_verified":false,"channels":2,"deleted":0}; null: unlimited
export const hubRoute: ReturnType<typeof answering> = answering(async (c) => {
  const counts = await callIndex(c.env, async (index) => ok(await index.counts()));
  return map(counts, ({ channels, deleted }) => ({ ...settingsOf(c), channels, deleted }));
});

function settingsOf(c: HubContext): object {
  const limits: Readonly<Record<string, number>> = readLimits(c.env);
  // JSON has no infinity.
  const own = Object.keys(LIMITS).map((name) => [name, limits[name] === Infinity ? null : limits[name]] as const);
  const keys = c.var.admission.keys.map(({ kid, scope, agent_key }) => ({ kid, scope, agent_key }));
  const require_verified = c.env.HUB_REQUIRE_VERIFIED === "1";
  return { version: VERSION, limits: Object.fromEntries([...CONSTANTS, ...own]), keys, require_verified };
}

/** The limits that are part of the protocol. */
const CONSTANTS = Object.entries(constants).filter(([, value]) => typeof value === "number");
