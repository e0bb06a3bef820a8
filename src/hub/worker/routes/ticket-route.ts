/** POST /api/ticket: lets a caller hand on what it may do, to what cannot send headers (IDN3). */
import {
  channelNotFound,
  CONNECT_TICKET_S,
  map,
  ok,
  refuse,
  type Result,
  TICKET_BODY,
  TICKET_KIND,
  WATCH_TICKET_BODY,
  WATCH_TICKET_S,
  parseBody,
  isWithin,
} from "../../../protocol/index.ts";
import { isWithinReach } from "../../../channel/index.ts";
import type { HubKey } from "../../between/key-list.ts";
import { refuseEnded } from "../calls/passes.ts";
import { outerUrl } from "../admission/address.ts";
import { findChannel } from "../calls/calls.ts";
import { provenKey } from "../admission/caller.ts";
import { mayClaim } from "../calls/operations.ts";
import type { HubContext } from "../context.ts";
import { answering, readText } from "../handlers.ts";
import { callerFor, observerOf } from "../admission/identity.ts";
import { passSigner } from "../admission/passes.ts";
import { isOverTls } from "../admission/origins.ts";
import { type Grant, mintTicket, type Ticket } from "../admission/ticket.ts";

// {"channel_id":"ch-1","key":"alpha","name":"ALPHA"} or {"channel_id":"ch-1","watch":true,"seconds":3600}
//   → {"ok":true,"ticket":"…","url":"wss://hub.example/ws/channel/ch-1","expires_at":"2026-…Z"}
export const ticketRoute: ReturnType<typeof answering> = answering(async (c) => {
  const json = await readText(c);
  if (!json.ok) return json;
  const wanted = wantedTicket(c, json.value, Date.now());
  if (!wanted.ok) return wanted;
  const { channel_id } = wanted.value;
  if (!isWithinReach(observerOf(c.var.admission), channel_id))
    return { ok: false, refusal: channelNotFound(channel_id) };
  const found = await findChannel(c.env, channel_id);
  if (!found.ok) return found;
  const may = await mayBeNamed(c, wanted.value.grant);
  if (!may.ok) return may;
  const signer = await signerOf(c);
  if (!signer.ok) return signer;
  const ticket = await mintTicket(wanted.value, signer.value);
  return ok({
    ticket,
    url: urlFor(c, wanted.value, ticket),
    expires_at: new Date(wanted.value.expires_at).toISOString(),
  });
});

/** Who comes by a pass gets a ticket that says so, and that ends with it. */
async function signerOf(c: HubContext): Promise<Result<HubKey>> {
  const { pass, key } = c.var.admission;
  if (pass === undefined) return ok(key);
  const ended = await refuseEnded(c);
  if (ended !== undefined) return { ok: false, refusal: ended };
  const signer = await passSigner(c.env, Date.now());
  return map(signer, ([own = key]) => own);
}

function wantedTicket(c: HubContext, json: string, now: number): Result<Ticket> {
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
async function mayBeNamed(c: HubContext, grant: Grant): Promise<Result<true>> {
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

/** Where to connect: a watch ticket may stand in the URL, a connect ticket goes into the subprotocol. */
function urlFor(c: HubContext, { channel_id, grant }: Ticket, ticket: string): string {
  const { origin } = new URL(c.req.url);
  const url = new URL(outerUrl(`${origin}/ws/channel/${channel_id}`, c.env.HUB_URL ?? ""));
  url.protocol = isOverTls(c.req.raw.headers, url) ? "wss:" : "ws:";
  if (grant.use === "watch") url.searchParams.set("ticket", ticket);
  return url.href;
}
