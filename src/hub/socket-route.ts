/** /ws/channel/:id: check, then hand the upgrade to the channel object. */
import type { Caller } from "../channel/index.ts";
import {
  closeCode,
  CONNECT_QUERY,
  errorFrame,
  ok,
  parseQuery,
  refusal,
  type Refusal,
  type Result,
} from "../protocol/index.ts";
import { failure } from "./answer.ts";
import { findChannel, noteDeleted, READ, repeated } from "./calls.ts";
import { connectRequest } from "./connect.ts";
import type { HubContext } from "./handlers.ts";

/** A JavaScript WebSocket cannot see a status, so an unknown channel is said on a socket instead. */
const SAID_ON_SOCKET: ReadonlySet<string> = new Set(["channel_not_found", "channel_deleted"]);

export async function upgrade(c: HubContext): Promise<Response> {
  if (c.req.header("upgrade")?.toLowerCase() !== "websocket") {
    return failure(refusal("upgrade_required", "this route takes WebSocket upgrades only"), { upgrade: "websocket" });
  }
  const query = parseQuery(CONNECT_QUERY, new URL(c.req.url).search);
  if (!query.ok) return failure(query.refusal);
  const found = await findChannel(c.env, c.req.param("id") ?? "");
  if (!found.ok) return refused(found.refusal);
  const { key, name, kind, ...wishes } = query.value;
  const caller: Caller = { key, name, kind, verified: false };
  const asked = connectRequest({ caller, query: wishes });
  const connected = await repeated(async (): Promise<Result<WebSocket>> => {
    const answer = await c.env.CHANNELS.getByName(`ch-${found.value}`).fetch(asked.clone());
    if (answer.webSocket !== null) return ok(answer.webSocket);
    return { ok: false, refusal: await answer.json<Refusal>() };
  }, READ);
  if (connected.ok) return new Response(null, { status: 101, webSocket: connected.value });
  noteDeleted(found.value, connected);
  return refused(connected.refusal);
}

function refused(why: Refusal): Response {
  return SAID_ON_SOCKET.has(why.code) ? sayAndClose(why) : failure(why);
}

/** Accepts in the Worker, says why not, and closes; no object is touched. */
function sayAndClose(why: Refusal): Response {
  const { 0: client, 1: server } = new WebSocketPair();
  server.accept();
  server.send(errorFrame(why, {}, true));
  server.close(closeCode(why.code), why.code);
  return new Response(null, { status: 101, webSocket: client });
}
