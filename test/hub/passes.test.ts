/** Passes: made, used, confined, and revoked where they were let in (ACC1–ACC3). */
import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { expect, test, vi } from "vitest";
import { call, channelStub, createChannel, indexStub, type Json, KEY, send, Socket } from "./support/hub.ts";

interface Made {
  readonly text: string;
  readonly id: string;
}

async function make(body: object = {}): Promise<Made> {
  const { ok, text, pass } = await call("/api/pass", body);
  expect(ok).toBe(true);
  return { text: text as string, id: pass.id as string };
}

function by(pass: string | Made, path: string, body?: unknown, init: RequestInit = {}): Promise<Json> {
  const key = typeof pass === "string" ? pass : pass.text;
  return call(path, body, { ...init, headers: { "x-spf-key": key } });
}

function revoke({ id }: Made): Promise<Json> {
  return call(`/api/pass/${id}`, undefined, { method: "DELETE" });
}

test("[ACC2] a pass does what its scope allows, and its text is told once", async () => {
  const id = await createChannel();
  const [reader, agent] = [await make({ scope: "read", note: "screen" }), await make()];
  expect(await by(reader, `/api/channel/${id}/history`)).toMatchObject({ ok: true, count: 1 });
  expect(await by(reader, "/api/channel/send", { channel_id: id, key: "bravo", text: "x" })).toMatchObject({
    code: "forbidden_scope",
  });
  expect(await by(agent, "/api/channel/join", { channel_id: id, key: "bravo" })).toMatchObject({ ok: true });
  expect(await by(agent, "/api/channel/send", { channel_id: id, key: "bravo", text: "x" })).toMatchObject({ ok: true });
  expect(await by(agent, "/api/pass", {})).toMatchObject({ code: "forbidden_scope" });
  const listed = JSON.stringify(await call("/api/pass?limit=1000"));
  expect(listed).toContain('"note":"screen"');
  expect(listed).not.toContain("hubp_");
});

test("[ACC1] [T50] a bound pass proves its key, and its kind cannot be talked away", async () => {
  const id = await createChannel();
  const bound = await make({ agent_key: "bound-1", name: "BOUND", kind: "agent" });
  expect(await by(bound, "/api/channel/join", { channel_id: id })).toMatchObject({ ok: true });
  const { participants } = await call(`/api/channel/${id}`);
  expect(participants).toContainEqual(
    expect.objectContaining({ key: "bound-1", name: "BOUND", kind: "agent", verified: true }),
  );
  expect(await by(bound, "/api/channel/join", { channel_id: id, key: "other" })).toMatchObject({
    code: "identity_mismatch",
  });
  expect(await by(bound, "/api/channel/join", { channel_id: id, kind: "human" })).toMatchObject({
    code: "identity_mismatch",
    error: expect.stringContaining("kind must be agent"),
  });
  expect(await send(id, "bound-1", "I am it")).toMatchObject({ ok: false });
});

test("[ACC1] [T50] a pass for some channels reaches, lists and makes nothing else", async () => {
  const [own, other] = [await createChannel("own"), await createChannel("other")];
  const confined = await make({ scope: "admin", channels: [own] });
  expect(await by(confined, "/api/channel/join", { channel_id: own, key: "carl" })).toMatchObject({ ok: true });
  const list = await by(confined, "/api/channel/list");
  expect(list).toMatchObject({ count: 1, channels: [{ id: own }] });
  expect(await by(confined, "/api/channel/list?key=carl")).toMatchObject({ count: 1, channels: [{ id: own }] });
  const unknown = await by(confined, "/api/channel/ch-999999999");
  for (const ask of [
    by(confined, `/api/channel/${other}`),
    by(confined, `/api/channel/${other}/history`),
    by(confined, `/api/channel/${other}/listen?key=carl`),
    by(confined, "/api/channel/join", { channel_id: other, key: "carl" }),
    by(confined, "/api/channel/pause", { channel_id: other }),
    by(confined, "/api/ticket", { channel_id: other, watch: true }),
    by(confined, `/api/channel/${other}`, undefined, { method: "DELETE" }),
  ]) {
    const said = JSON.stringify({ ...(await ask), request_id: "" });
    expect(said.replaceAll(other, "ch-999999999")).toBe(JSON.stringify({ ...unknown, request_id: "" }));
  }
  expect(await by(confined, "/api/channel/create", { name: "mine", key: "carl" })).toMatchObject({
    code: "forbidden_scope",
  });
  for (const path of ["/api/hub", "/metrics", "/api/hub/audit"])
    expect(await by(confined, path)).toMatchObject({ code: "forbidden_scope" });
  expect(await by(confined, "/api/pass", {})).toMatchObject({ code: "forbidden_scope" });
  expect(await by(confined, "/api/pass", { channels: [own, other] })).toMatchObject({ code: "forbidden_scope" });
  expect(await by(confined, "/api/pass", { channels: [own] })).toMatchObject({ ok: true });
});

