/** Requests and sockets against the hub inside the test runtime. */
import { runInDurableObject } from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import type { Channel, HubIndex } from "../../../src/hub/index.ts";
import { FrameSocket, type Json } from "../../support/frame-socket.ts";

export type { Json } from "../../support/frame-socket.ts";

export const KEY = "test-key-that-is-long-enough";
const ORIGIN = "https://hub.test";

/** Milliseconds in which a frame on its way arrives here. */
const MOMENT_MS = 30;
/** More than the tick of an object. */
const QUIET_MS = 10;

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

export class Socket extends FrameSocket {
  readonly socket: WebSocket;

  private constructor(socket: WebSocket) {
    super(MOMENT_MS);
    this.socket = socket;
    socket.addEventListener("message", ({ data }) => this.heard(String(data)));
    socket.addEventListener("close", ({ code, reason }) => this.ended(code, reason));
    socket.accept();
  }

  static async connect(id: string, query: string, key = KEY): Promise<Socket> {
    const headers = { upgrade: "websocket", "x-spf-key": key };
    const response = await exports.default.fetch(`${ORIGIN}/ws/channel/${id}?${query}`, { headers });
    if (response.webSocket === null) throw new Error(`${response.status} ${await response.text()}`);
    return new Socket(response.webSocket);
  }

  say(command: unknown): void {
    this.socket.send(typeof command === "string" ? command : JSON.stringify(command));
  }

  async close(): Promise<void> {
    this.socket.close(1000, "done");
    await this.untilClosed();
  }
}

/**
 * What sockets say within one tick, in this order and however slow the machine is: the object gets all
 * of it at once, in a quiet moment. A socket is named by its agent key.
 */
export async function sayTogether(
  id: string,
  said: readonly (readonly [key: string, command: object])[],
): Promise<void> {
  await runInDurableObject(channelStub(id), async (channel, state) => {
    // Timers run in their order: the tick of what came before ends first.
    await new Promise((resolve) => setTimeout(resolve, QUIET_MS));
    for (const [key, command] of said) channel.webSocketMessage(socketOf(state, key), JSON.stringify(command));
  });
}

function socketOf(state: DurableObjectState, key: string): WebSocket {
  const isKeys = (socket: WebSocket): boolean => (socket.deserializeAttachment() as { key: string }).key === key;
  const socket = state.getWebSockets().find(isKeys);
  if (socket === undefined) throw new Error(`${key} has no socket`);
  return socket;
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
