/** What proxies, login pages and other servers answer in a hub's place, as it goes over the wire. */
import { createHash } from "node:crypto";
import type { Socket } from "node:net";

/** RFC 6455 §1.3: what a server adds to the key before it hashes it. */
const ACCEPT = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

function answer(status: string, type: string, body: string, more = ""): () => string {
  const head = `HTTP/1.1 ${status}\r\nContent-Type: ${type}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n`;
  return () => `${head}${more}Connection: close\r\n\r\n${body}`;
}

/** Says yes to any upgrade, and talks of something else. */
function strangeSocket(request: string): string | Buffer {
  const [, key] = /^sec-websocket-key: *(.+?)\r$/im.exec(request) ?? [];
  if (key === undefined) return answer("400 Bad Request", "text/plain", "WebSockets only")();
  const accept = createHash("sha1")
    .update(key + ACCEPT)
    .digest("base64");
  const head = `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`;
  const said = Buffer.from("welcome to the guest network");
  return Buffer.concat([Buffer.from(head), Buffer.from([0x81, said.length]), said]);
}

const LIES: readonly ((request: string) => string | Buffer)[] = [
  answer("404 Not Found", "text/html", "<html>no such app</html>"),
  answer("403 Forbidden", "text/html", "<h1>Forbidden</h1>"),
  answer("401 Unauthorized", "text/plain", "who are you?"),
  answer("302 Found", "text/html", "", "Location: http://127.0.0.1:9/login\r\n"),
  answer("502 Bad Gateway", "text/html", "<h1>Bad Gateway</h1>"),
  answer("200 OK", "text/html", "<html>accept our terms</html>"),
  answer("200 OK", "application/json", '{"ok":true}'),
  answer("404 Not Found", "application/json", '{"ok":false,"error":"no","code":"channel_not_found"}'),
  answer("410 Gone", "application/json", '{"message":"gone"}'),
  strangeSocket,
];

export const LIE_COUNT: number = LIES.length;

/** Answers the first request of `client` with lie number `which`, and hangs up. */
export function lieTo(client: Socket, which: number): void {
  client.on("error", () => client.destroy());
  client.once("data", (request) => client.end(LIES[which]?.(request.toString()) ?? ""));
}
