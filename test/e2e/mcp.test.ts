/**
 * The MCP endpoint from outside: the official clients of both protocol eras against a real process,
 * with tools of known behaviour beside the hub.
 */
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createConnection } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { buildWorker } from "../support/process/build.ts";
import { HUB_KEY, HubProcess } from "../support/process/hub-process.ts";
import { CLIENTS, former, modern } from "./support/mcp-clients.ts";
import { rawCall } from "./support/raw-call.ts";
import { endCalmly } from "./support/refusals.ts";

let hub: HubProcess;
let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "channel-hub-mcp-"));
  const worker = join(directory, "worker.js");
  await buildWorker(worker, [], "test/hub/support/mcp-worker.ts");
  hub = await HubProcess.start({ worker });
});
afterAll(async () => {
  await endCalmly(hub);
  await rm(directory, { recursive: true });
});

function at(tool: string): URL {
  return new URL(`${hub.url}/fixture/${tool}`);
}

test.each(CLIENTS)("%s agrees on %s, lists the tool and calls it", async (_who, version, connect) => {
  const client = await connect(at("echo"));
  expect(client.version).toBe(version);
  expect(client.instructions).toContain("wait 45");
  const { tools } = await client.listTools();
  expect(tools).toEqual([expect.objectContaining({ name: "echo", inputSchema: { type: "object" } })]);
  const answer = await client.call("echo", { text: "grüß dich ☂" });
  expect(answer.content).toEqual([{ type: "text", text: '{"text":"grüß dich ☂"}' }]);
  expect(answer.isError ?? false).toBe(false);
  expect(answer.structuredContent).toBeUndefined();
});

test.each(CLIENTS)("%s sees a failed call as one, and an unknown tool as an error", async (_who, _version, connect) => {
  const client = await connect(at("test_error_handling"));
  expect(await client.call("test_error_handling")).toMatchObject({ isError: true });
  await expect(client.call("nix")).rejects.toThrow("Unknown tool: nix; this server has test_error_handling");
});

test.each(CLIENTS)("%s waits on a stream and hears of progress", async (_who, _version, connect) => {
  const client = await connect(at("test_tool_with_progress"));
  const heard: unknown[] = [];
  const onprogress = (step: unknown): number => heard.push(step);
  const answer = await client.call("test_tool_with_progress", { wait: 1 }, { onprogress });
  expect(answer.content[0].text).toBe("three steps");
  expect(heard).toEqual([
    { progress: 1, message: "one" },
    { progress: 2, message: "two" },
    { progress: 3, message: "three" },
  ]);
});

type Waits = Record<"left" | "begun", number>;

/** How many waits began, and how many were left early. */
async function waits(): Promise<Waits> {
  const { content } = await (await former(at("wait"))).call("wait");
  const [left, begun] = (content[0].text as string).match(/\d+/g) ?? [];
  return { left: Number(left), begun: Number(begun) };
}

async function untilMore(what: keyof Waits, before: Waits): Promise<void> {
  while ((await waits())[what] === before[what]) await sleep(20);
}

function waitCall(seconds: number): string {
  const params = { name: "wait", arguments: { wait: seconds } };
  return JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params });
}

test.each(["text/event-stream", "application/json"])(
  "a wait for %s ends when its connection is reset",
  async (accept) => {
    const before = await waits();
    const body = waitCall(3000);
    const head = [`POST /fixture/wait HTTP/1.1`, "host: hub", `x-spf-key: ${HUB_KEY}`, `accept: ${accept}`];
    const socket = createConnection(hub.port, "127.0.0.1");
    socket.write(`${[...head, `content-length: ${body.length}`].join("\r\n")}\r\n\r\n${body}`);
    if (accept === "text/event-stream") await once(socket, "data");
    await untilMore("begun", before);
    socket.resetAndDestroy();
    await untilMore("left", before);
  },
);

// The runtime notices a connection that was closed, not reset, when it next writes to it: within ten seconds.
test("a client of 2026-07-28 gives up, and the hub stops waiting for it", async () => {
  const before = await waits();
  const client = await modern({ pin: "2026-07-28" })(at("wait"));
  const givingUp = new AbortController();
  const called = expect(client.call("wait", { wait: 3000 }, { signal: givingUp.signal })).rejects.toThrow();
  await untilMore("begun", before);
  givingUp.abort();
  await called;
  await untilMore("left", before);
});

test("the first byte of a wait leaves at once, and nothing is held back", async () => {
  const response = await fetch(at("wait"), {
    method: "POST",
    headers: { "x-spf-key": HUB_KEY, accept: "application/json, text/event-stream" },
    body: waitCall(3000),
  });
  const reader = response.body?.getReader();
  const first = await reader?.read();
  expect(new TextDecoder().decode(first?.value)).toBe(": ok\n\n");
  await reader?.cancel();
});

test.each(CLIENTS)(
  "[KEY1] %s without the hub key is refused, and starts no sign-in",
  async (_who, _version, connect) => {
    const url = new URL(`${hub.url}/mcp`);
    await expect(connect(url, { "x-spf-key": "" })).rejects.toThrow(/401|x-spf-key/);
  },
);

test("a body over the limit is refused before it is read as a message", async () => {
  const parts = [new TextEncoder().encode(`{"jsonrpc":"2.0","id":1,"method":"${"x".repeat(300_000)}"}`)];
  const { status, body } = await rawCall(hub, { path: "/fixture/echo", method: "POST", parts });
  expect([status, body.code]).toEqual([413, "body_too_large"]);
});
