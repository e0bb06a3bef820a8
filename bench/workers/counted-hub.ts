/**
 * The hub as it is, with its rows and wakes counted: what the owner is billed for. GET /counts gives
 * the counts of all objects of the process.
 */
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
  constructor(...given: ConstructorParameters<typeof HubChannel>) {
    count(given[0].storage.sql, counts.channel);
    super(...given);
  }
}

export class HubIndex extends PlainIndex {
  constructor(...given: ConstructorParameters<typeof PlainIndex>) {
    count(given[0].storage.sql, counts.index);
    super(...given);
  }
}

const handler: typeof hub = {
  ...hub,
  fetch: (request, env, ctx) => {
    if (new URL(request.url).pathname !== "/counts") return hub.fetch?.(request, env, ctx) ?? Response.error();
    return Response.json(counts);
  },
};
export default handler;
