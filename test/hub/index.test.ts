/** The index: ids, create, delete, and a list that is exact and wakes nobody for nothing. */
import {
  abortAllDurableObjects,
  evictDurableObject,
  listDurableObjectIds,
  runDurableObjectAlarm,
  runInDurableObject,
} from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { Channel, HubIndex } from "../../src/hub/index.ts";
import {
  call,
  channelStub,
  createChannel,
  history,
  indexStub,
  type Json,
  rowsOf,
  send,
  Socket,
} from "./support/hub.ts";

interface Listed {
  readonly id: string;
  readonly participants: { key: string; name: string; connected: boolean }[];
  readonly message_count: number;
}

/** Every page of the list. */
async function listAll(query = ""): Promise<Listed[]> {
  const found: Listed[] = [];
  for (let cursor: number | undefined = 0; cursor !== undefined;) {
    const page: Json = await call(`/api/channel/list?limit=1000&cursor=${cursor}${query}`);
    found.push(...page.channels);
    cursor = page.next_cursor;
  }
  return found;
}

async function listed(id: string): Promise<Listed | undefined> {
  return (await listAll()).find((channel) => channel.id === id);
}

/** Counts the summaries that channels are asked for. */
function countAsked(): { asked: string[]; stop: () => void } {
  const asked: string[] = [];
  const { summary } = Channel.prototype;
  Channel.prototype.summary = function counted(this: Channel, known: number) {
    asked.push((this as unknown as { ctx: DurableObjectState }).ctx.id.name ?? "");
    return summary.call(this, known);
  };
  return { asked, stop: () => void (Channel.prototype.summary = summary) };
}

test("[IDX1] ids are given once, also after a delete", async () => {
  const first = await createChannel("one");
  const second = await createChannel("two");
  expect(Number(second.slice(3))).toBe(Number(first.slice(3)) + 1);
  expect(await call(`/api/channel/${second}`, undefined, { method: "DELETE" })).toEqual({
    ok: true,
    channel_id: second,
  });
  await evictDurableObject(indexStub());
  expect(Number((await createChannel("three")).slice(3))).toBe(Number(second.slice(3)) + 1);
});

test("[IDX2] a deleted channel is gone for its sockets, for calls, for the list, and from storage", async () => {
  const id = await createChannel();
  const alpha = await Socket.connect(id, "key=alpha");
  await alpha.next();
  await call(`/api/channel/${id}`, undefined, { method: "DELETE" });
  expect(await alpha.next()).toMatchObject({ type: "error", code: "channel_deleted", fatal: true });
  expect(await alpha.untilClosed()).toEqual({ code: 4504, reason: "channel_deleted" });
  for (const answer of [
    await history(id),
    await send(id, "alpha", "x"),
    await call(`/api/channel/${id}`),
    await call(`/api/channel/${id}`, undefined, { method: "DELETE" }),
  ]) {
    expect(answer).toMatchObject({ ok: false, code: "channel_deleted" });
  }
  const again = await Socket.connect(id, "key=alpha");
  expect(await again.next()).toMatchObject({ type: "error", code: "channel_deleted", fatal: true });
  expect((await again.untilClosed()).code).toBe(4504);
  expect(await listed(id)).toBeUndefined();
  await runInDurableObject(channelStub(id), (_channel, { storage }) => {
    expect(storage.sql.exec("SELECT name FROM sqlite_master WHERE name = 'channel'").toArray()).toEqual([]);
  });
});

/** All that the index stores, as one text. */
async function storedInIndex(): Promise<string> {
  return await runInDurableObject(indexStub(), (_index, { storage }) => {
    const tables = storage.sql.exec<{ name: string }>("SELECT name FROM sqlite_master WHERE type = 'table'").toArray();
    const own = tables.map(({ name }) => name).filter((name) => !name.startsWith("_cf"));
    return JSON.stringify(own.map((name) => storage.sql.exec(`SELECT * FROM ${name}`).toArray()));
  });
}

