/** The log on SQLite, and storage that refuses. */
import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { expect, test, vi } from "vitest";
import { type Entry } from "../../src/channel/index.ts";
import { SqlLog } from "../../src/hub/channel-object/sql-log.ts";
import {
  call,
  channelStub,
  createChannel,
  history,
  indexStub,
  type Json,
  sayTogether,
  send,
  Socket,
} from "./support/hub.ts";

const HOUR_MS = 3_600_000;

/**
 * Makes every write of a channel fail until the returned function is called: a transaction once all
 * its work is done, a statement that stands alone at once.
 */
async function breakWrites(id: string): Promise<() => Promise<void>> {
  const mend = await runInDurableObject(channelStub(id), (_channel, { storage }) => {
    const write = storage.transactionSync.bind(storage);
    const exec = storage.sql.exec.bind(storage.sql);
    let isInside = false;
    storage.transactionSync = <T>(work: () => T): T =>
      write(() => {
        isInside = true;
        work();
        isInside = false;
        throw new Error("disk full");
      });
    storage.sql.exec = ((query: string, ...values: unknown[]) => {
      if (!isInside && !query.startsWith("SELECT")) throw new Error("disk full");
      return exec(query, ...values);
    }) as typeof storage.sql.exec;
    return () => {
      storage.transactionSync = write;
      storage.sql.exec = exec;
    };
  });
  return async () => await runInDurableObject(channelStub(id), () => mend());
}

test("[DUR4] a write that fails changes nothing, is answered, and leaves the sockets open", async () => {
  const id = await createChannel();
  const [alpha, bravo] = [await Socket.connect(id, "key=alpha"), await Socket.connect(id, "key=bravo")];
  await Promise.all([alpha.next(), bravo.next(), alpha.next()]);
  const before = await history(id);
  const mend = await breakWrites(id);
  const refused = { type: "error", code: "storage_unavailable", fatal: false, ref: "1" };
  const answer = await alpha.ask({ action: "send", text: "lost", ref: "1", client_msg_id: "c1" });
  expect(answer).toMatchObject({ ...refused, client_msg_id: "c1" });
  expect(answer.retry_after_ms).toBeGreaterThan(0);
  await mend();
  expect(await history(id)).toEqual(before);
  // Refused without trying for five seconds, although storage would take it again.
  expect(await alpha.ask({ action: "send", text: "too soon", ref: "1" })).toMatchObject(refused);
  vi.setSystemTime(Date.now() + 6000);
  expect(await alpha.ask({ action: "send", text: "stored", client_msg_id: "c1" })).toMatchObject({
    type: "ack",
    duplicate: false,
    data: { seq: 3 },
  });
  expect(await bravo.next()).toMatchObject({ type: "message", data: { text: "stored", seq: 3 } });
  vi.useRealTimers();
});

test.each([{}, { kind: "human" as const }, { verified: true }])(
  "[IDX2] [DUR4] the record that a channel wakes with is the one it was made from: %o",
  async ({ kind, verified = false }) => {
    const body = { name: "made", key: `maker-${crypto.randomUUID()}`, name_display: "Maker", kind };
    const made = await indexStub().create({ key: body.key, verified }, body, crypto.randomUUID());
    if (!made.ok) throw new Error(made.refusal.error);
    const { number } = made.value;
    const id = `ch-${number}`;
    await send(id, body.key, "x");
    await evictDurableObject(channelStub(id));
    const held = await channelStub(id).inspect();
    const known = await indexStub().record(number);
    if (!held.ok || held.value === null || !known.ok) throw new Error("nothing is stored");
    const { change: _change, generation: _generation, renewed_from: _before, ...record } = known.value;
    expect(held.value.record).toStrictEqual(record);
    expect(record).toMatchObject({ created_by: body.key, ...(kind && { creator_kind: kind }) });
    expect(record.creator_verified).toBe(verified ? true : undefined);
  },
);

