/** Redis pub/sub with the usual bridge: `ws` in front, one subscription, a fan-out in the bridge. */
import { createServer } from "node:http";
import { createClient } from "redis";
import { WebSocketServer } from "ws";

const [port, redis_port] = process.argv.slice(2);
const TOKEN = 16;
const sockets = new Map();
let count = 0;
let seq = 0;

const publisher = createClient({ url: `redis://127.0.0.1:${redis_port}` });
const subscriber = publisher.duplicate();
await Promise.all([publisher.connect(), subscriber.connect()]);
await subscriber.subscribe("bench", (line) => {
  const at = line.indexOf(" ");
  const author = Number(line.slice(0, at));
  const frame = `{"type":"message","data":${line.slice(at + 1)}}`;
  for (const [socket, id] of sockets) if (id !== author) socket.send(frame);
});

const http = createServer((_request, response) => response.end("ok"));
new WebSocketServer({ server: http, perMessageDeflate: false }).on("connection", (socket) => {
  const id = ++count;
  sockets.set(socket, id);
  socket.on("close", () => sockets.delete(socket));
  socket.on("message", (data) => void receive(socket, id, data));
});

async function receive(socket, id, frame) {
  const { text } = JSON.parse(frame);
  const json = JSON.stringify({ seq: ++seq, from: id, text, timestamp: new Date().toISOString() });
  await publisher.publish("bench", `${id} ${json}`);
  socket.send(`{"type":"ack","data":"${text.slice(0, TOKEN)}"}`);
}

http.listen(Number(port), "127.0.0.1");
