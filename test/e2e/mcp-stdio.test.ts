/** `channel-hub mcp`, driven by the official clients of both eras against a real hub. */
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from "vitest";
import { call, createChannel } from "../support/process/agent.ts";
import { Shell } from "../support/process/command.ts";
import { HUB_KEY, type HubProcess } from "../support/process/hub-process.ts";
import { freePort } from "../support/process/ports.ts";
import { post, send, startHub } from "./support/hub-calls.ts";
import type { Connected } from "./support/mcp-clients.ts";
import { type Served, STDIO_CLIENTS } from "./support/mcp-stdio-clients.ts";

let hub: HubProcess;
beforeAll(async () => {
  hub = await startHub();
});
afterAll(() => hub[Symbol.asyncDispose]());

let agents = 0;
/** A machine where an agent of that name, and of no other test, is at work. */
function shellOf(name: string, url = hub.url, hubKey = HUB_KEY): Shell & { readonly key: string } {
  const key = `${name.toLowerCase()}-${++agents}`;
  const env = { CHANNEL_HUB_AGENT: key, CHANNEL_HUB_NAME: name, CHANNEL_HUB_URL: url, CHANNEL_HUB_KEY: hubKey };
  const shell = Object.assign(new Shell(env), { key });
  onTestFinished(() => shell[Symbol.dispose]());
  return shell;
}

const [, , connect] = STDIO_CLIENTS[1] ?? [];

async function serve(shell: Shell): Promise<Served> {
  if (connect === undefined) throw new Error("no client");
  return await connect(shell);
}

/** What the model reads. */
async function say(client: Connected, args: object, options: object = {}): Promise<string> {
  const answer = await client.call("spf_channel", args, options);
  expect(answer.content).toHaveLength(1);
  return answer.content[0].text as string;
}

test.each(STDIO_CLIENTS)(
  "%s agrees on %s, creates, joins, sends, waits and reads history",
  async (_who, version, open) => {
    const [alpha, bravo] = await Promise.all([open(shellOf("ALPHA")), open(shellOf("BRAVO"))]);
    expect(alpha.version).toBe(version);
    expect(alpha.instructions).toContain("wait 45");
    const { tools } = await alpha.listTools();
    expect(tools).toMatchObject([{ name: "spf_channel", inputSchema: { type: "object", required: ["action"] } }]);
    const name = `stdio ${agents}`;
    expect(await say(alpha, { action: "create", channel: name })).toContain(`"${name}"; you are in it.`);
    expect(await say(bravo, { action: "join", channel: name })).toContain("Joined");
    const waited = say(bravo, { action: "listen", wait: 50, for: "me" });
    await sleep(200);
    expect(await say(alpha, { action: "send", text: "not for you" })).toContain("Sent [3]");
    expect(await say(alpha, { action: "send", text: "@BRAVO are you there?" })).toMatch(
      /^Sent \[4\] .*reached 1\.\nNext: /,
    );
    expect(await waited).toContain("[4] ALPHA @you: @BRAVO are you there?");
    expect(await say(bravo, { action: "send", text: "yes", reply_to: 4 })).toContain("Sent [5]");
    const history = await say(alpha, { action: "history" });
    for (const line of ["[3] ALPHA (you): not", "[4] ALPHA (you): @BRAVO", "[5] BRAVO (re 4) @you: yes"]) {
      expect(history).toContain(line);
    }
    await expect(alpha.call("nix")).rejects.toThrow("Unknown tool: nix; this server has spf_channel");
    expect(await say(alpha, { action: "dance" })).toMatch(/^Error/);
    expect([alpha.log(), bravo.log()]).toEqual(["", ""]);
  },
);

test("nothing is asked of the network before the first call, and a hub that is away is an answer", async () => {
  const client = await serve(shellOf("ALPHA", `http://127.0.0.1:${await freePort()}`));
  expect((await client.listTools()).tools).toHaveLength(1);
  const answer = await client.call("spf_channel", { action: "list" });
  expect(answer).toMatchObject({
    isError: true,
    content: [{ text: expect.stringContaining("no connection to the hub") }],
  });
});

