/** What a hub tells of its use, and that telling costs nothing (USE1). */
import { abortAllDurableObjects, evictDurableObject, runInDurableObject } from "cloudflare:test";
import { exports } from "cloudflare:workers";
import { expect, test } from "vitest";
import type { Usage } from "../../src/hub/between/usage.ts";
import { call, channelStub, createChannel, indexStub, KEY, rowsOf, send, Socket } from "./support/hub.ts";

async function usage(): Promise<Usage> {
  return (await call("/api/hub")).usage as Usage;
}

/** Lets the index hear of what changed, as a list does. */
const list = (): Promise<unknown> => call("/api/channel/list?limit=1000");

async function used(work: () => Promise<unknown>): Promise<Omit<Usage, "day" | "refused" | "stored_bytes">> {
  await list();
  const before = await usage();
  await work();
  await list();
  const after = await usage();
  const since = (name: "messages" | "rows_written" | "rows_read" | "requests" | "frames" | "sockets"): number =>
    after[name] - before[name];
  return {
    ...{ messages: since("messages"), rows_written: since("rows_written"), rows_read: since("rows_read") },
    ...{ requests: since("requests"), frames: since("frames"), sockets: since("sockets") },
  };
}

test("[USE1] the index hears what a channel used, with what it is told anyway", async () => {
  const id = await createChannel();
  const alpha = await Socket.connect(id, "key=alpha");
  await alpha.next();
  const told = await used(async () => {
    for (const text of ["one", "two", "three"]) await alpha.ask({ action: "send", text });
    await alpha.ask({ action: "history", limit: 5 });
    await send(id, "alpha", "four");
  });
  // Four messages, and the marks of IDX3: one on each side for the change, one on each side for the list after it.
  expect(told).toMatchObject({ messages: 4, rows_written: 8, frames: 4, sockets: 0 });
  expect(told.requests).toBeGreaterThanOrEqual(2);
  expect(told.rows_read).toBeGreaterThan(0);
  expect((await usage()).stored_bytes).toBeGreaterThan(4096);
});

test("[USE1] a scrape asks no channel, writes no row, and costs a channel nothing later", async () => {
  const id = await createChannel();
  await send(id, "alpha", "x");
  await list();
  const rows = await rowsOf(channelStub(id), async () => {
    const index = await rowsOf(indexStub(), async () => void (await usage()));
    expect(index.written).toBe(0);
  });
  expect(rows.statements).toBe(0);
  await send(id, "alpha", "y");
  const lone = await rowsOf(channelStub(id), async () => void (await send(id, "alpha", "z")));
  expect(lone.written).toBe(1);
});

test("[USE1] what a channel counted survives its sleep, up to its newest message", async () => {
  const id = await createChannel();
  const told = await used(async () => {
    for (let at = 0; at < 5; at++) {
      await send(id, "alpha", `message ${at}`);
      await evictDurableObject(channelStub(id));
    }
  });
  expect(told.messages).toBe(6);
  expect(told.rows_written).toBeGreaterThanOrEqual(8);
  await abortAllDurableObjects();
  expect((await usage()).messages).toBeGreaterThanOrEqual(6);
});

test("[USE1] yesterday's use is not today's", async () => {
  const id = await createChannel();
  await send(id, "alpha", "x");
  await list();
  const before = await usage();
  await runInDurableObject(indexStub(), (_index, { storage }) =>
    storage.sql.exec("UPDATE channel SET used = replace(used, ?, '2026-01-01') WHERE used IS NOT NULL", before.day),
  );
  const after = await usage();
  expect([after.messages, after.sockets, after.stored_bytes > 4096]).toEqual([0, before.sockets, true]);
});

test("[USE1] refusals are told by code and hub key", async () => {
  const id = await createChannel();
  const alpha = await Socket.connect(id, "key=alpha");
  await alpha.next();
  for (let at = 0; at < 3; at++) await alpha.ask("not json");
  await alpha.ask({ action: "send", text: "x" });
  await list();
  expect((await usage()).refused).toMatchObject({ "bad_json HUB_KEY": expect.any(Number) });
  await call("/api/channel/ch-99999");
  const { isolate } = await call("/api/hub");
  expect(isolate.refused["channel_not_found HUB_KEY"]).toBeGreaterThan(0);
  expect(isolate.requests).toBeGreaterThan(3);
});

test("[USE1] /metrics is text for Prometheus, for admins alone", async () => {
  await createChannel();
  const scrape = (key: string): Promise<Response> =>
    exports.default.fetch("https://hub.test/metrics", { headers: { authorization: `Bearer ${key}` } });
  const response = await scrape(KEY);
  expect(response.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
  const lines = (await response.text()).split("\n").filter((line) => line !== "");
  for (const line of lines) {
    expect(line).toMatch(/^(?:# (?:HELP|TYPE) channel_hub_\w+ .+|channel_hub_\w+(?:\{[^{}]*\})? \d+)$/);
  }
  const { channels } = await call("/api/hub");
  expect(lines).toContain(`channel_hub_channels ${channels}`);
  expect(lines.filter((line) => line.startsWith("channel_hub_rows_today{"))).toHaveLength(2);
  expect((await scrape("wrong")).status).toBe(401);
});
