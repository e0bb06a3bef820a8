/**
 * A reverse proxy as people put it before a hub: passes Host on, may take a path away, and ends what
 * is silent for too long as balancers do, with a page of its own or without a word.
 */
import { once } from "node:events";
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from "node:http";
import { connect, type Socket } from "node:net";

export interface Habits {
  /** Taken away before the hub sees it: `/hub`. */
  readonly prefix?: string;
  /** Where it listens; without it, anywhere. */
  readonly port?: number;
  /** Milliseconds without an answer after which it gives up; without it, never. */
  readonly patience_ms?: number;
  /** What it does then: a page with 504, or the connection is cut. */
  readonly manner?: "504" | "cut";
}

export class ReverseProxy {
  readonly #server: Server;
  readonly #hub: URL;
  readonly #habits: Habits;
  readonly #open = new Set<Socket>();
  /** Requests that it gave up on. */
  given_up = 0;
  /** Paths and queries as they came in. */
  readonly asked: string[] = [];

  private constructor(hub: string, habits: Habits) {
    this.#hub = new URL(hub);
    this.#habits = habits;
    this.#server = createServer((incoming, answer) => this.#pass(incoming, answer));
    this.#server.on("upgrade", (incoming, socket: Socket) => this.#tunnel(incoming, socket));
    this.#server.on("connection", (socket) => {
      this.#open.add(socket);
      socket.on("close", () => this.#open.delete(socket)).on("error", () => socket.destroy());
    });
  }

  static async before(hub: string, habits: Habits = {}): Promise<ReverseProxy> {
    const proxy = new ReverseProxy(hub, habits);
    proxy.#server.listen(habits.port ?? 0, "127.0.0.1");
    await once(proxy.#server, "listening");
    return proxy;
  }

  get url(): string {
    const address = this.#server.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    return `http://127.0.0.1:${port}${this.#habits.prefix ?? ""}`;
  }

  [Symbol.dispose](): void {
    this.#server.close();
    for (const socket of this.#open) socket.destroy();
  }

  #pathOf({ url = "" }: IncomingMessage): string | undefined {
    const { prefix = "" } = this.#habits;
    this.asked.push(url);
    return url.startsWith(`${prefix}/`) ? url.slice(prefix.length) : undefined;
  }

  #pass(incoming: IncomingMessage, answer: ServerResponse): void {
    const path = this.#pathOf(incoming);
    if (path === undefined) return void answer.writeHead(404).end("nothing here");
    const { hostname: host, port } = this.#hub;
    const onward = request({ host, port, path, method: incoming.method, headers: incoming.headers }, (came) => {
      clearTimeout(timer);
      answer.writeHead(came.statusCode ?? 502, came.headers);
      came.pipe(answer);
    });
    const { patience_ms } = this.#habits;
    const giveUp = (): void => this.#giveUp(onward, answer);
    const timer = patience_ms === undefined ? undefined : setTimeout(giveUp, patience_ms);
    answer.on("close", () => (clearTimeout(timer), onward.destroy()));
    onward.on("error", () => void (answer.headersSent ? answer.destroy() : answer.writeHead(502).end("<h1>502</h1>")));
    incoming.pipe(onward);
  }

  #giveUp(onward: ReturnType<typeof request>, answer: ServerResponse): void {
    this.given_up++;
    if (this.#habits.manner === "cut") answer.destroy();
    else answer.writeHead(504, { "content-type": "text/html" }).end("<h1>504 Gateway Time-out</h1>");
    onward.destroy();
  }

  #tunnel(incoming: IncomingMessage, socket: Socket): void {
    const path = this.#pathOf(incoming);
    if (path === undefined) return void socket.destroy();
    const onward = connect({ host: this.#hub.hostname, port: Number(this.#hub.port) });
    const headers = incoming.rawHeaders.reduce((text, part, at) => text + part + (at % 2 === 0 ? ": " : "\r\n"), "");
    onward.write(`${incoming.method} ${path} HTTP/1.1\r\n${headers}\r\n`);
    onward.pipe(socket).pipe(onward);
    for (const [one, other] of [
      [socket, onward],
      [onward, socket],
    ] as const)
      one.on("error", () => other.destroy()).on("close", () => other.destroy());
  }
}