test("[ACC1] [T50] what is cut, altered or of another hub is any wrong key, and a spelling is no second pass", async () => {
  const { text } = await make();
  const wrong = { ...(await by("hubp_e30.x", "/api/channel/list")), request_id: "" };
  expect(wrong).toMatchObject({ code: "unauthorized" });
  const [head = "", mac = ""] = text.split(".");
  const last = mac.at(-1) ?? "";
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const sibling = alphabet[alphabet.indexOf(last) ^ 1] ?? "";
  for (const forged of [
    text.slice(0, -1),
    `${text}A`,
    `${text}=`,
    `${head}.${mac.slice(0, -1)}${sibling}`,
    `${head.slice(0, -1)}.${mac}`,
    `hubp_${btoa('{"id":"p1_AAAAAAAAAAAAAAAA","scope":"admin"}').replaceAll("=", "")}.${mac}`,
  ])
    expect({ ...(await by(forged, "/api/channel/list")), request_id: "" }, forged).toEqual(wrong);
  expect(await call(`/api/channel/list?key=${text}`)).toMatchObject({ code: "secret_in_url" });
});

test("[ACC1] [T51] a pass ends with its time, and so do its sockets and tickets", async () => {
  const id = await createChannel();
  vi.setSystemTime(Date.now());
  const short = await make({ agent_key: "short-1", expires_in: 60 });
  const { ticket, expires_at } = await by(short, "/api/ticket", { channel_id: id, watch: true, seconds: 3600 });
  expect(ticket).toBeTypeOf("string");
  expect(Date.parse(expires_at as string)).toBeLessThanOrEqual(Date.now() + 60_000);
  const socket = await Socket.connect(id, "", short.text);
  await socket.next();
  vi.setSystemTime(Date.now() + 61_000);
  await send(id, "alpha", "too late for some");
  expect(await socket.next()).toMatchObject({ type: "error", code: "pass_expired", fatal: true });
  expect(await socket.untilClosed()).toEqual({ code: 4502, reason: "pass_expired" });
  expect(await by(short, "/api/channel/list")).toMatchObject({ code: "pass_expired" });
  vi.useRealTimers();
});

