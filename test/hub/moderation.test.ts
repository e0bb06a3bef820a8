/** [GRD1] [GRD2] Moderation and the loop guard through the Worker: routes, sockets, what `GET channel` shows. */
import { evictDurableObject } from "cloudflare:test";
import { expect, test } from "vitest";
import { call, channelStub, createChannel, type Json, send, Socket } from "./support/hub.ts";

function post(route: string, body: object): Promise<Json> {
  return call(`/api/channel/${route}`, body);
}

test("[T23] [GRD2] a kick ends every socket of the key with 4503 after its last message, and keeps it out", async () => {
  const id = await createChannel();
  const [alpha, first, second] = [
    await Socket.connect(id, "key=alpha"),
    await Socket.connect(id, "key=bravo&name=BRAVO"),
    await Socket.connect(id, "key=bravo"),
  ];
  for (const socket of [alpha, first, second]) await socket.next();
  await alpha.next();
  await evictDurableObject(channelStub(id));
  expect(await post("kick", { channel_id: id, target: "BRAVO", minutes: 5 })).toMatchObject({ ok: true, seq: 3 });
  for (const socket of [first, second]) {
    expect(await socket.next()).toMatchObject({ type: "system", data: { event: { kind: "kick", key: "bravo" } } });
    expect(await socket.next()).toMatchObject({ type: "error", code: "forbidden", fatal: true });
    expect(await socket.untilClosed()).toMatchObject({ code: 4503 });
  }
  expect(await alpha.next()).toMatchObject({ type: "system", data: { seq: 3 } });
  expect(await post("join", { channel_id: id, key: "bravo" })).toMatchObject({ code: "forbidden" });
  const refused = await Socket.connect(id, "key=bravo").catch((error: unknown) => String(error));
  expect(refused).toContain("403");
  expect(await call(`/api/channel/${id}`)).toMatchObject({ participant_count: 1, connected_count: 1 });
  await alpha.close();
});

test("[GRD2] pause and resume show in GET channel and hold agents' sends back", async () => {
  const id = await createChannel();
  await post("join", { channel_id: id, key: "bravo", kind: "agent" });
  expect(await call(`/api/channel/${id}`)).toMatchObject({ paused: false, guard: { limit: 60, left: 60 } });
  expect(await post("pause", { channel_id: id })).toMatchObject({ ok: true, seq: 3 });
  expect(await call(`/api/channel/${id}`)).toMatchObject({ paused: true });
  expect(await send(id, "bravo", "hello?")).toMatchObject({ ok: false, code: "paused" });
  await evictDurableObject(channelStub(id));
  expect(await send(id, "bravo", "hello?")).toMatchObject({ ok: false, code: "paused" });
  expect(await post("resume", { channel_id: id, key: "alpha" })).toMatchObject({ ok: true, seq: 4 });
  expect(await send(id, "bravo", "hello!")).toMatchObject({ ok: true, guard: { limit: 60, left: 59 } });
});

test("[GRD1] two agents that only answer each other stop at the guard, over HTTP and on a socket alike", async () => {
  const id = await createChannel();
  const bravo = await Socket.connect(id, "key=bravo&kind=agent");
  await bravo.next();
  for (let said = 0; said < 60; said++) {
    const answer =
      said % 2 === 0
        ? await send(id, "alpha", "ping", { kind: "agent" })
        : await bravo.ask({ action: "send", text: "pong" });
    expect(answer.guard).toEqual({ limit: 60, left: 59 - said });
    if (said % 2 === 0) await bravo.next();
  }
  expect(await send(id, "alpha", "ping", { kind: "agent" })).toMatchObject({
    code: "loop_guard",
    retry_after_ms: expect.any(Number),
  });
  expect(await bravo.ask({ action: "send", text: "pong", ref: "r" })).toMatchObject({
    type: "error",
    code: "loop_guard",
    ref: "r",
    fatal: false,
  });
  expect(await call(`/api/channel/${id}`)).toMatchObject({ guard: { limit: 60, left: 0 } });
  await evictDurableObject(channelStub(id));
  expect(await bravo.ask({ action: "send", text: "pong" })).toMatchObject({ code: "loop_guard" });
  expect(await post("guard-reset", { channel_id: id })).toMatchObject({ ok: true });
  expect(await bravo.next()).toMatchObject({ type: "system", data: { event: { kind: "guard_reset" } } });
  expect(await bravo.ask({ action: "send", text: "pong" })).toMatchObject({ type: "ack", guard: { left: 59 } });
  await bravo.close();
});

test("[MEM1] a name given on a socket is the one it joins under again", async () => {
  const id = await createChannel();
  const bravo = await Socket.connect(id, "key=bravo&name=BRAVO");
  await bravo.next();
  await bravo.ask({ action: "send", text: "x", name: "Brava" });
  await bravo.ask({ action: "leave" });
  await bravo.ask({ action: "join" });
  expect((await call(`/api/channel/${id}`)).participants).toMatchObject([
    { key: "alpha" },
    { key: "bravo", name: "Brava" },
  ]);
  await bravo.close();
});

test.each([
  ["kick", { target: "bravo", minutes: 0 }, "bad_request", "minutes must be a whole number from 1 to 43200"],
  ["kick", {}, "bad_request", "target is required"],
  ["pause", { channel_id: "ch-9999" }, "channel_not_found", "Channel not found: ch-9999"],
])("[GRD2] a bad %s %j is refused", async (route, body, code, error) => {
  expect(await post(route, { channel_id: await createChannel(), ...body })).toMatchObject({ ok: false, code, error });
});