/** The channel was deleted more than a day ago. */
async function aDayLater(id: string): Promise<void> {
  await runInDurableObject(indexStub(), (_index, { storage }) => {
    storage.sql.exec("UPDATE channel SET deleted_at = 1 WHERE number = ?", Number(id.slice(3)));
  });
}

async function remove(id: string): Promise<void> {
  expect(await call(`/api/channel/${id}`, undefined, { method: "DELETE" })).toMatchObject({ ok: true });
}

test("[IDX2] of a deleted channel neither name nor creator is kept, and a repeated create still finds it", async () => {
  const headers = { "idempotency-key": "once-and-for-all" };
  const body = { name: "merger-of-lions", key: "leo-the-maker", name_display: "LEO THE FIRST" };
  const { channel_id } = await call("/api/channel/create", body, { method: "POST", headers });
  await send(channel_id, "leo-the-maker", "roar");
  expect(await storedInIndex()).toMatch(/merger-of-lions.*leo-the-maker/s);
  await remove(channel_id);
  expect(await storedInIndex()).not.toMatch(/merger-of-lions|leo-the-maker|LEO THE FIRST|once-and-for-all/);
  await evictDurableObject(indexStub());
  expect(await call("/api/channel/create", body, { method: "POST", headers })).toMatchObject({ ok: true, channel_id });
  expect(await history(channel_id)).toMatchObject({ ok: false, code: "channel_deleted" });
});

test("[IDX1] [IDX2] tombstones become ranges after a day, and their numbers stay gone", async () => {
  const ids: string[] = [];
  for (const name of ["one", "two", "three", "four", "five"]) ids.push(await createChannel(name));
  const [one = "", two = "", three = "", four = "", five = ""] = ids;
  const before = await call("/api/hub");
  for (const id of [three, one, five, four]) {
    await remove(id);
    await aDayLater(id);
  }
  // The next delete prunes what is due before it.
  await remove(await createChannel("last"));
  await runInDurableObject(indexStub(), (_index, { storage }) => {
    const query = `SELECT first, last FROM gone WHERE last >= ${one.slice(3)} AND first <= ${five.slice(3)} ORDER BY first`;
    const [first, second] = storage.sql.exec<{ first: number; last: number }>(query).toArray();
    expect([first?.last, second?.first, second?.last]).toEqual([one, three, five].map((id) => Number(id.slice(3))));
    expect(storage.sql.exec("SELECT 1 FROM channel WHERE number = ?", Number(one.slice(3))).toArray()).toEqual([]);
  });
  const after = await call("/api/hub");
  expect([after.channels - before.channels, after.deleted - before.deleted]).toEqual([-4, 5]);
  await abortAllDurableObjects();
  for (const id of [one, three, four, five]) {
    // The Worker's isolate remembers ends by itself.
    const known = await indexStub().record(Number(id.slice(3)));
    expect(known).toMatchObject({ ok: false, refusal: { code: "channel_deleted" } });
  }
  expect(await history(two)).toMatchObject({ ok: true });
  expect(Number((await createChannel("next")).slice(3))).toBe(Number(five.slice(3)) + 2);
});

test("[IDX2] an erase that failed is repeated by the alarm", async () => {
  const id = await createChannel();
  await send(id, "alpha", "x");
  const { erase } = Channel.prototype;
  Channel.prototype.erase = () => Promise.reject(new Error("unreachable"));
  expect(await call(`/api/channel/${id}`, undefined, { method: "DELETE" })).toMatchObject({ ok: true });
  Channel.prototype.erase = erase;
  expect(await runDurableObjectAlarm(indexStub())).toBe(true);
  expect(await runDurableObjectAlarm(indexStub())).toBe(false);
  await runInDurableObject(channelStub(id), (_channel, { storage }) => {
    expect(storage.sql.exec("SELECT name FROM sqlite_master WHERE name = 'channel'").toArray()).toEqual([]);
  });
});

test("[IDX2] a channel object makes itself from the index's record, and only when used", async () => {
  const before = (await listDurableObjectIds(env.CHANNELS)).length;
  const id = await createChannel("lazy", "creator");
  expect(await listed(id)).toMatchObject({ participants: [{ key: "creator", connected: false }], message_count: 1 });
  expect(await listDurableObjectIds(env.CHANNELS)).toHaveLength(before);
  const { messages } = await history(id);
  expect(messages).toMatchObject([
    { text: "Channel 'lazy' created by CREATOR", event: { kind: "created", key: "creator" } },
  ]);
});