test("a hub that is away is said to be, with nothing done; a listen that waits goes on with it once it is back", async () => {
  await using away = await startHub();
  const shell = shellOf("ALPHA", away.url);
  const id = await createChannel(away.url, "away", shell.key);
  await post(away.url, "join", { channel_id: id, key: "bravo" });
  await away.kill();
  const client = await serve(shell);
  const sent = await say(client, { action: "send", channel: id, text: "is it there?" });
  expect(sent).toMatch(
    /^Error unreachable: no connection to the hub: .*; nothing was done\.\nNext: \{"action":"listen"/,
  );
  expect(await say(client, { action: "listen", wait: 0 })).toMatch(/^Error unreachable: /);
  const waited = say(client, { action: "listen", wait: 50 });
  await away.restart();
  await send(away.url, id, { key: "bravo", text: "I am back" });
  expect(await waited).toContain("[3] bravo: I am back");
});

test.each([
  ["wrong-key", "the hub key is wrong: set CHANNEL_HUB_KEY to the right one in this server's settings"],
  ["${CHANNEL_HUB_KEY}", "CHANNEL_HUB_KEY is the text ${CHANNEL_HUB_KEY}, which the host did not replace"],
])("a hub key that is %s is told in the words of the settings", async (key, words) => {
  const client = await serve(shellOf("ALPHA", hub.url, key));
  const answer = await say(client, { action: "listen" });
  expect(answer).toContain(`Error unauthorized: ${words}`);
  expect(answer).not.toContain("x-spf-key");
});

test("[SOC5] the agent is connected from its first call on, until it disconnects or its host ends", async () => {
  const shell = shellOf("ALPHA");
  const id = await createChannel(hub.url, "presence", shell.key);
  const client = await serve(shell);
  const isThere = async (): Promise<boolean> => {
    const { participants } = (await call(hub.url, `/api/channel/${id}`)).body;
    return participants[0].connected as boolean;
  };
  expect(await isThere()).toBe(false);
  expect(await say(client, { action: "status" })).toContain(`${id} "presence": 0 unread`);
  expect(await isThere()).toBe(true);
  expect(await say(client, { action: "status" })).toContain("connected, 0 buffered");
  expect(await say(client, { action: "disconnect" })).toContain("Disconnected");
  expect(await isThere()).toBe(false);
  expect(await say(client, { action: "send", text: "without" })).toContain("Sent [2]");
  expect(await isThere()).toBe(false);
  expect(await say(client, { action: "connect" })).toContain("stays open between calls");
  expect(await isThere()).toBe(true);
  await client.close();
  while (await isThere()) await sleep(20);
});

test("[LIS1] a listen is the hub's listen, message for message and count for count", async () => {
  const shell = shellOf("ALPHA");
  const id = await createChannel(hub.url, "same", shell.key);
  await post(hub.url, "join", { channel_id: id, key: "bravo", name: "BRAVO" });
  const client = await serve(shell);
  await say(client, { action: "connect", channel: id });
  for (let n = 1; n <= 5; n++) {
    await send(hub.url, id, { key: "bravo", text: n % 2 === 0 ? `to @${shell.key} ${n}` : `${n}` });
    await send(hub.url, id, { key: shell.key, text: "own" });
  }
  await say(client, { action: "send", channel: id, text: "last" });
  const calls = [{}, { for: "me" }, { limit: 2 }].map((more) => ({ action: "listen", channel: id, after: 1, ...more }));
  const heard = async (): Promise<string[]> => {
    const answers: string[] = [];
    for (const args of calls) answers.push((await say(client, args)).replace(/^Shown before: .*\n/m, ""));
    return answers;
  };
  const [live, mine, two] = await heard();
  await say(client, { action: "disconnect", channel: id });
  expect(await heard()).toEqual([live, mine, two]);
  expect(live).toContain("[11] BRAVO");
  expect(mine).toContain("not for you");
});

test("[LIS1] of a listen in all channels, one in which there is nothing for the agent is left out, as by the hub", async () => {
  const shell = shellOf("ALPHA");
  const id = await createChannel(hub.url, "busy", shell.key);
  await post(hub.url, "join", { channel_id: id, key: "bravo" });
  await send(hub.url, id, { key: "bravo", text: "for somebody else" });
  const client = await serve(shell);
  await say(client, { action: "who", channel: id });
  expect(await say(client, { action: "listen", for: "me" })).toMatch(/^Nothing for you\.\nNext: /);
  expect((await call(hub.url, `/api/listen?key=${shell.key}&for=me`)).body.channels).toEqual([]);
});

test("[LIS3] [HST2] what a listen passes as after is read for good, and what was not acted after comes again with the next server", async () => {
  const shell = shellOf("ALPHA");
  const id = await createChannel(hub.url, "reading", shell.key);
  await post(hub.url, "join", { channel_id: id, key: "bravo" });
  const client = await serve(shell);
  await send(hub.url, id, { key: "bravo", text: "one" });
  expect(await say(client, { action: "listen" })).toContain("[3] bravo: one");
  expect(await say(client, { action: "listen" })).toContain("Nothing new");
  expect(await say(await serve(shell), { action: "listen" })).toContain("[3] bravo: one");
  expect(await say(client, { action: "listen", channel: id, after: "3" })).toContain("Nothing new");
  const { participants } = (await call(hub.url, `/api/channel/${id}`)).body;
  expect(participants[0]).toMatchObject({ read_seq: 3, unread: 0 });
  await send(hub.url, id, { key: "bravo", text: "two" });
  const again = await serve(shell);
  expect(await say(again, { action: "status" })).toContain("1 unread");
  expect(await say(again, { action: "listen" })).toContain("[4] bravo: two");
});

test("a wait tells of its progress, can be cancelled, and goes on through a crash of the hub", async () => {
  const shell = shellOf("ALPHA");
  const id = await createChannel(hub.url, "waiting", shell.key);
  await post(hub.url, "join", { channel_id: id, key: "bravo" });
  const client = await serve(shell);
  const heard: unknown[] = [];
  const onprogress = (step: unknown): number => heard.push(step);
  const waited = say(client, { action: "listen", wait: 50 }, { onprogress });
  while (heard.length === 0) await sleep(100);
  await hub.kill();
  await hub.restart();
  await send(hub.url, id, { key: "bravo", text: "still there?" });
  expect(await waited).toContain("still there?");
  expect(heard[0]).toMatchObject({ progress: expect.any(Number), total: 50, message: "waiting for messages" });
  const signal = AbortSignal.timeout(300);
  await expect(say(client, { action: "listen", channel: id, after: "3", wait: 50 }, { signal })).rejects.toThrow();
  expect(await say(client, { action: "who" })).toContain("bravo");
});

test("the server speaks for its agent alone, which may change its name", async () => {
  const shell = shellOf("ALPHA");
  const id = await createChannel(hub.url, "names", shell.key);
  const client = await serve(shell);
  expect(await say(client, { action: "send", text: "x", key: "bravo" })).toContain("Error identity_mismatch");
  expect(await say(client, { action: "send", text: "x", key: shell.key, name: "ANNA" })).toContain("Sent [2]");
  const { participants } = (await call(hub.url, `/api/channel/${id}`)).body;
  expect(participants).toMatchObject([{ key: shell.key, name: "ANNA", connected: true, kind: "agent" }]);
});

test("[GRD2] a channel that ends, or ends for the agent, is told as what it is", async () => {
  const shell = shellOf("ALPHA");
  const id = await createChannel(hub.url, "ending", "bravo");
  const client = await serve(shell);
  await say(client, { action: "join", channel: id });
  await post(hub.url, "kick", { channel_id: id, target: shell.key });
  expect(await say(client, { action: "listen", channel: id, wait: 5 })).toContain("Error not_participant");
  const other = await createChannel(hub.url, "deleted", shell.key);
  await say(client, { action: "connect", channel: other });
  await call(hub.url, `/api/channel/${other}`, { method: "DELETE" });
  expect(await say(client, { action: "listen", channel: other, wait: 5 })).toContain("Error channel_deleted");
});

test("[INP1] null in params was left out, and every id gets an answer, also of a line that is no request", async () => {
  const serving = shellOf("ALPHA").start(["mcp"]);
  const lines: readonly (readonly [line: string, answer: string])[] = [
    [
      `{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{"roots":null},"clientInfo":{"name":"x","version":"1","title":null},"_meta":null}}`,
      `"protocolVersion":"2025-11-25"`,
    ],
    [`{"jsonrpc":"2.0","method":"notifications/initialized","params":null}`, ""],
    [`{"jsonrpc":"2.0","id":2,"method":"tools/list","params":null}`, `"tools":[`],
    [
      `{"jsonrpc":"2.0","id":3,"method":"tools/call","params":{"name":"spf_channel","arguments":null,"_meta":{"progressToken":null}}}`,
      "action is missing",
    ],
    [
      `{"jsonrpc":"2.0","id":4,"method":"tools/call","params":{"name":"spf_channel","arguments":{"action":"list","channel":null,"to":null}}}`,
      "channels.",
    ],
    [`{"jsonrpc":"2.0","id":5,"method":7}`, `"id":5,"error":{"code":-32600`],
    [`{"jsonrpc":"2.0","id":6,"method":"ping","params":[null]}`, `"id":6,"error":{"code":-32600`],
    [`{"jsonrpc":"2.0","id":null,"method":"ping"}`, `"id":null,"error":{"code":-32600`],
    [`[]`, `"error":{"code":-32600`],
    [`no JSON`, `"error":{"code":-32700`],
    [
      `{"jsonrpc":"2.0","id":"deep","method":"ping","params":{"a":${'{"a":'.repeat(20_000)}1${"}".repeat(20_000)}}}`,
      "deep",
    ],
    [`{"jsonrpc":"2.0","id":7,"method":"ping","params":{"_meta":null}}`, `"result":{},"jsonrpc":"2.0","id":7`],
  ];
  let answered = 0;
  const answers = (): string[] => serving.out.split("\n").slice(0, -1);
  for (const [line, answer] of lines) {
    serving.type(`${line}\r\n\n`);
    if (answer === "") continue;
    answered += 1;
    await vi.waitFor(() => expect(answers()).toHaveLength(answered), { timeout: 20_000 });
    expect(answers().at(-1)).toContain(answer);
  }
  serving.endInput();
  expect((await serving.ended()).code).toBe(0);
});
