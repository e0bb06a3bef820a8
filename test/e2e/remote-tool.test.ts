/** `spf_channel` over POST /mcp, driven by the official clients of both eras against a real hub. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { call, createChannel } from "../support/process/agent.ts";
import { buildWorker } from "../support/process/build.ts";
import { HUB_KEY, HubProcess } from "../support/process/hub-process.ts";
import {
  HIBERNATED_MS,
  TELLING_LISTENS,
  TELLING_WAKES,
  untilListens,
  untilWakes,
  wakes,
} from "../support/process/wakes.ts";
import { post, send } from "./support/hub-calls.ts";
import { CLIENTS, type Connected } from "./support/mcp-clients.ts";

let hub: HubProcess;
let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "channel-hub-tool-"));
  await buildWorker(join(directory, "worker.js"), [TELLING_WAKES, TELLING_LISTENS]);
  hub = await HubProcess.start({ worker: join(directory, "worker.js"), variables: { HUB_RATE_PER_SECOND: "0" } });
});
afterAll(async () => {
  await hub[Symbol.asyncDispose]();
  await rm(directory, { recursive: true, force: true });
});

const endpoint = (): URL => new URL(`${hub.url}/mcp`);

/** What the model reads. */
async function say(client: Connected, args: object): Promise<string> {
  const answer = await client.call("spf_channel", args);
  expect(answer.structuredContent).toBeUndefined();
  expect(answer.content).toHaveLength(1);
  return answer.content[0].text as string;
}

test.each(CLIENTS)("%s creates, joins, sends, waits and reads history", async (_who, version, connect) => {
  const name = `ops ${version} ${Math.random().toString(36).slice(2)}`;
  const alpha = await connect(endpoint(), { "x-hub-agent": `alpha-${name.slice(-8)}`, "x-hub-name": "ALPHA" });
  const bravo = await connect(endpoint(), { "x-hub-agent": `bravo-${name.slice(-8)}`, "x-hub-name": "BRAVO" });
  const { tools } = await alpha.listTools();
  expect(tools.map((tool: { name: string }) => tool.name)).toEqual(["spf_channel"]);
  expect(await say(alpha, { action: "create", channel: name })).toContain(name);
  expect(await say(bravo, { action: "join", channel: name })).toContain(name);
  const waited = say(bravo, { action: "listen", wait: 50, for: "me" });
  await untilListens(hub, `bravo-${name.slice(-8)}`);
  expect(await say(alpha, { action: "send", text: "@BRAVO are you there?" })).toMatch(
    /^Sent \[3\] .*reached 1\.\nNext: /,
  );
  expect(await waited).toContain("[3] ALPHA @you: @BRAVO are you there?");
  expect(await say(bravo, { action: "send", text: "yes", reply_to: 3, after: "3" })).toMatch(/^Error/);
  expect(await say(bravo, { action: "send", text: "yes", reply_to: 3 })).toContain("Sent [4]");
  const history = await say(alpha, { action: "history", channel: name });
  for (const line of ["[3] ALPHA (you): @BRAVO", "[4] BRAVO (re 3) @you: yes"]) expect(history).toContain(line);
  expect(await say(alpha, { action: "who" })).toContain("BRAVO");
});

test("[LIS2] the channel object sleeps while a model waits through /mcp", async () => {
  const id = await createChannel(hub.url);
  await post(hub.url, "join", { channel_id: id, key: "sleeper", name: "SLEEPER" });
  const [, , connect] = CLIENTS[1] ?? CLIENTS[0] ?? [];
  if (connect === undefined) throw new Error("no client");
  const client = await connect(endpoint(), { "x-hub-agent": "sleeper" });
  const waited = say(client, { action: "listen", wait: 50 });
  await sleep(HIBERNATED_MS);
  expect(wakes(hub, id)).toBe(1);
  await send(hub.url, id, { text: "good morning" });
  expect(await waited).toContain("good morning");
  await untilWakes(hub, id, 2);
});