test("[IDX3] a list over 500 channels asks only the changed ones, once", async () => {
  const ids: string[] = [];
  for (let made = 0; made < 500; made++) ids.push(await createChannel(`many ${made}`));
  await listAll();
  const changed = ids.filter((_, at) => at % 25 === 0);
  for (const id of changed) await send(id, "alpha", "news");
  const counter = countAsked();
  const counts = new Map((await listAll()).map((channel) => [channel.id, channel.message_count]));
  expect(counter.asked.toSorted()).toEqual(changed.toSorted());
  for (const id of ids) expect([id, counts.get(id)]).toEqual([id, changed.includes(id) ? 2 : 1]);
  await listAll();
  expect(counter.asked).toHaveLength(changed.length);
  counter.stop();
});

test("[IDX3] [LIS1] a page asks at most 40 channels and ends early, with a cursor", async () => {
  const ids: string[] = [];
  for (let made = 0; made < 60; made++) ids.push(await createChannel(`dirty ${made}`));
  await listAll();
  for (const id of ids) await send(id, "alpha", "news");
  const cursor = Number(ids[0]?.slice(3)) - 1;
  const page = await call(`/api/channel/list?limit=1000&cursor=${cursor}`);
  expect(page.channels).toHaveLength(40);
  const rest = await call(`/api/channel/list?limit=1000&cursor=${page.next_cursor}`);
  expect([...page.channels, ...rest.channels].map((channel: Listed) => channel.message_count)).toEqual(
    ids.map(() => 2),
  );
  // A listen to all that is joined looks behind the cut.
  const newest = ids.at(-1) ?? "";
  await call("/api/channel/join", { channel_id: newest, key: "newcomer" });
  for (const id of ids) await send(id, "alpha", "more");
  const { channels } = await call("/api/listen?key=newcomer");
  expect(channels).toMatchObject([{ channel_id: newest, messages: [{ text: "more" }] }]);
});

test("[IDX3] a dirty channel that was woken by a socket tells the index nothing again", async () => {
  const id = await createChannel();
  const [alpha, bravo] = [await Socket.connect(id, "key=alpha"), await Socket.connect(id, "key=bravo")];
  await bravo.next();
  await evictDurableObject(channelStub(id));
  const { dirty } = HubIndex.prototype;
  let told = 0;
  HubIndex.prototype.dirty = function counted(this: HubIndex, ...change: Parameters<typeof dirty>) {
    told++;
    return dirty.apply(this, change);
  };
  bravo.say({ action: "send", text: "awake" });
  expect(await bravo.next()).toMatchObject({ type: "ack" });
  await evictDurableObject(channelStub(id));
  await alpha.close();
  HubIndex.prototype.dirty = dirty;
  expect(told).toBe(0);
});

test("[IDX3] the list is exact after each acknowledged join, leave, connect, disconnect and send", async () => {
  const id = await createChannel();
  const shown = async (): Promise<string> => {
    const channel = await listed(id);
    return channel === undefined
      ? ""
      : `${channel.participants.map((one) => one.key + (one.connected ? "+" : "-")).join(" ")} ${channel.message_count}`;
  };
  expect(await shown()).toBe("alpha- 1");
  await call("/api/channel/join", { channel_id: id, key: "bravo" });
  expect(await shown()).toBe("alpha- bravo- 2");
  const bravo = await Socket.connect(id, "key=bravo");
  expect(await shown()).toBe("alpha- bravo+ 2");
  await bravo.next();
  await bravo.ask({ action: "send", text: "x" });
  expect(await shown()).toBe("alpha- bravo+ 3");
  await bravo.close();
  expect(await shown()).toBe("alpha- bravo- 3");
  await call("/api/channel/leave", { channel_id: id, key: "bravo" });
  expect(await shown()).toBe("alpha- 4");
  await evictDurableObject(channelStub(id));
  await evictDurableObject(indexStub());
  expect(await shown()).toBe("alpha- 4");
});

