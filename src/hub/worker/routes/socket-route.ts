/** /ws/channel/:id: check, then hand the upgrade to the channel object. */
import {
  closeCode,
  CONNECT_QUERY,
  type ConnectQuery,
  errorFrame,
  map,
  ok,
  parseQuery,
  refusal,
  type Refusal,
  type Result,
  WATCH_QUERY,
} from "../../../protocol/index.ts";
import { offeredProtocols, SUBPROTOCOL } from "../admission/admission.ts";
import { failure } from "../answer.ts";
import { findChannel, noteDeleted, READ, repeated } from "../calls/calls.ts";
import { provenKey } from "../admission/caller.ts";
import { type ConnectRequest, connectRequest } from "../../between/requests.ts";
import type { HubContext } from "../context.ts";
import { callerFor, observerOf } from "../admission/identity.ts";
import { rightOf } from "../../between/keys.ts";

/** A JavaScript WebSocket cannot see a status, so an unknown channel is said on a socket instead. */
const SAID_ON_SOCKET: ReadonlySet<string> = new Set(["channel_not_found", "channel_deleted"]);

export async function upgrade(c: HubContext): Promise<Response> {
  if (c.req.header("upgrade")?.toLowerCase() !== "websocket") {
    return failure(c, refusal("upgrade_required", "this route takes WebSocket upgrades only"), {
      upgrade: "websocket",
    });
  }
  const asked = c.var.admission.scope === "read" ? askedByObserver(c) : askedByAgent(c);
  if (!asked.ok) return failure(c, asked.refusal);
  const found = await findChannel(c.env, c.req.param("id") ?? "");
  if (!found.ok) return refused(c, found.refusal);
  const request = connectRequest(asked.value);
  const attempt = async (): Promise<Result<WebSocket>> => {
    const answer = await c.env.CHANNELS.getByName(`ch-${found.value}`).fetch(request.clone());
    return answer.webSocket === null ? { ok: false, refusal: await answer.json<Refusal>() } : ok(answer.webSocket);
  };
  // A nonce counts once: a second attempt would be told so.
  const connected = await repeated(attempt, { ...READ, isRepeatable: asked.value.caller.nonce === undefined });
  if (connected.ok) return switched(c, connected.value);
  noteDeleted(found.value, connected);
  return refused(c, connected.refusal);
}

function refused(c: HubContext, why: Refusal): Response {
  return SAID_ON_SOCKET.has(why.code) ? sayAndClose(c, why) : failure(c, why);
}

function askedByObserver(c: HubContext): Result<ConnectRequest> {
  const { key, via } = c.var.admission;
  const caller = observerOf(c.var.admission);
  const right = rightOf(key);
  return map(parseQuery(WATCH_QUERY, search(c)), (query) => ({ caller, right, via, query }));
}

function askedByAgent(c: HubContext): Result<ConnectRequest> {
  const { key: hubKey, ticket } = c.var.admission;
  const grant = ticket?.grant.use === "connect" ? ticket.grant : undefined;
  const known = grant === undefined ? provenKey(c.var.proof) : granted(grant);
  const parsed = parseQuery(CONNECT_QUERY, search(c), known);
  if (!parsed.ok) return parsed;
  const { key, name, kind, ...query } = parsed.value;
  if (grant !== undefined && key !== grant.key) return { ok: false, refusal: notTheTickets() };
  const nonce = grant?.nonce;
  return map(callerFor(c, { key, name, kind }), (caller) => {
    const asking = nonce === undefined ? caller : { ...caller, nonce };
    return { caller: asking, right: rightOf(hubKey), query };
  });
}

/** What a ticket says of its bearer; the query may say it again. */
function granted({ key, name, kind }: Partial<ConnectQuery>): Readonly<Record<string, unknown>> {
  return { key, ...(name !== undefined && { name }), ...(kind !== undefined && { kind }) };
}

function notTheTickets(): Refusal {
  return refusal("identity_mismatch", "key must be the ticket's, or left out");
}

function search(c: HubContext): string {
  return new URL(c.req.url).search;
}

/** A client that offers subprotocols fails unless one is selected. */
function switched(c: HubContext, webSocket: WebSocket): Response {
  const isOffered = offeredProtocols(c.req.raw.headers).includes(SUBPROTOCOL);
  const headers = isOffered ? { "sec-websocket-protocol": SUBPROTOCOL } : {};
  return new Response(null, { status: 101, webSocket, headers });
}

/** Accepts in the Worker, says why not, and closes; no object is touched. */
function sayAndClose(c: HubContext, why: Refusal): Response {
  c.set("refused", why.code);
  const { 0: client, 1: server } = new WebSocketPair();
  server.accept();
  server.send(errorFrame(why, {}, true));
  server.close(closeCode(why.code), why.code);
  return switched(c, client);
}
