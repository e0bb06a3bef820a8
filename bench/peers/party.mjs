/**
 * partyserver under the same bare runtime as the hub, hibernating: in memory, or with each message
 * kept as a row and the oldest of a thousand deleted. Its classes are named as the hub's are, so that
 * the same configuration runs it.
 */
import { DurableObject } from "cloudflare:workers";
import { getServerByName, Server } from "partyserver";

const RING = 1000;
const TOKEN = 16;

export class Channel extends Server {
  static options = { hibernate: true };
  #seq = 0;

  get #keeps() {
    return this.name.startsWith("stored");
  }

  onStart() {
    this.ctx.storage.sql.exec("CREATE TABLE IF NOT EXISTS message (seq INTEGER PRIMARY KEY, json TEXT)");
    const [last] = this.ctx.storage.sql.exec("SELECT max(seq) AS seq FROM message");
    this.#seq = last.seq ?? 0;
  }

  onMessage(connection, data) {
    const { text } = JSON.parse(data);
    const message = { seq: ++this.#seq, from: connection.id, text, timestamp: new Date().toISOString() };
    const json = JSON.stringify(message);
    if (this.#keeps) {
      this.ctx.storage.sql.exec("INSERT INTO message VALUES (?, ?)", message.seq, json);
      this.ctx.storage.sql.exec("DELETE FROM message WHERE seq <= ?", message.seq - RING);
    }
    connection.send(`{"type":"ack","data":"${text.slice(0, TOKEN)}"}`);
    this.broadcast(`{"type":"message","data":${json}}`, [connection.id]);
  }
}

export class HubIndex extends DurableObject {}

export default {
  async fetch(request, env) {
    if (request.headers.get("upgrade") !== "websocket") return Response.json({ ok: true });
    const name = new URL(request.url).pathname.slice(1);
    return (await getServerByName(env.CHANNELS, name)).fetch(request);
  },
};
