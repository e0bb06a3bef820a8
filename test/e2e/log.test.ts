/** What the hub writes down: one line a request, and never a word of a caller's (T3, T21). */
import { expect, test } from "vitest";
import { createIdentity, signRequest } from "../../src/client/identity.ts";
import { Agent, call, createChannel } from "../support/process/agent.ts";
import { HUB_KEY, type HubProcess } from "../support/process/hub-process.ts";
import { history, post, send, startHub } from "./support/hub-calls.ts";
import { hubKey } from "./support/identity.ts";
import { requestsIn, untilSaid } from "./support/log-lines.ts";
import { patchedHub, SPENT_FOR_GOOD } from "./support/patched-hub.ts";
import { rawCall } from "./support/raw-call.ts";
import { endCalmly } from "./support/refusals.ts";

/** Would be seen in whatever encoding leaves letters alone; the rest would break a line or forge one. */
const CANARY = "canary7f3a";
const AGENT = "agent-9c1e";
const BREAKING = `${CANARY}\n{"level":"info","event":"forged"}\r\n\u001b[2J\u2028`;

/** Everything that a caller can say, with a canary in it; agent keys, which are public, have one of their own. */
async function sing(hub: HubProcess): Promise<void> {
  const id = await createChannel(hub.url, CANARY, AGENT, CANARY);
  const body = { channel_id: id, key: `${AGENT}.2`, name: CANARY };
  await send(hub.url, id, { ...body, text: BREAKING, client_msg_id: CANARY, to: [CANARY], kind: CANARY });
  await post(hub.url, "join", body);
  await send(hub.url, id, { ...body, text: BREAKING, client_msg_id: CANARY, to: [CANARY] });
  await post(hub.url, "kick", { channel_id: id, target: CANARY, key: AGENT });
  for (const action of ["create", "send", "leave", CANARY]) await post(hub.url, action, BREAKING);
  await post(hub.url, "join", { ...body, channel_id: BREAKING });
  await history(hub.url, id, `?epoch=${CANARY}&${CANARY}=${encodeURIComponent(BREAKING)}&after=1`);
  await call(hub.url, `/api/channel/${encodeURIComponent(BREAKING)}`);
  await call(hub.url, `/${CANARY}/${encodeURIComponent(BREAKING)}?ticket=${CANARY}`);
  await call(hub.url, `/api/channel/list?token=${HUB_KEY}`);
  await call(hub.url, `/api/channel/${id}/listen?key=${AGENT}&after=0&for=${CANARY}`);
  await call(hub.url, "/mcp", { body: toolCall(id), headers: { "x-hub-agent": AGENT, "x-hub-name": CANARY } });
  await singInHeaders(hub, id);
  await singOnSockets(hub, id);
}

function toolCall(channel: string): object {
  const args = { action: "send", channel, text: BREAKING, key: AGENT, name: CANARY };
  return { jsonrpc: "2.0", id: CANARY, method: "tools/call", params: { name: "spf_channel", arguments: args } };
}

async function singInHeaders(hub: HubProcess, id: string): Promise<void> {
  const path = `/api/channel/${id}`;
  for (const name of ["x-spf-key", "authorization", "origin", "user-agent", "idempotency-key", "cookie", "signature"])
    await rawCall(hub, { path, headers: { [name]: name === "authorization" ? `Bearer ${CANARY}` : CANARY } });
  const { identity } = await createIdentity();
  const signed = await signRequest({ method: "GET", url: hub.url + path }, identity, Date.now());
  await rawCall(hub, { path, headers: { ...signed, "signature-input": `${signed["signature-input"]};${CANARY}` } });
  for (const scope of ["read", "admin"] as const)
    await rawCall(hub, { path, headers: { "x-spf-key": hubKey(CANARY, scope).text } });
}

