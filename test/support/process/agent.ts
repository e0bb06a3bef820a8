/** A test's hand on a hub: plain HTTP and plain sockets, no client library, everything kept in order. */
import { setTimeout as sleep } from "node:timers/promises";
import { WebSocket } from "ws";
import { HUB_KEY } from "./hub-process.ts";

/** Only guards against hanging. */
const HANGING_MS = 60_000;

/** A frame or body as it came: tests look at what they expect in it. */
// oxlint-disable-next-line typescript/no-explicit-any -- answers of the hub are asserted, not typed
export type Json = any;

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

/** A socket whose frames are taken one by one. */
export class Agent {
  readonly socket: WebSocket;
  /** Frames not yet taken. */
  readonly inbox: Json[] = [];
  /** Set when the socket has closed. */
  closed: { code: number; reason: string } | undefined;
  #wake: () => void = () => undefined;

  private constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on("message", (data: Buffer) => {
      const text = data.toString();
      this.inbox.push(text === "pong" ? text : JSON.parse(text));
      this.#wake();
    });
    socket.on("close", (code, reason) => {
      this.closed = { code, reason: reason.toString() };
      this.#wake();
    });
    socket.on("error", () => this.#wake());
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

  /** The next frame. */
  async next(): Promise<Json> {
    await this.#until(() => this.inbox.length > 0);
    return this.inbox.shift();
  }

  /** Says something and takes the next frame. */
  ask(command: unknown): Promise<Json> {
    this.say(command);
    return this.next();
  }

  /** Frames that came within a moment; for showing that nothing comes. */
  async quiet(ms = 100): Promise<Json[]> {
    await sleep(ms);
    return this.inbox.splice(0);
  }

  async untilClosed(): Promise<{ code: number; reason: string }> {
    await this.#until(() => this.closed !== undefined);
    return this.closed ?? { code: 0, reason: "" };
  }

  /** Closes and waits for the hub's answer. */
  async close(): Promise<void> {
    this.socket.close(1000);
    await this.untilClosed();
  }

  async #until(isSo: () => boolean): Promise<void> {
    const deadline = Date.now() + HANGING_MS;
    while (!isSo()) {
      if (this.closed !== undefined) throw new Error(`closed with ${this.closed.code} ${this.closed.reason}`);
      if (Date.now() > deadline) throw new Error("nothing came");
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 1000);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
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