test("[HST2] a send through /mcp wakes its own channel alone, of all that its agent is in", async () => {
  const ids: string[] = [];
  for (let made = 0; made < 5; made++) ids.push(await createChannel(hub.url, `quiet ${made}`, "busy"));
  const [, , connect] = CLIENTS[3] ?? [];
  const client = await connect?.(endpoint(), { "x-hub-agent": "busy" });
  if (client === undefined) throw new Error("no client");
  const [first = "", ...others] = ids;
  await say(client, { action: "listen", channel: first, after: "1" });
  await sleep(HIBERNATED_MS);
  const before = new Map(ids.map((id) => [id, wakes(hub, id)]));
  expect(await say(client, { action: "send", channel: first, text: "one" })).toContain("Sent [2]");
  await untilWakes(hub, first, (before.get(first) ?? 0) + 1);
  for (const id of others) expect(wakes(hub, id)).toBe(before.get(id));
});

test("[HST6] [T4] the key that the host gave is final; an argument may repeat it, not contradict it", async () => {
  const [, , connect] = CLIENTS[0] ?? [];
  const client = await connect?.(endpoint(), { "x-hub-agent": "mine" });
  if (client === undefined) throw new Error("no client");
  const id = await createChannel(hub.url);
  expect(await say(client, { action: "join", channel: id, key: "other" })).toBe(
    `Error identity_mismatch: your host speaks for mine alone (x-hub-agent); leave key out.\nNext: {"action":"join","channel":"${id}"}`,
  );
  expect(await say(client, { action: "join", channel: id, key: "mine" })).toContain("Joined");
  const { participants } = (await call(hub.url, `/api/channel/${id}`)).body;
  expect(participants).toMatchObject([{ key: "alpha" }, { key: "mine" }]);
});

test("an identity comes from the arguments too; without one an action says both ways", async () => {
  const [, , connect] = CLIENTS[0] ?? [];
  const client = await connect?.(endpoint());
  if (client === undefined) throw new Error("no client");
  const nobody = await say(client, { action: "send", text: "x" });
  for (const way of ["x-hub-agent", "key"]) expect(nobody).toContain(way);
  const id = await createChannel(hub.url);
  expect(await say(client, { action: "join", channel: id, key: "guest-1", name: "GUEST" })).toContain(id);
  const { participants } = (await call(hub.url, `/api/channel/${id}`)).body;
  expect(participants).toMatchObject([{ key: "alpha" }, { key: "guest-1", name: "GUEST", kind: "agent" }]);
});

test.each(CLIENTS)(
  "[HST7] [T1] %s with a wrong key sees the tool, and its call says what is wrong",
  async (_who, _version, connect) => {
    for (const [key, words] of [
      ["wrong", "the hub key is wrong"],
      ["${CHANNEL_HUB_KEY}", "the header x-spf-key is the text ${CHANNEL_HUB_KEY}, which your host did not replace"],
    ] as const) {
      const client = await connect(endpoint(), { "x-spf-key": key, "x-hub-agent": "alpha" });
      expect((await client.listTools()).tools).toMatchObject([{ name: "spf_channel" }]);
      const answer = await client.call("spf_channel", { action: "list" });
      expect(answer.isError).toBe(true);
      expect(answer.content[0].text).toContain(`Error unauthorized: ${words}`);
      expect(answer.content[0].text).not.toContain("ch-1");
    }
  },
);

test("[KEY1] a 401 from /mcp names the header and offers no OAuth; GET is 405; a foreign page is refused", async () => {
  const ask = (headers: Record<string, string>, method = "POST"): Promise<Response> =>
    fetch(endpoint(), { method, headers, ...(method === "POST" && { body: "{}" }) });
  const unauthorized = await ask({});
  expect([unauthorized.status, unauthorized.headers.get("www-authenticate")]).toEqual([401, null]);
  expect(await unauthorized.text()).toContain("x-spf-key");
  expect((await ask({ "x-spf-key": HUB_KEY }, "GET")).status).toBe(405);
  expect((await ask({}, "GET")).status).toBe(401);
  // Hosts that look for a stream beside drop a server that refuses that.
  const wrong = await ask({ "x-spf-key": "wrong" }, "GET");
  expect([wrong.status, wrong.headers.get("allow")]).toEqual([405, "POST"]);
  expect((await ask({ "x-spf-key": HUB_KEY, origin: "https://evil.example" })).status).toBe(403);
});