async function singOnSockets(hub: HubProcess, id: string): Promise<void> {
  const agent = await Agent.connect(hub.url, id, `key=${AGENT}.3&name=${CANARY}&${CANARY}=${CANARY}`);
  await agent.next();
  for (const frame of [{ action: "send", text: BREAKING, ref: CANARY }, { action: CANARY }, BREAKING, `{"${CANARY}":`])
    await agent.ask(frame);
  agent.say("x".repeat(300_000) + CANARY);
  await agent.next();
  const refused = [`key=${AGENT}&ticket=${CANARY}.${CANARY}`, `key=${AGENT}%00`, `key=${AGENT}&after=${CANARY}`];
  for (const query of refused) await Agent.connect(hub.url, id, query).catch(() => undefined);
  await Agent.connect(hub.url, `ch-${CANARY}`, `key=${AGENT}`).catch(() => undefined);
  const headers = { "x-spf-key": HUB_KEY, "sec-websocket-protocol": `spf.v1, spf.ticket.${CANARY}` };
  await Agent.connect(hub.url, id, "", headers).catch(() => undefined);
}

test("[T3] [T21] no key, ticket, name, text, query or header of a caller is in the log, nor can one forge a line", async () => {
  const hub = await startHub();
  await sing(hub);
  await endCalmly(hub);
  expect(hub.output.toLowerCase()).not.toContain(CANARY);
  expect(hub.output).not.toContain(HUB_KEY);
  const requests = requestsIn(hub.output);
  expect(requests.length).toBeGreaterThan(30);
  // Of a forged line there is nothing: each has the form of what the hub writes.
  expect(requests.filter(({ event }) => event === "forged")).toEqual([]);
});

test("[T3] a fault is logged with its cause, and without what its caller said", async () => {
  const hub = await patchedHub([
    {
      file: "src/channel/channel.ts",
      find: 'import { send } from "./send.ts";',
      replace: 'const send = (): never => { throw new Error("planted"); };',
    },
  ]);
  const id = await createChannel(hub.url);
  const answer = await send(hub.url, id, { text: CANARY, name: CANARY, client_msg_id: CANARY });
  expect(answer.status).toBeGreaterThanOrEqual(500);
  await untilSaid(hub, "planted");
  expect(hub.output).not.toContain(CANARY);
});

/** What a line says beyond its time and level. */
function said(line: Readonly<Record<string, unknown>>): object {
  const { time: _time, level: _level, ms: _ms, ...fields } = line;
  return fields;
}

test("[T21] a request is one line: route as the code writes it, status, code, ids, agent, message, milliseconds", async () => {
  const hub = await startHub();
  const id = await createChannel(hub.url);
  const sent = await send(hub.url, id, { text: "x" });
  const { body } = await call(hub.url, "/api/channel/ch-9/history?limit=5");
  await call(hub.url, "/nowhere");
  await call(hub.url, `/api/channel/${id}`, { headers: { "x-spf-key": "wrong" } });
  await Agent.connect(hub.url, id, "key=alpha").then((agent) => agent.socket.terminate());
  await untilSaid(hub, "socket_closed");
  await endCalmly(hub);
  const lines = requestsIn(hub.output).filter(({ route }) => route !== "/health");
  const [kid, request_id, agent, event] = ["HUB_KEY", expect.any(String), "alpha", "request"];
  expect(lines.map(said)).toEqual([
    { event, route: "/api/channel/create", method: "POST", status: 200, request_id, kid, agent },
    {
      ...{ event, route: "/api/channel/send", method: "POST", status: 200, request_id, kid, agent, channel: id },
      message: sent.body.message.id,
    },
    {
      ...{ event, route: "/api/channel/:id/history", method: "GET", status: 404, code: "channel_not_found" },
      ...{ request_id: body.request_id, kid, channel: "ch-9" },
    },
    { event, route: "none", method: "GET", status: 404, code: "not_found", request_id, kid },
    { event, route: "/api/channel/:id", method: "GET", status: 401, code: "unauthorized", request_id, channel: id },
    { event, route: "/ws/channel/:id", method: "GET", status: 101, request_id, kid, agent, channel: id },
    { event: "socket_closed", channel: id, agent, kid, close: 1006, seconds: expect.any(Number) },
  ]);
});

