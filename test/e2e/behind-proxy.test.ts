/** A hub behind a reverse proxy: under a path of its own, and behind balancers that end what waits. */
import { expect, inject, onTestFinished, test } from "vitest";
import { HubClient } from "../../src/client/index.ts";
import { authorizeAs, createIdentity } from "../../src/client/identity.ts";
import { call, createChannel } from "../support/process/agent.ts";
import { HUB_KEY, HubProcess } from "../support/process/hub-process.ts";
import { freePort } from "../support/process/ports.ts";
import { post } from "./support/hub-calls.ts";
import { ReverseProxy } from "../support/process/reverse-proxy.ts";

async function hubWith(variables: Readonly<Record<string, string>> = {}): Promise<HubProcess> {
  const hub = await HubProcess.start({ worker: inject("worker"), variables });
  onTestFinished(() => hub[Symbol.asyncDispose]());
  return hub;
}

test("[IDN2] [IDN3] under a path that a proxy takes away, signatures, tickets and sockets hold where HUB_URL names it", async () => {
  const port = await freePort();
  const hub = await hubWith({ HUB_URL: `http://127.0.0.1:${port}/hub/` });
  using proxy = await ReverseProxy.before(hub.url, { prefix: "/hub", port });
  const { identity } = await createIdentity();
  const agent = { key: identity.key, name: "SIGNER" };
  const client = new HubClient({ url: proxy.url, key: HUB_KEY, agent, authorize: authorizeAs(identity) });
  const { channel_id } = await client.api.create("under a path");
  const live = await client.connect(channel_id);
  const { message } = await live.send("signed");
  expect(message).toMatchObject({ verified: true, text: "signed" });
  const { url } = await client.api.ticket(channel_id, { watch: true });
  expect(url).toContain(`ws://127.0.0.1:${port}/hub/ws/channel/${channel_id}?ticket=`);
  const own = await call(hub.url, "/api/channel/list", {
    headers: { "x-spf-key": HUB_KEY, origin: `http://127.0.0.1:${port}` },
  });
  expect(own.status).toBe(200);
  await live.disconnect();
});

test.each(["hub.example", "ftp://hub.example", "https://hub.example/?a=1", "https://u:p@hub.example"])(
  "[KEY2] a HUB_URL that is no address (%s) closes the hub and says so",
  async (address) => {
    const hub = await hubWith({ HUB_URL: address });
    const { status, body } = await call(hub.url, "/api/channel/list", { headers: { "x-spf-key": HUB_KEY } });
    expect([status, body.code, body.error]).toEqual([503, "hub_not_configured", expect.stringContaining("HUB_URL")]);
  },
);

test.each(["504", "cut"] as const)(
  "[LIS1] a wait that a balancer ends (%s) goes on, and its caller is told nothing",
  async (manner) => {
    const hub = await hubWith();
    const channel_id = await createChannel(hub.url);
    using proxy = await ReverseProxy.before(hub.url, { patience_ms: 5500, manner });
    const client = new HubClient({ url: proxy.url, key: HUB_KEY, agent: { key: "alpha" } });
    const waiting = client.api.listen(channel_id, { wait: 55 });
    await expect.poll(() => proxy.asked.length).toBe(2);
    await post(hub.url, "join", { channel_id, key: "bravo" });
    await post(hub.url, "send", { channel_id, key: "bravo", text: "at last" });
    expect((await waiting).messages.at(-1)).toMatchObject({ text: "at last" });
  },
);
