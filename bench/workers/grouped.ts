/**
 * The least that durable group commit costs: each frame is parsed and numbered, a tick's messages
 * are written as one row, then told to all, one frame a message. No membership, no checks, no
 * retries, no pacing. What the hub costs beyond this is its rules.
 */
import { DurableObject } from "cloudflare:workers";

const ROWS = 1000;

interface Env {
  readonly CHANNELS: DurableObjectNamespace<Channel>;
}

interface Said {
  readonly from: WebSocket;
  readonly json: string;
}

export class Channel extends DurableObject<Env> {
  readonly #sql: SqlStorage;
  #seq = 0;
  #rows = 0;
  #batch: Said[] = [];

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#sql = ctx.storage.sql;
    this.#sql.exec("CREATE TABLE IF NOT EXISTS log (slot INTEGER PRIMARY KEY, seq INTEGER, body TEXT)");
  }

  override fetch(): Response {
    const { 0: client, 1: server } = new WebSocketPair();
    this.ctx.acceptWebSocket(server);
    return new Response(null, { status: 101, webSocket: client });
  }

  override webSocketMessage(from: WebSocket, data: string): void {
    const { text } = JSON.parse(data) as { text: string };
    const json = JSON.stringify({ seq: ++this.#seq, text, timestamp: new Date().toISOString() });
    if (this.#batch.push({ from, json }) === 1) setTimeout(() => this.#flush(), 0);
  }

  #flush(): void {
    const batch = this.#batch;
    this.#batch = [];
    const body = batch.map(({ json }) => json).join(",\n");
    this.#sql.exec("INSERT OR REPLACE INTO log VALUES (?, ?, ?)", this.#rows++ % ROWS, this.#seq, body);
    for (const { from, json } of batch) from.send(`{"type":"ack","data":${json}}`);
    const sockets = this.ctx.getWebSockets();
    for (const { from, json } of batch) {
      const frame = `{"type":"message","data":${json}}`;
      for (const socket of sockets) if (socket !== from) socket.send(frame);
    }
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