test("[DUR4] a batch fails or succeeds as a whole, whoever is in it", async () => {
  const id = await createChannel();
  const alpha = await Socket.connect(id, "key=alpha");
  await alpha.next();
  const mend = await breakWrites(id);
  // A read position waits for the end of its tick, so that all of these are one batch.
  await sayTogether(id, [
    ["alpha", { action: "read", seq: 1, ref: "read" }],
    ...["0", "1", "2", "3", "4"].map((ref) => ["alpha", { action: "send", text: "x", ref }] as const),
    ["alpha", { action: "leave", ref: "leave" }],
  ]);
  const answers = await alpha.take(7);
  expect(answers.map((answer) => [answer.code, answer.ref])).toEqual(
    ["read", "0", "1", "2", "3", "4", "leave"].map((ref) => ["storage_unavailable", ref]),
  );
  await mend();
  expect((await call(`/api/channel/${id}`)).participants).toHaveLength(1);
});

test("[DUR3] a retry gets its first ack after a wake, over HTTP too, and after its author left", async () => {
  const id = await createChannel();
  const first = await send(id, "alpha", "once", { client_msg_id: "c1", to: ["alpha"] });
  expect(first).toMatchObject({ duplicate: false });
  await evictDurableObject(channelStub(id));
  const again = await send(id, "alpha", "once", { client_msg_id: "c1", to: ["alpha"] });
  expect(again).toEqual({ ...first, duplicate: true, delivered: 0, unresolved: [] });
  await call("/api/channel/leave", { channel_id: id, key: "alpha" });
  await evictDurableObject(channelStub(id));
  expect(await send(id, "alpha", "once", { client_msg_id: "c1", to: ["alpha"] })).toMatchObject({
    duplicate: true,
    message: { seq: 2 },
  });
  for (const more of [{ text: "other" }, { msg_type: "toolresult" }, { reply_to: 1 }, { to: ["bravo"] }]) {
    const sent = { channel_id: id, key: "alpha", text: "once", to: ["alpha"], client_msg_id: "c1", ...more };
    expect(await call("/api/channel/send", sent)).toMatchObject({ ok: false, code: "idempotency_conflict" });
  }
  expect((await history(id)).meta.last_seq).toBe(3);
});

test("[DUR3] Idempotency-Key is the client_msg_id of a send and makes a create happen once", async () => {
  const headers = { "idempotency-key": "key-1" };
  const body = { name: "ops", key: "alpha" };
  const first = await call("/api/channel/create", body, { headers });
  expect(await call("/api/channel/create", body, { headers })).toEqual(first);
  expect(await call("/api/channel/create", { ...body, name: "other" }, { headers })).toMatchObject({
    code: "idempotency_conflict",
  });
  const others = await call("/api/channel/create", { ...body, key: "bravo" }, { headers });
  expect(others).toMatchObject({ ok: true, channel_id: expect.not.stringMatching(first.channel_id) });
  const sent = { channel_id: first.channel_id, key: "alpha", text: "x" };
  expect(await call("/api/channel/send", sent, { headers })).toMatchObject({
    duplicate: false,
    client_msg_id: "key-1",
  });
  expect(await call("/api/channel/send", sent, { headers })).toMatchObject({ duplicate: true });
});

/** A log of its own in some channel's database. */
async function withLog(use: (log: SqlLog, sql: SqlStorage) => void): Promise<void> {
  const id = await createChannel();
  await history(id);
  await runInDurableObject(channelStub(id), (_channel, { storage }) => {
    storage.sql.exec("DELETE FROM log");
    use(new SqlLog(storage.sql), storage.sql);
  });
}

function entry(seq: number, ts: number, text = "x"): Entry {
  const json = JSON.stringify({ seq, text });
  const record = { seq, ts, from: "alpha", verified: false, id: `id-${seq}` };
  return { message: { seq } as Entry["message"], json, bytes: json.length, ts, members: new Set(), send: record };
}

function rowCount(sql: SqlStorage): number {
  return sql.exec<{ rows: number }>("SELECT count(*) AS rows FROM log").one().rows;
}

