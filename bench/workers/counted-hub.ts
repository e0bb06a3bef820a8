/**
 * The hub as it is, with its rows and wakes counted: what the owner is billed for. GET /counts gives
 * the counts of all objects of the process.
 */
import type { Env } from "../../src/hub/between/env.ts";
import { Channel as HubChannel, default as hub, HubIndex as PlainIndex } from "../../src/hub/index.ts";

interface Counts {
  written: number;
  read: number;
  /** Objects constructed: a wake makes one. */
  made: number;
  /** Statements by what they do. */
  statements: Record<string, number>;
}

const counts: Record<"channel" | "index", Counts> = {
  channel: { written: 0, read: 0, made: 0, statements: {} },
  index: { written: 0, read: 0, made: 0, statements: {} },
};

/** Requests as they are billed: of the Worker, to objects, and frames that came in on sockets. */
const traffic = { worker: 0, object: 0, frames: 0 };

/** The same bindings; each call of an object is counted. */
function counted(env: Env): Env {
  return { ...env, CHANNELS: countedNamespace(env.CHANNELS), HUB_INDEX: countedNamespace(env.HUB_INDEX) };
}

function countedNamespace<T extends Rpc.DurableObjectBranded>(
  namespace: DurableObjectNamespace<T>,
): DurableObjectNamespace<T> {
  const getByName = (name: string): DurableObjectStub<T> => countedStub(namespace.getByName(name));
  return { getByName } as unknown as DurableObjectNamespace<T>;
}

function countedStub<T extends object>(stub: T): T {
  return new Proxy(stub, {
    get: (target, name) => {
      const method = Reflect.get(target, name) as unknown;
      if (typeof method !== "function") return method;
      return (...args: unknown[]): unknown => {
        traffic.object++;
        return Reflect.apply(method, target, args);
      };
    },
  });
}

/** Counts what cursors cost at the end of their turn, when they have been read as far as they will be. */
function count(sql: SqlStorage, into: Counts): void {
  const exec = sql.exec.bind(sql);
  into.made++;
  let open: SqlStorageCursor<Record<string, SqlStorageValue>>[] = [];
  const settle = (): void => {
    for (const cursor of open) {
      into.written += cursor.rowsWritten;
      into.read += cursor.rowsRead;
    }
    open = [];
  };
  sql.exec = ((query: string, ...values: unknown[]) => {
    if (open.length === 0) queueMicrotask(settle);
    const cursor = exec(query, ...values);
    const verb = query.trimStart().split(" ", 1)[0] ?? "";
    into.statements[verb] = (into.statements[verb] ?? 0) + 1;
    open.push(cursor);
    return cursor;
  }) as typeof sql.exec;
}

export class Channel extends HubChannel {
  constructor(...[ctx, env]: ConstructorParameters<typeof HubChannel>) {
    count(ctx.storage.sql, counts.channel);
    super(ctx, counted(env));
  }

  override webSocketMessage(socket: WebSocket, data: string | ArrayBuffer): void {
    traffic.frames++;
    super.webSocketMessage(socket, data);
  }
}

export class HubIndex extends PlainIndex {
  constructor(...[ctx, env]: ConstructorParameters<typeof PlainIndex>) {
    count(ctx.storage.sql, counts.index);
    super(ctx, counted(env));
  }
}

const handler: typeof hub = {
  ...hub,
  fetch: (request, env, ctx) => {
    if (new URL(request.url).pathname === "/counts") return Response.json({ ...counts, traffic });
    traffic.worker++;
    return hub.fetch?.(request, counted(env), ctx) ?? Response.error();
  },
};
export default handler;
