/** What a hub costs its owner: rows written, and objects touched. */
import { listDurableObjectIds } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import {
  call,
  channelStub,
  createChannel,
  history,
  indexStub,
  rowsOf,
  sayTogether,
  send,
  Socket,
} from "./support/hub.ts";

/** A channel the index knows to have changed, with a full ring when asked for. */
async function dirtyChannel(messages = 1): Promise<{ id: string; alpha: Socket; bravo: Socket }> {
  const id = await createChannel();
  const alpha = await Socket.connect(id, "key=alpha");
  const bravo = await Socket.connect(id, "key=bravo&frames=batch");
  await Promise.all([alpha.next(), bravo.next(), alpha.next()]);
  for (let sent = 0; sent < messages; sent++) await alpha.ask({ action: "send", text: `old ${sent}` });
  return { id, alpha, bravo };
}

test("[DUR2] a lone message costs exactly one row written", async () => {
  const { id, alpha } = await dirtyChannel();
  for (const text of ["one", "two", "three"]) {
    const rows = await rowsOf(channelStub(id), async () => {
      expect((await alpha.ask({ action: "send", text })).type).toBe("ack");
    });
    expect(rows.written).toBe(1);
  }
});

/** A call of the tool over the stateless endpoint. */
async function callTool(args: object): Promise<string> {
  const body = { jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: "spf_channel", arguments: args } };
  const answer = await call("/mcp", body);
  return answer.result.content[0].text as string;
}

test("[HST2] a send through /mcp costs one row, and one more where it moves the read position", async () => {
  const { id, alpha } = await dirtyChannel();
  const asked = { action: "send", channel: id, text: "hello", key: "bravo" };
  const said = async (): Promise<number> =>
    (await rowsOf(channelStub(id), async () => expect(await callTool(asked)).toContain("Sent ["))).written;
  // The first one declares its sender an agent.
  await said();
  expect(await said()).toBe(1);
  await alpha.ask({ action: "send", text: "for bravo" });
  expect(await callTool({ action: "listen", channel: id, key: "bravo" })).toContain("for bravo");
  // The message, the position, and the mark of the first change after a list, which listen took for its counts (IDX3).
  expect(await said()).toBe(3);
  expect(await said()).toBe(1);
});

test("[DUR2] twenty messages in flight cost at most 0.15 rows each", async () => {
  const { id, alpha } = await dirtyChannel();
  const rounds = 5;
  const rows = await rowsOf(channelStub(id), async () => {
    for (let round = 0; round < rounds; round++) {
      const sends = Array.from({ length: 20 }, (_, sent) => ({ action: "send", text: `burst ${sent}` }));
      await sayTogether(
        id,
        sends.map((command) => ["alpha", command]),
      );
      for (let acked = 0; acked < 20; acked++) expect((await alpha.next()).type).toBe("ack");
    }
  });
  expect(rows.written / (rounds * 20)).toBeLessThanOrEqual(0.15);
});

test("[DUR2] connect, disconnect, history and details cost no row", async () => {
  const { id } = await dirtyChannel();
  const rows = await rowsOf(channelStub(id), async () => {
    const again = await Socket.connect(id, "key=bravo&after=1");
    await again.next();
    await again.ask({ action: "history", limit: 10 });
    again.say({ action: "seen", seq: 3 });
    await history(id);
    await call(`/api/channel/${id}`);
    await again.close();
  });
  expect(rows.written).toBe(0);
});

test("[LIS3] read positions that move in one tick cost one row", async () => {
  const { id, bravo } = await dirtyChannel(5);
  await bravo.takeUntil((frame) => JSON.stringify(frame).includes("old 4"));
  const rows = await rowsOf(channelStub(id), async () => {
    await sayTogether(
      id,
      [3, 4, 5].map((seq) => ["bravo", { action: "read", seq }]),
    );
    for (const seq of [3, 4, 5]) expect(await bravoFrames(bravo)).toMatchObject({ type: "system", data: "Read", seq });
  });
  expect(rows.written).toBe(1);
});

/** Frames of a batch one by one. */
const unpacked: unknown[] = [];
async function bravoFrames(bravo: Socket): Promise<unknown> {
  if (unpacked.length === 0) {
    const frame = await bravo.next();
    unpacked.push(...(frame.type === "batch" ? frame.data : [frame]));
  }
  return unpacked.shift();
}

test("[IDX3] a list costs nothing when nothing changed, and one mark on each side when something did", async () => {
  const { id, alpha } = await dirtyChannel();
  const list = (): Promise<unknown> => call("/api/channel/list?limit=1000");
  const first = { index: await rowsOf(indexStub(), async () => void (await list())) };
  expect(first.index.written).toBeGreaterThan(0);
  expect((await rowsOf(indexStub(), async () => void (await list()))).written).toBe(0);
  expect((await rowsOf(channelStub(id), async () => void (await list()))).statements).toBe(0);
  // The first change after a list: one mark in the index, one beside the message.
  const change = { index: 0, channel: 0 };
  change.index = (
    await rowsOf(indexStub(), async () => {
      change.channel = (
        await rowsOf(channelStub(id), async () => void (await alpha.ask({ action: "send", text: "x" })))
      ).written;
    })
  ).written;
  expect(change).toEqual({ index: 1, channel: 2 });
  const channel = await rowsOf(channelStub(id), async () => void (await list()));
  expect(channel.written).toBe(1);
});

test("[IDX2] a create is one row, and touches no channel object", async () => {
  const before = await listDurableObjectIds(env.CHANNELS);
  const rows = await rowsOf(indexStub(), async () => void (await createChannel("quiet")));
  expect(rows.written).toBe(1);
  expect(await listDurableObjectIds(env.CHANNELS)).toHaveLength(before.length);
});

test("[IDX4] requests for channels that do not exist touch no channel object", async () => {
  await createChannel();
  const before = await listDurableObjectIds(env.CHANNELS);
  for (const id of ["ch-999999", "ch-123456789", "ch-0", "ch-01", "ch-", "nonsense", "ch-1e3"]) {
    expect(await history(id)).toMatchObject({
      ok: false,
      code: "channel_not_found",
      error: `Channel not found: ${id}`,
    });
    expect(await send(id, "alpha", "x")).toMatchObject({ code: "channel_not_found" });
    const ghost = await Socket.connect(id, "key=alpha");
    expect(await ghost.next()).toMatchObject({
      type: "error",
      data: `Channel not found: ${id}`,
      fatal: true,
      code: "channel_not_found",
    });
    expect((await ghost.untilClosed()).code).toBe(4504);
  }
  expect(await listDurableObjectIds(env.CHANNELS)).toHaveLength(before.length);
});
