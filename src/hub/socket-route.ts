/** /ws/channel/:id: check, then hand the upgrade to the channel object. */
import type { Caller } from "../channel/index.ts";
import { closeCode, CONNECT_QUERY, errorFrame, parseQuery, refusal, type Refusal } from "../protocol/index.ts";
import { failure } from "./answer.ts";
import { findChannel } from "./calls.ts";
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
  if (!found.ok) return sayAndClose(found.refusal);
  const { key, name, kind, ...wishes } = query.value;
  const caller: Caller = { key, name, kind, verified: false };
  const channel = c.env.CHANNELS.getByName(`ch-${found.value}`);
  const answer = await channel.fetch(connectRequest({ caller, query: wishes }));
  if (answer.webSocket !== null) return new Response(null, { status: 101, webSocket: answer.webSocket });
  return refused(await answer.json<Refusal>());
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