test("[IDX7] every answer names its request, success too, as the log does", async () => {
  const hub = await startHub();
  const response = await fetch(`${hub.url}/api/channel/list`, { headers: { "x-spf-key": HUB_KEY } });
  const id = response.headers.get("x-request-id") ?? "";
  await untilSaid(hub, id);
  const refused = await fetch(`${hub.url}/api/channel/ch-9`, { headers: { "x-spf-key": HUB_KEY } });
  const { request_id } = (await refused.json()) as { readonly request_id: string };
  expect([id.length, refused.headers.get("x-request-id")]).toEqual([36, request_id]);
});

test("[IDX7] from log and audit alone: who flooded, who kicked whom, why a tool call failed, and which line a message has", async () => {
  const team = hubKey("team", "admin");
  const hub = await patchedHub([SPENT_FOR_GOOD], { HUB_KEYS: team.entry, HUB_RATE_PER_SECOND: "30" });
  const id = await createChannel(hub.url);
  const flooder = await Agent.connect(hub.url, id, "key=flooder&name=FLOODER");
  for (let at = 0; at < 300; at++) flooder.say("not json");
  await untilSaid(hub, '"code":"rate_limited","count":10');
  const by = { "x-spf-key": team.text };
  await call(hub.url, "/api/channel/kick", {
    method: "POST",
    headers: by,
    body: JSON.stringify({ channel_id: id, target: "FLOODER" }),
  });
  await untilSaid(hub, "socket_closed");
  await call(hub.url, "/mcp", {
    headers: { "x-hub-agent": "bravo", accept: "application/json, text/event-stream" },
    body: {
      jsonrpc: "2.0",
      id: 1,
      method: "tools/call",
      params: { name: "spf_channel", arguments: { action: "send", channel: id, text: "hi" } },
    },
  });
  await untilSaid(hub, '"event":"tool"');
  const sent = await send(hub.url, id, { text: "which line?" });
  const { message } = sent.body;
  await untilSaid(hub, message.id);
  const lines = requestsIn(hub.output);
  const request_id = sent.headers.get("x-request-id");
  expect(lines.filter((line) => line["message"] === message.id)).toMatchObject([
    { event: "request", route: "/api/channel/send", request_id, channel: id, agent: message.from, kid: "HUB_KEY" },
  ]);
  const failed = lines.find(({ event }) => event === "tool");
  expect(
    lines.find((line) => line["event"] === "request" && line["request_id"] === failed?.["request_id"]),
  ).toMatchObject({
    route: "/mcp",
  });
  expect(lines.find(({ event, code }) => event === "socket_refused" && code === "rate_limited")).toMatchObject({
    ...{ channel: id, agent: "flooder", kid: "HUB_KEY", count: 1 },
  });
  expect(lines.find(({ event }) => event === "socket_closed")).toMatchObject({
    ...{ agent: "flooder", code: "forbidden", close: 4503, refused: expect.stringContaining("bad_json ") },
  });
  expect(lines.find(({ event }) => event === "tool")).toMatchObject({
    ...{ action: "send", code: "not_participant", agent: "bravo", kid: "HUB_KEY", channel: id },
  });
  const { body } = await call(hub.url, "/api/hub/audit");
  const kick = lines.find(({ route }) => route === "/api/channel/kick");
  expect(body.acts).toEqual([
    {
      ...{ at: expect.any(String), request_id: kick?.["request_id"], kid: "team" },
      ...{ act: "kick", channel_id: id, target: "FLOODER" },
    },
  ]);
  const { body: told } = await call(hub.url, `/api/channel/${id}/history`);
  expect(told.messages.at(-2).event.by).toEqual({ key: "admin", name: "Admin team" });
});
