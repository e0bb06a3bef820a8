/** What a hub is and uses: GET /api/hub and /metrics. Names keys by their kid; nothing here is a secret. */
import { constants, LIMITS, map, ok, readLimits, type Result } from "../../../protocol/index.ts";
import { failure } from "../answer.ts";
import { callIndex } from "../calls/calls.ts";
import type { HubContext } from "../context.ts";
import { answering, type HubHandler } from "../handlers.ts";
import type { Counts } from "../../between/index-calls.ts";
import { metricsText } from "../metrics.ts";
import { type Traffic, trafficSoFar } from "../traffic.ts";
import type { Usage } from "../../between/usage.ts";
import { VERSION } from "../version.ts";

// → {"ok":true,"version":"0.1.0","limits":{"RING_MESSAGES":1000,…,"HUB_RATE_PER_SECOND":30,…},
//    "keys":[{"kid":"team","scope":"agent"}],"require_verified":false,"channels":2,"deleted":0,
//    "usage":{"day":"2026-…","messages":7,…},"isolate":{"since":"…","requests":9,"refused":{}}}; null: unlimited
export const hubRoute: ReturnType<typeof answering> = answering(async (c) =>
  map(await measured(c), ({ channels, deleted, usage, isolate }) => ({
    ...settingsOf(c),
    ...{ channels, deleted, usage, isolate },
  })),
);

/** For Prometheus. A scrape asks the index and no channel: what sleeps sleeps on (USE1). */
export const metricsRoute: HubHandler = async (c) => {
  const told = await measured(c);
  if (!told.ok) return failure(c, told.refusal);
  const headers = { "content-type": "text/plain; version=0.0.4; charset=utf-8", "cache-control": "no-store" };
  return new Response(metricsText({ version: VERSION, ...told.value }), { headers });
};

function measured(c: HubContext): Promise<Result<Counts & { usage: Usage; isolate: Traffic }>> {
  const isolate = trafficSoFar(Date.now());
  return callIndex(c.env, async (index) => ok({ ...(await index.usage()), isolate }));
}

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
