/** Socket.IO, WebSocket only, in memory: a room, a broadcast to the others, an acknowledgement. */
import { createServer } from "node:http";
import { Server } from "socket.io";

/** A run is shorter; the load generator answers no pings. */
const NEVER_MS = 600_000;
/** Bytes of the token at a text's start, which is what the sender is told. */
const TOKEN = 16;

const http = createServer((_request, response) => response.end("ok"));
const io = new Server(http, {
  transports: ["websocket"],
  perMessageDeflate: false,
  pingInterval: NEVER_MS,
  pingTimeout: NEVER_MS,
});
let seq = 0;

io.on("connection", (socket) => {
  void socket.join("bench");
  socket.on("message", (text, acknowledge) => {
    const message = { seq: ++seq, from: socket.id, text, timestamp: new Date().toISOString() };
    acknowledge(text.slice(0, TOKEN));
    socket.to("bench").emit("message", message);
  });
});

http.listen(Number(process.argv[2]), "127.0.0.1");
