/** GET /api/channel/:id/listen and GET /api/listen: who listens, and for what. */
import type * as v from "valibot";
import {
  LISTEN_ALL_QUERY,
  LISTEN_QUERY,
  map,
  OBSERVE_ALL_QUERY,
  OBSERVE_QUERY,
  parseQuery,
  type Result,
} from "../../../protocol/index.ts";
import { provenKey } from "../admission/caller.ts";
import type { HubContext } from "../context.ts";
import { answering } from "../handlers.ts";
import { callerFor, observerOf } from "../admission/identity.ts";
import { type Listening, listenTo, listenToAll } from "../calls/listen.ts";

// ?key=bravo&after=418&wait=45&for=me → {"ok":true,"channel_id":"ch-1","messages":[…],"next":421,"own":0,"others":2,…}
export const listenToOne = answering(async (c) => {
  const asked = isObserver(c) ? observing(c, OBSERVE_QUERY) : listening(c, LISTEN_QUERY);
  return asked.ok ? await listenTo(c.env, c.req.param("id") ?? "", asked.value, c.req.raw.signal) : asked;
});

// ?key=bravo&after=ch-1:418,ch-4:7&wait=45&for=me → {"ok":true,"channels":[{…},…]}
export const listenToSeveral = answering(async (c) => {
  const asked = isObserver(c) ? observing(c, OBSERVE_ALL_QUERY) : listening(c, LISTEN_ALL_QUERY);
  return asked.ok ? await listenToAll(c.env, asked.value, c.req.raw.signal) : asked;
});

function isObserver(c: HubContext): boolean {
  return c.var.admission.scope === "read";
}

function listening<T extends { readonly key: string }>(
  c: HubContext,
  schema: v.GenericSchema<unknown, T>,
): Result<Omit<T, "key"> & Listening> {
  const parsed = parseQuery(schema, search(c), provenKey(c.var.proof));
  if (!parsed.ok) return parsed;
  const { key, ...options } = parsed.value;
  return map(callerFor(c, { key }), (caller) => ({ ...options, caller }));
}

function observing<T extends object>(c: HubContext, schema: v.GenericSchema<unknown, T>): Result<T & Listening> {
  const caller = observerOf(c.var.admission);
  return map(parseQuery(schema, search(c)), (options) => ({ ...options, caller }));
}

function search(c: HubContext): string {
  return new URL(c.req.url).search;
}
