/** What the hub writes down: one line a request, and never a word of a caller's (T3, T21). */
import { expect, test } from "vitest";
import { createIdentity, signRequest } from "../../src/client/identity.ts";
import { Agent, call, createChannel } from "../support/process/agent.ts";
import { HUB_KEY, type HubProcess } from "../support/process/hub-process.ts";
import { history, post, send, startHub } from "./support/hub-calls.ts";
import { hubKey } from "./support/identity.ts";
import { requestsIn, untilSaid } from "./support/log-lines.ts";
import { patchedHub } from "./support/patched-hub.ts";
import { rawCall } from "./support/raw-call.ts";
import { endCalmly } from "./support/refusals.ts";

/** Would be seen in whatever encoding leaves letters alone; the rest would break a line or forge one. */
const CANARY = "canary7f3a";
const BREAKING = `${CANARY}\n{"level":"info","event":"forged"}\r\n\u001b[2J\u2028`;

/** Everything that a caller can say, with a canary in it. */
async function sing(hub: HubProcess): Promise<void> {
  const id = await createChannel(hub.url, CANARY, CANARY, CANARY);
  const body = { channel_id: id, key: `${CANARY}.2`, name: CANARY };
  await send(hub.url, id, { ...body, text: BREAKING, client_msg_id: CANARY, to: [CANARY], kind: CANARY });
  await post(hub.url, "join", body);
  await send(hub.url, id, { ...body, text: BREAKING, client_msg_id: CANARY, to: [CANARY] });
  await post(hub.url, "kick", { channel_id: id, target: CANARY, key: CANARY });
  for (const action of ["create", "send", "leave", CANARY]) await post(hub.url, action, BREAKING);
  await post(hub.url, "join", { ...body, channel_id: BREAKING });
  await history(hub.url, id, `?epoch=${CANARY}&${CANARY}=${encodeURIComponent(BREAKING)}&after=1`);
  await call(hub.url, `/api/channel/${encodeURIComponent(BREAKING)}`);
  await call(hub.url, `/${CANARY}/${encodeURIComponent(BREAKING)}?ticket=${CANARY}`);
  await call(hub.url, `/api/channel/list?token=${HUB_KEY}`);
  await call(hub.url, `/api/channel/${id}/listen?key=${CANARY}&after=0&for=${CANARY}`);
  await call(hub.url, "/mcp", { body: toolCall(id), headers: { "x-hub-agent": CANARY, "x-hub-name": CANARY } });
  await singInHeaders(hub, id);
  await singOnSockets(hub, id);
}

function toolCall(channel: string): object {
  const args = { action: "send", channel, text: BREAKING, key: CANARY, name: CANARY };
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
  const agent = await Agent.connect(hub.url, id, `key=${CANARY}.3&name=${CANARY}&${CANARY}=${CANARY}`);
  await agent.next();
  for (const frame of [{ action: "send", text: BREAKING, ref: CANARY }, { action: CANARY }, BREAKING, `{"${CANARY}":`])
    await agent.ask(frame);
  agent.say("x".repeat(300_000) + CANARY);
  await agent.next();
  const refused = [`key=${CANARY}&ticket=${CANARY}.${CANARY}`, `key=${CANARY}%00`, `key=${CANARY}&after=${CANARY}`];
  for (const query of refused) await Agent.connect(hub.url, id, query).catch(() => undefined);
  await Agent.connect(hub.url, `ch-${CANARY}`, `key=${CANARY}`).catch(() => undefined);
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
  // Of a forged line there is nothing: each line is a request that was made.
  expect(requests.filter(({ event }) => event !== "request")).toEqual([]);
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

test("[T21] a request is one line: route as the code writes it, status, code, ids, milliseconds", async () => {
  const hub = await startHub();
  const id = await createChannel(hub.url);
  await send(hub.url, id, { text: "x" });
  const { body } = await call(hub.url, "/api/channel/ch-9/history?limit=5");
  await call(hub.url, "/nowhere");
  await call(hub.url, `/api/channel/${id}`, { headers: { "x-spf-key": "wrong" } });
  await Agent.connect(hub.url, id, "key=alpha").then((agent) => agent.socket.terminate());
  await untilSaid(hub, '"status":101');
  await endCalmly(hub);
  const requests = requestsIn(hub.output).filter(({ route }) => route !== "/health");
  const [kid, request_id] = ["HUB_KEY", expect.any(String)];
  expect(requests.map(({ ms: _ms, level: _level, event: _event, ...fields }) => fields)).toEqual([
    { route: "/api/channel/create", method: "POST", status: 200, kid },
    { route: "/api/channel/send", method: "POST", status: 200, kid, channel: id },
    {
      ...{ route: "/api/channel/:id/history", method: "GET", status: 404, code: "channel_not_found" },
      ...{ request_id: body.request_id, kid, channel: "ch-9" },
    },
    { route: "none", method: "GET", status: 404, code: "not_found", request_id, kid },
    { route: "/api/channel/:id", method: "GET", status: 401, code: "unauthorized", request_id, channel: id },
    { route: "/ws/channel/:id", method: "GET", status: 101, kid, channel: id },
  ]);
});
