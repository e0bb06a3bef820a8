/**
 * The limit that the platform sets: a Durable Object that gives each frame to all other sockets as it
 * is, and the sender a few bytes back. It parses, stores and checks nothing. Its classes are named as
 * the hub's are, so that the same configuration runs it.
 */
import { DurableObject } from "cloudflare:workers";

/** Where the load generator's token stands in a frame: {"text":"~~…"} */
const TOKEN_AT = 9;
const TOKEN_END = 25;

interface Env {
  readonly CHANNELS: DurableObjectNamespace<Channel>;
}

export class Channel extends DurableObject<Env> {
  override fetch(): Response {
    const { 0: client, 1: server } = new WebSocketPair();
    this.ctx.acceptWebSocket(server);
    return new Response(null, { status: 101, webSocket: client });
  }

  override webSocketMessage(socket: WebSocket, data: string): void {
    socket.send(`{"ack":"${data.slice(TOKEN_AT, TOKEN_END)}"}`);
    for (const other of this.ctx.getWebSockets()) if (other !== socket) other.send(data);
  }
}

export class HubIndex extends DurableObject<Env> {}

const handler: ExportedHandler<Env> = {
  fetch: async (request, env) => {
    const { pathname } = new URL(request.url);
    if (request.headers.get("upgrade") !== "websocket") return Response.json({ ok: true });
    return await env.CHANNELS.getByName(pathname).fetch(request);
  },
};
export default handler;
