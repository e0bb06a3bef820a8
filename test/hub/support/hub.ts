/** Requests and sockets against the hub inside the test runtime. */
import { runInDurableObject } from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import type { Channel, HubIndex } from "../../../src/hub/index.ts";

export const KEY = "test-key-that-is-long-enough";
const ORIGIN = "https://hub.test";

/** A body or frame as it came: tests look at what they expect in it. */
// oxlint-disable-next-line typescript/no-explicit-any -- answers of the hub are asserted, not typed
export type Json = any;

export async function call(path: string, body?: unknown, init: RequestInit = {}): Promise<Json> {
  const request = body === undefined ? {} : { method: "POST", body: JSON.stringify(body) };
  const headers = { "x-spf-key": KEY, ...(init.headers as Record<string, string> | undefined) };
  const response = await exports.default.fetch(ORIGIN + path, { ...request, ...init, headers });
  return await response.json();
}

export async function createChannel(name = "ops", key = "alpha"): Promise<string> {
  const { channel_id } = await call("/api/channel/create", { name, key, name_display: key.toUpperCase() });
  return channel_id as string;
}

export function send(channel_id: string, key: string, text: string, more: object = {}): Promise<Json> {
  return call("/api/channel/send", { channel_id, key, text, ...more });
}

export function history(id: string, query = ""): Promise<Json> {
  return call(`/api/channel/${id}/history${query}`);
}

export function channelStub(id: string): DurableObjectStub<Channel> {
  return env.CHANNELS.getByName(id);
}

export function indexStub(): DurableObjectStub<HubIndex> {
  return env.HUB_INDEX.getByName("hub");
}

/** A socket whose frames are taken one by one. */
export class Socket {
  readonly socket: WebSocket;
  readonly inbox: Json[] = [];
  closed: { code: number; reason: string } | undefined;
  #wake: () => void = () => undefined;

  private constructor(socket: WebSocket) {
    this.socket = socket;
    socket.addEventListener("message", (event) => {
      this.inbox.push(event.data === "pong" ? "pong" : JSON.parse(event.data as string));
      this.#wake();
    });
    socket.addEventListener("close", ({ code, reason }) => {
      this.closed = { code, reason };
      this.#wake();
    });
    socket.accept();
  }

  static async connect(id: string, query: string): Promise<Socket> {
    const headers = { upgrade: "websocket", "x-spf-key": KEY };
    const response = await exports.default.fetch(`${ORIGIN}/ws/channel/${id}?${query}`, { headers });
    if (response.webSocket === null) throw new Error(`${response.status} ${await response.text()}`);
    return new Socket(response.webSocket);
  }

  say(command: unknown): void {
    this.socket.send(typeof command === "string" ? command : JSON.stringify(command));
  }

  async next(): Promise<Json> {
    await this.#until(() => this.inbox.length > 0);
    return this.inbox.shift();
  }

  ask(command: unknown): Promise<Json> {
    this.say(command);
    return this.next();
  }

  /** What came until now and within a moment. */
  async quiet(ms = 30): Promise<Json[]> {
    await new Promise((resolve) => setTimeout(resolve, ms));
    return this.inbox.splice(0);
  }

  async close(): Promise<void> {
    this.socket.close(1000, "done");
    await this.untilClosed();
  }

  async untilClosed(): Promise<{ code: number; reason: string }> {
    await this.#until(() => this.closed !== undefined);
    return this.closed ?? { code: 0, reason: "" };
  }

  async #until(isSo: () => boolean): Promise<void> {
    while (!isSo()) {
      if (this.closed !== undefined) throw new Error(`closed with ${this.closed.code} ${this.closed.reason}`);
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}

/** Counts the rows an object writes and reads while `work` runs, as the platform bills them. */
export async function rowsOf<T extends Rpc.DurableObjectBranded>(
  stub: DurableObjectStub<T>,
  work: () => Promise<void>,
): Promise<Rows> {
  const cursors: SqlStorageCursor<Record<string, SqlStorageValue>>[] = [];
  const restore = await runInDurableObject(stub, (_object, state) => {
    const { sql } = state.storage;
    const exec = sql.exec.bind(sql);
    sql.exec = ((query: string, ...values: unknown[]) => {
      const cursor = exec(query, ...values);
      cursors.push(cursor);
      return cursor;
    }) as typeof sql.exec;
    return () => {
      sql.exec = exec;
    };
  });
  await work();
  return await runInDurableObject(stub, () => {
    restore();
    const sum = (of: (cursor: (typeof cursors)[number]) => number): number =>
      cursors.reduce((total, cursor) => total + of(cursor), 0);
    return {
      written: sum((cursor) => cursor.rowsWritten),
      read: sum((cursor) => cursor.rowsRead),
      statements: cursors.length,
    };
  });
}

export interface Rows {
  readonly written: number;
  readonly read: number;
  readonly statements: number;
}
