/** A test's hand on a hub: plain HTTP and plain sockets, no client library, everything kept in order. */
import { WebSocket } from "ws";
import { FrameSocket, type Json } from "../frame-socket.ts";
import { HUB_KEY } from "./hub-process.ts";

export type { Json } from "../frame-socket.ts";

/** Milliseconds in which a frame on its way arrives here. */
const MOMENT_MS = 100;

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Json;
}

/** One HTTP request; a `body` that is no string is sent as JSON. */
export async function call(
  url: string,
  path: string,
  init: { method?: string; body?: unknown; headers?: Record<string, string> } = {},
): Promise<Answer> {
  const { body, headers } = init;
  const method = init.method ?? (body === undefined ? "GET" : "POST");
  const sent = body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) };
  const response = await fetch(url + path, { method, headers: { "x-spf-key": HUB_KEY, ...headers }, ...sent });
  return { status: response.status, headers: response.headers, body: await response.json() };
}

/** Makes a channel and gives its id. */
export async function createChannel(url: string, name = "ops", key = "alpha", name_display = "ALPHA"): Promise<string> {
  const { body } = await call(url, "/api/channel/create", { body: { name, key, name_display } });
  return body.channel_id as string;
}

export class Agent extends FrameSocket {
  readonly socket: WebSocket;

  private constructor(socket: WebSocket) {
    super(MOMENT_MS);
    this.socket = socket;
    socket.on("message", (data: Buffer) => this.heard(data.toString()));
    socket.on("close", (code, reason) => this.ended(code, reason.toString()));
    // Its close follows, and says the same.
    socket.on("error", () => undefined);
  }

  /** Connects; `query` is everything after `?`. Rejects with the status of a refused upgrade. */
  static connect(
    url: string,
    id: string,
    query: string,
    headers: Record<string, string> = { "x-spf-key": HUB_KEY },
  ): Promise<Agent> {
    const socket = new WebSocket(`${url.replace("http", "ws")}/ws/channel/${id}?${query}`, {
      headers,
      perMessageDeflate: false,
    });
    return Agent.over(socket);
  }

  /** The same over a socket that was made otherwise. */
  static over(socket: WebSocket): Promise<Agent> {
    const agent = new Agent(socket);
    return new Promise((resolve, reject) => {
      socket.once("open", () => resolve(agent));
      socket.once("unexpected-response", (_request, response) => {
        let body = "";
        response.on("data", (part: Buffer) => (body += part.toString()));
        response.on("end", () => reject(new UpgradeRefused(response.statusCode ?? 0, body)));
      });
      socket.once("error", reject);
    });
  }

  say(command: unknown): void {
    this.socket.send(typeof command === "string" || command instanceof Uint8Array ? command : JSON.stringify(command));
  }

  /** Closes and waits for the hub's answer. */
  async close(): Promise<void> {
    this.socket.close(1000);
    await this.untilClosed();
  }
}

/** An upgrade that was answered with plain HTTP. */
export class UpgradeRefused extends Error {
  readonly status: number;
  readonly body: Json;

  constructor(status: number, body: string) {
    super(`upgrade refused: ${status} ${body}`);
    this.status = status;
    this.body = body === "" ? undefined : JSON.parse(body);
  }
}