test("[ACC3] [T51] after the answer of a revocation nothing succeeds, and sockets and listens of the pass end, asleep or not", async () => {
  const [one, two] = [await createChannel("one"), await createChannel("two")];
  const leaked = await make({ agent_key: `leaked-${one}` });
  const sockets = [await Socket.connect(one, "", leaked.text), await Socket.connect(two, "", leaked.text)];
  for (const socket of sockets) await socket.next();
  const { ticket } = await by(leaked, "/api/ticket", { channel_id: one, watch: true });
  const waiting = by(leaked, `/api/channel/${two}/listen?wait=50`);
  await vi.waitFor(async () => {
    const held = await runInDurableObject(channelStub(two), (_object, ctx) => ctx.getWebSockets("listener").length);
    expect(held).toBe(1);
  });
  await evictDurableObject(channelStub(one));
  expect(await revoke(leaked)).toEqual({ ok: true, left: 0 });
  for (const socket of sockets) {
    expect(await socket.next()).toMatchObject({ type: "error", code: "key_revoked", fatal: true });
    expect(await socket.untilClosed()).toEqual({ code: 4501, reason: "key_revoked" });
  }
  expect(await waiting).toMatchObject({ ok: false, code: "key_revoked" });
  for (const ask of [
    by(leaked, `/api/channel/${one}/history`),
    by(leaked, `/api/channel/${one}`),
    by(leaked, "/api/channel/send", { channel_id: one, text: "x" }),
    by(leaked, `/api/channel/${two}/listen?wait=1`),
    by(leaked, "/api/listen"),
    by(leaked, "/api/channel/list"),
    by(leaked, "/api/channel/create", { name: "new" }),
    by(leaked, "/api/ticket", { channel_id: one, watch: true }),
    by(leaked, "/api/channel/join", { channel_id: await createChannel("never seen") }),
  ])
    expect(await ask).toMatchObject({ ok: false, code: "key_revoked" });
  await expect(Socket.connect(one, `ticket=${ticket as string}`, "none")).rejects.toThrow(/key_revoked/);
  expect(await call("/api/pass?limit=1000")).toMatchObject({
    passes: expect.arrayContaining([expect.objectContaining({ id: leaked.id, revoked: true })]),
  });
});

test("[ACC3] an unknown pass is not revoked, and one that ended stays so", async () => {
  expect(await call("/api/pass/p999_AAAAAAAAAAAAAAAA", undefined, { method: "DELETE" })).toMatchObject({
    code: "pass_not_found",
  });
  const pass = await make();
  await revoke(pass);
  expect(await revoke(pass)).toEqual({ ok: true, left: 0 });
  expect(await by(pass, "/api/channel/list")).toMatchObject({ code: "key_revoked" });
});

test("[ACC3] all passes end at once; those made later count, and the hub's keys were never touched", async () => {
  const id = await createChannel();
  const [first, second] = [await make({ agent_key: `a-${id}` }), await make({ agent_key: `b-${id}` })];
  for (const pass of [first, second]) await by(pass, "/api/channel/join", { channel_id: id });
  const socket = await Socket.connect(id, "", first.text);
  await socket.next();
  expect(await call("/api/pass", undefined, { method: "DELETE" })).toEqual({ ok: true, left: 0 });
  expect(await socket.next()).toMatchObject({ code: "key_revoked" });
  for (const pass of [first, second])
    expect(await by(pass, `/api/channel/${id}/history`)).toMatchObject({ code: "key_revoked" });
  const third = await make();
  expect(await by(third, `/api/channel/${id}/history`)).toMatchObject({ ok: true });
  expect(await send(id, "alpha", "still here")).toMatchObject({ ok: true });
});

test("[ACC3] a channel that cannot be told is told again, by alarm", async () => {
  const id = await createChannel();
  const pass = await make({ agent_key: `late-${id}` });
  await by(pass, "/api/channel/join", { channel_id: id });
  await runInDurableObject(channelStub(id), (channel) => {
    Object.defineProperty(channel, "endPasses", { value: () => Promise.reject(new Error("away")), configurable: true });
  });
  expect(await revoke(pass)).toEqual({ ok: true, left: 1 });
  await runInDurableObject(channelStub(id), (channel) => {
    delete (channel as unknown as { endPasses?: unknown }).endPasses;
  });
  await runInDurableObject(indexStub(), (index) => index.alarm());
  expect(await by(pass, `/api/channel/${id}/history`)).toMatchObject({ code: "key_revoked" });
});

test("[ACC1] a pass costs one row where it is first met, and a message none", async () => {
  const id = await createChannel();
  const pass = await make({ agent_key: `rows-${id}` });
  await by(pass, "/api/channel/join", { channel_id: id });
  const passes = (): Promise<number> =>
    runInDurableObject(
      channelStub(id),
      (_channel, { storage }) => storage.sql.exec<{ count: number }>("SELECT count(*) AS count FROM pass").one().count,
    );
  expect(await passes()).toBe(1);
  for (let sent = 0; sent < 5; sent++) await by(pass, "/api/channel/send", { channel_id: id, text: "x" });
  expect(await passes()).toBe(1);
  expect(KEY).not.toBe(pass.text);
});
