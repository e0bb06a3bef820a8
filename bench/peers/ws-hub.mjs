/**
 * A hub in memory, on `ws`: a ring of 1000 messages, participants, an ack to
 * the sender and an envelope to everybody else. Plain JavaScript: its packages are installed by the
 * bench alone.
 */
import { createServer } from "node:http";
import { WebSocketServer } from "ws";

const RING = 1000;
const ring = [];
const participants = new Map();
let count = 0;

const http = createServer((_request, response) => response.end("ok"));
const server = new WebSocketServer({ server: http, perMessageDeflate: false });

server.on("connection", (socket, request) => {
  const key = new URL(request.url, "http://hub").searchParams.get("key");
  participants.set(socket, key);
  socket.send(JSON.stringify({ type: "history", data: ring.slice(-50) }));
  socket.on("message", (data) => receive(socket, key, data));
  socket.on("close", () => participants.delete(socket));
});

function receive(socket, key, frame) {
  const { action, text } = JSON.parse(frame);
  if (action !== "send" || typeof text !== "string") return socket.send('{"type":"error","data":"Unknown action"}');
  const now = Date.now();
  const message = {
    id: `msg-${now}-${++count}`,
    channel_id: "ch-1",
    from: key,
    from_name: key,
    text,
    timestamp: new Date(now).toISOString(),
    msg_type: "text",
  };
  ring.push(message);
  if (ring.length > RING) ring.shift();
  const json = JSON.stringify(message);
  socket.send(`{"type":"ack","data":${json}}`);
  const told = `{"type":"message","data":${json}}`;
  for (const [other, name] of participants) if (name !== key) other.send(told);
}

http.listen(Number(process.argv[2]), "127.0.0.1");
