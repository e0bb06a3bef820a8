/** POST /api/ticket: lets a caller hand on what it may do, to what cannot send headers (IDN3). */
import { channelNotFound, ok } from "../../../protocol/index.ts";
import { isWithinReach } from "../../../channel/index.ts";
import { ticketSigner } from "../calls/passes.ts";
import { findChannel } from "../calls/calls.ts";
import type { HubContext } from "../context.ts";
import { answering, readText } from "../handlers.ts";
import { observerOf } from "../admission/identity.ts";
import { socketUrl } from "../admission/origins.ts";
import { mintTicket, type Ticket } from "../admission/ticket.ts";
import { mayBeNamed, wantedTicket } from "./wanted-ticket.ts";

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
  const signer = await ticketSigner(c);
  if (!signer.ok) return signer;
  const ticket = await mintTicket(wanted.value, signer.value);
  return ok({
    ticket,
    url: urlFor(c, wanted.value, ticket),
    expires_at: new Date(wanted.value.expires_at).toISOString(),
  });
});

/** Where to connect: a watch ticket may stand in the URL, a connect ticket goes into the subprotocol. */
function urlFor(c: HubContext, { channel_id, grant }: Ticket, ticket: string): string {
  const url = socketUrl(c.req.raw, c.env.HUB_URL ?? "", channel_id);
  if (grant.use === "watch") url.searchParams.set("ticket", ticket);
  return url.href;
}
