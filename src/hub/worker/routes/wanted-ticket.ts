/** Which ticket a request asks for, and whether whom it names may have it. */
import {
  CONNECT_TICKET_S,
  isWithin,
  map,
  ok,
  parseBody,
  refuse,
  type Result,
  TICKET_BODY,
  TICKET_KIND,
  WATCH_TICKET_BODY,
  WATCH_TICKET_S,
} from "../../../protocol/index.ts";
import { provenKey } from "../admission/caller.ts";
import { callerFor } from "../admission/identity.ts";
import type { Grant, Ticket } from "../admission/ticket.ts";
import { mayClaim } from "../calls/operations.ts";
import type { HubContext } from "../context.ts";

export function wantedTicket(c: HubContext, json: string, now: number): Result<Ticket> {
  const what = parseBody(TICKET_KIND, json);
  if (!what.ok) return what;
  const { key, pass } = c.var.admission;
  const of = { kid: key.kid, ...(pass !== undefined && { pass }) };
  const until = pass?.exp === undefined ? Infinity : pass.exp * 1000;
  if (what.value.watch) {
    return map(parseBody(WATCH_TICKET_BODY, json), ({ channel_id, seconds = WATCH_TICKET_S }) => {
      return { ...of, channel_id, expires_at: Math.min(until, now + seconds * 1000), grant: { use: "watch" } };
    });
  }
  const body = parseBody(TICKET_BODY, json, provenKey(c.var.proof));
  if (!body.ok) return body;
  const { channel_id, ...claim } = body.value;
  return map(connectGrant(c, claim), (grant) => ({
    ...of,
    channel_id,
    expires_at: Math.min(until, now + CONNECT_TICKET_S * 1000),
    grant,
  }));
}

/** A key that is proven anywhere gets no ticket that only claims it (IDN5); its socket would be refused. */
export async function mayBeNamed(c: HubContext, grant: Grant): Promise<Result<true>> {
  if (grant.use === "watch" || grant.strength !== "plain") return ok(true);
  return await mayClaim(c.env, grant.key);
}

function connectGrant(c: HubContext, claim: Parameters<typeof callerFor>[1]): Result<Grant> {
  const { admission, proof } = c.var;
  if (!isWithin("agent", admission.scope)) {
    return refuse("forbidden_scope", 'a hub key of scope read gives watch tickets only: say "watch":true');
  }
  return map(callerFor(c, claim), ({ key, name, kind }) => {
    // However often a signed request is repeated, its tickets count as one.
    const nonce = proof.strength === "signed" ? proof.nonce : crypto.randomUUID();
    return { use: "connect", key, name, kind, strength: proof.strength, nonce };
  });
}
