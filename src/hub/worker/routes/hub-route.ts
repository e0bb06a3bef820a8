/** What the hub's owner asks of it: GET /api/hub, its limits and counts, and what mends it (IDX6). Names keys by their kid; nothing here is a secret. */
import {
  AUDIT_QUERY,
  constants,
  FSCK_BODY,
  LIMITS,
  map,
  ok,
  readLimits,
  type Result,
} from "../../../protocol/index.ts";
import { failure } from "../answer.ts";
import { noteAct } from "../calls/note-act.ts";
import { callIndex, unclear } from "../calls/calls.ts";
import { directory } from "../calls/directory.ts";
import type { HubContext } from "../context.ts";
import { answering, type HubHandler, withBody, withQuery } from "../handlers.ts";
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

// {"mend":true,"cursor":0} → {"ok":true,"findings":[{"channel_id":"ch-3","fault":"lost","says":"…"}],"checked":40,"next_cursor":40}
export const fsckRoute: ReturnType<typeof answering> = withBody(FSCK_BODY, async (c, { cursor, mend }) => {
  const report = await callIndex(c.env, async (index) => ok(await index.fsck(cursor, mend)), AGAIN);
  // What is in the index again is found from now on.
  if (mend) directory.forgetMisses();
  if (mend && report.ok) await noteAct(c, "fsck", {});
  return report;
});

// → {"ok":true}
export const restoredRoute: ReturnType<typeof answering> = answering(async (c) => {
  const told = await callIndex(c.env, async (index) => ok(await index.restored()), AGAIN);
  if (told.ok) await noteAct(c, "restored", {});
  return map(told, () => ({}));
});

// ?limit=100 → {"ok":true,"acts":[{"at":"2026-…Z","request_id":"…","kid":"team","act":"kick","channel_id":"ch-1","target":"BRAVO"}]}
export const auditRoute: ReturnType<typeof answering> = withQuery(AUDIT_QUERY, async (c, { limit }) => {
  const acts = await callIndex(c.env, async (index) => ok(await index.audit(limit)));
  return map(acts, (newest) => ({ acts: newest }));
});

/** Both may be repeated: what is mended is mended, and a later restore ends positions once more. */
const AGAIN = unclear("ask again", true);