test("[IDX3] key= lists the channels that key is in, also those it joined just now", async () => {
  const mine = [await createChannel("a", "owner-1"), await createChannel("b", "owner-1")];
  const other = await createChannel("c", "owner-2");
  expect((await listAll("&key=owner-1")).map((channel) => channel.id)).toEqual(mine);
  await call("/api/channel/join", { channel_id: other, key: "owner-1" });
  const page = await call("/api/channel/list?key=owner-1&limit=1000");
  expect(page.channels.map((channel: Listed) => channel.id)).toEqual([...mine, other]);
  expect(page.count).toBe(3);
});

test("[IDX3] sends and lists that race never leave the list behind what was acknowledged", async () => {
  const ids = [await createChannel("race 1"), await createChannel("race 2"), await createChannel("race 3")];
  const cursor = Number(ids[0]?.slice(3)) - 1;
  const acked = new Map<string, number>(ids.map((id) => [id, 1]));
  let isOver = false;
  const writers = ids.map(async (id) => {
    for (let sent = 0; sent < 60; sent++) {
      const { message } = await send(id, "alpha", `n ${sent}`);
      acked.set(id, Math.max(acked.get(id) ?? 0, message.seq));
    }
  });
  const listers = [0, 1, 2].map(async () => {
    while (!isOver) {
      const floor = new Map(acked);
      const page = await call(`/api/channel/list?limit=3&cursor=${cursor}`);
      for (const { id, message_count } of page.channels as Listed[])
        expect(message_count).toBeGreaterThanOrEqual(floor.get(id) ?? 0);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  });
  await Promise.all(writers).finally(() => (isOver = true));
  await Promise.all(listers);
  const page = await call(`/api/channel/list?limit=3&cursor=${cursor}`);
  expect(page.channels.map((channel: Listed) => channel.message_count)).toEqual([61, 61, 61]);
});

test("[IDX3] a channel whose index does not answer goes on after two seconds, and tells it later", async () => {
  const id = await createChannel();
  await listAll();
  const { dirty } = HubIndex.prototype;
  let answered = 0;
  const { promise: isSent, resolve: answerNow } = Promise.withResolvers<void>();
  const late = async function late(this: HubIndex, number: number, change: number) {
    await isSent;
    dirty.call(this, number, change);
    answered++;
  };
  Object.assign(HubIndex.prototype, { dirty: late });
  const started = performance.now();
  expect(await send(id, "alpha", "late")).toMatchObject({ ok: true });
  expect(performance.now() - started).toBeGreaterThan(1900);
  expect(answered).toBe(0);
  answerNow();
  while (answered === 0) await new Promise((resolve) => setTimeout(resolve, 50));
  HubIndex.prototype.dirty = dirty;
  expect(await send(id, "alpha", "told")).toMatchObject({ ok: true });
  expect(await listed(id)).toMatchObject({ message_count: 3 });
});

test("[IDX3] a list taken while a change is being announced does not take the announcement for done", async () => {
  const id = await createChannel();
  await listAll();
  const { dirty } = HubIndex.prototype;
  let isMarked = false;
  const { promise: isListed, resolve: answerNow } = Promise.withResolvers<void>();
  const slow = async function slow(this: HubIndex, number: number, change: number) {
    dirty.call(this, number, change);
    isMarked = true;
    await isListed;
  };
  Object.assign(HubIndex.prototype, { dirty: slow });
  const sending = send(id, "alpha", "announced");
  while (!isMarked) await new Promise((resolve) => setTimeout(resolve, 5));
  expect(await listed(id)).toMatchObject({ message_count: 1 });
  answerNow();
  expect(await sending).toMatchObject({ ok: true });
  HubIndex.prototype.dirty = dirty;
  expect(await listed(id)).toMatchObject({ message_count: 2 });
});

test("[IDX3] a summary that a later change has overtaken leaves its channel to be asked again", async () => {
  const id = await createChannel();
  await send(id, "alpha", "x");
  const { summary } = Channel.prototype;
  Channel.prototype.summary = async function overtaken(this: Channel, known: number) {
    const answer = await summary.call(this, known);
    await indexStub().dirty(Number(id.slice(3)), known + 1);
    return answer;
  };
  await listed(id);
  Channel.prototype.summary = summary;
  const { asked, stop } = countAsked();
  await listed(id);
  stop();
  expect(asked).toEqual([id]);
});

/** Without its tables a channel cannot load; asleep, it must. */
async function renameTable(id: string, from: string, to: string): Promise<void> {
  await runInDurableObject(channelStub(id), (_channel, { storage }) => {
    storage.sql.exec(`ALTER TABLE ${from} RENAME TO ${to}`);
  });
  await evictDurableObject(channelStub(id));
}

test("[IDX3] a channel that cannot be asked is listed as it was last known, and says so", async () => {
  const id = await createChannel();
  await send(id, "alpha", "listed");
  expect(await listed(id)).toMatchObject({ message_count: 2 });
  await send(id, "alpha", "not listed yet");
  await renameTable(id, "participant", "hidden");
  expect(await listed(id)).toMatchObject({ message_count: 2, stale: true });
  await renameTable(id, "hidden", "participant");
  const fresh = await listed(id);
  expect(fresh).toMatchObject({ message_count: 3 });
  expect(fresh).not.toHaveProperty("stale");
});

test("[IDX4] a miss is remembered, and ends with a create", async () => {
  const next = Number((await createChannel()).slice(3)) + 1;
  const rows = await rowsOf(indexStub(), async () => {
    for (let asked = 0; asked < 3; asked++)
      expect(await history(`ch-${next}`)).toMatchObject({ code: "channel_not_found" });
  });
  expect(rows.written).toBe(0);
  const id = await createChannel();
  expect(id).toBe(`ch-${next}`);
  expect(await history(id)).toMatchObject({ ok: true });
});

test("[IDX3] who is in a channel is found by key also beyond those that its summary shows", async () => {
  const id = await createChannel("crowd");
  for (let n = 0; n < 40; n++) await call("/api/channel/join", { channel_id: id, key: `crowd-${n}` });
  for (const wake of ["fresh", "stored"]) {
    const [first] = await listAll("&key=crowd-0");
    expect([wake, first?.participants.length, first?.id]).toEqual([wake, 32, id]);
    expect(await call("/api/channel/list?key=crowd-39")).toMatchObject({
      count: 1,
      channels: [{ id, participant_count: 41 }],
    });
  }
  await call("/api/channel/leave", { channel_id: id, key: "crowd-39" });
  expect(await call("/api/channel/list?key=crowd-39")).toMatchObject({ count: 0, channels: [] });
});

test("[T43] [IDX3] a page of the list fits an answer however full its channels are, and the pages have all", async () => {
  const ids: string[] = [];
  for (let n = 0; n < 120; n++) ids.push(await createChannel(`full-${n}`));
  // As long as a summary can be: what channels say is bounded by it.
  const pad = "x".repeat(15_000);
  await runInDurableObject(indexStub(), (_index, state) => {
    const set =
      "UPDATE channel SET dirty = 0, summary = json_set(summary, '$.pad', ?) WHERE name LIKE 'full-%' AND state = 'live'";
    state.storage.sql.exec(set, pad);
  });
  const pages: Json[] = [];
  for (let cursor: number | undefined = 0; cursor !== undefined;) {
    const page: Json = await call(`/api/channel/list?limit=1000&cursor=${cursor}`);
    expect(JSON.stringify(page).length).toBeLessThan(1024 * 1024 + 200);
    pages.push(page);
    cursor = page.next_cursor;
  }
  const found = pages.flatMap(({ channels }) => channels.map((channel: Json) => channel.id as string));
  expect(found.filter((id) => ids.includes(id))).toEqual(ids);
  expect(pages.length).toBeGreaterThan(1);
  await runInDurableObject(indexStub(), (_index, state) => {
    state.storage.sql.exec("UPDATE channel SET summary = json_remove(summary, '$.pad') WHERE state = 'live'");
  });
});