test("[DUR2] the log neither grows nor lingers", async () => {
  await withLog((log, sql) => {
    let seq = 0;
    const append = (count: number, ts: number): void =>
      log.append(
        Array.from({ length: count }, () => entry(++seq, ts)),
        ts,
      );
    for (let n = 0; n < 1500; n++) append(1, n);
    expect(rowCount(sql)).toBe(1500); // all within the five minutes of the dedupe window
    for (let n = 0; n < 600; n++) append(1, HOUR_MS + n);
    expect(rowCount(sql)).toBe(1000);
    for (let n = 0; n < 100; n++) append(64, 2 * HOUR_MS + n);
    for (let n = 0; n < 1000; n++) append(1, 3 * HOUR_MS + n);
    expect(rowCount(sql)).toBeLessThanOrEqual(1002);
    expect(log.message(seq - 999)).toBeDefined();
  });
});

test("[DUR4] what was remembered of the log is forgotten when a write fails", async () => {
  await withLog((log, sql) => {
    for (let seq = 1; seq <= 1500; seq++) log.append([entry(seq, seq)], seq);
    const rows = (): unknown[] => sql.exec("SELECT seq, count, total FROM log ORDER BY seq").toArray();
    const lost = Array.from({ length: 10 }, (_, at) => log.writes([entry(1501 + at, HOUR_MS)], HOUR_MS));
    expect(lost.flat().length).toBeGreaterThanOrEqual(10);
    log.forget();
    const before = rows();
    log.append([entry(1501, HOUR_MS)], HOUR_MS);
    // The two oldest went: one overwritten, one that lingered. The sum of bytes goes on where storage is.
    const { total } = before.at(-1) as { total: number };
    const added = entry(1501, HOUR_MS).bytes + 2;
    expect(rows()).toEqual([...before.slice(2), { seq: 1501, count: 1, total: total + added }]);
  });
});

test("[DUR3] beyond the ring at most 30,000 messages and 32 MiB are kept", async () => {
  await withLog((log, sql) => {
    let seq = 0;
    for (let n = 0; n < 700; n++)
      log.append(
        Array.from({ length: 64 }, () => entry(++seq, 1000)),
        1000,
      );
    const oldest = sql.exec<{ seq: number }>("SELECT min(seq) AS seq FROM log").one().seq;
    expect(seq - 1000 - oldest).toBeLessThanOrEqual(30_000 + 64);
    expect(seq - 1000 - oldest).toBeGreaterThan(29_000);
  });
  await withLog((log, sql) => {
    let seq = 0;
    const large = "y".repeat(100_000);
    for (let n = 0; n < 1500; n++) log.append([entry(++seq, 1000, large)], 1000);
    const bytes = sql
      .exec<{ bytes: number }>("SELECT sum(bytes) AS bytes FROM log WHERE seq <= ?", seq - 1000)
      .one().bytes;
    expect(bytes).toBeLessThanOrEqual(33 * 1024 * 1024);
    expect(bytes).toBeGreaterThan(30 * 1024 * 1024);
  });
});

test("[DUR2] a tick larger than a row is several rows of one transaction", async () => {
  const id = await createChannel();
  const alpha = await Socket.connect(id, "key=alpha&frames=batch");
  await alpha.next();
  for (let sent = 0; sent < 150; sent++) alpha.say({ action: "send", text: `n ${sent}` });
  const acks: Json[] = [];
  while (acks.length < 150) {
    const frame = await alpha.next();
    acks.push(...(frame.type === "batch" ? frame.data : [frame]));
  }
  const { messages } = await history(id, "?limit=1000");
  expect(messages.map((message: Json) => message.seq)).toEqual(messages.map((_: Json, at: number) => at + 1));
  await runInDurableObject(channelStub(id), (_channel, { storage }) => {
    const { most } = storage.sql.exec<{ most: number }>("SELECT max(count) AS most FROM log").one();
    expect(most).toBeLessThanOrEqual(64);
  });
});
