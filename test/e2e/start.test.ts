/** `npm start`: what it shows, that it works as shown, and that it ends without a trace but its state. */
import { once } from "node:events";
import { mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { call, type Json } from "../support/process/agent.ts";
import { freePort } from "../support/process/ports.ts";
import { StartProcess } from "./support/start-process.ts";

const LOCAL = { "x-spf-key": "dev-key" };

test("what npm start shows works as it stands, and its state outlives it", async () => {
  const directory = await temporaryDirectory();
  const args = ["--port", String(await freePort()), "--persist-to", directory];
  const hub = started(args);
  const { url, init } = await hub.printedLine();
  expect(hub.output).toContain(`key  dev-key\n`);
  const made = (await (await fetch(url, init)).json()) as Json;
  expect(made).toMatchObject({ ok: true, channel_id: "ch-1" });
  const { origin } = new URL(url);
  await sendTo(origin, "kept");
  await hub.interrupt();
  await expect(fetch(`${origin}/health`)).rejects.toThrow("fetch failed");

  const again = started(args);
  await again.printedLine();
  const { body } = await call(origin, "/api/channel/ch-1/history", { headers: LOCAL });
  expect(body.messages.map((message: Json) => message.text)).toEqual(["Channel 'ops' created by me", "kept"]);
  await again.terminate();
  await expect(fetch(`${origin}/health`)).rejects.toThrow("fetch failed");
});

test("[KEY2] HUB_KEY of the environment replaces dev-key and is not shown", async () => {
  const key = "a-key-of-the-environment";
  const args = ["--port", String(await freePort()), "--persist-to", await temporaryDirectory()];
  const hub = started(args, { HUB_KEY: key });
  const { url, init } = await hub.printedLine();
  expect((await fetch(url, init)).status).toBe(200);
  const { origin } = new URL(url);
  expect((await call(origin, "/api/channel/list", { headers: { "x-spf-key": key } })).status).toBe(200);
  expect((await call(origin, "/api/channel/list", { headers: LOCAL })).body.code).toBe("unauthorized");
  await hub.terminate();
  expect(hub.output).toContain("key  HUB_KEY of the environment\n");
  expect(hub.output).not.toContain(key);
});

test("two hubs start at once", async () => {
  const ports = [await freePort(), await freePort()];
  const hubs = await Promise.all(
    ports.map(async (port) => started(["--port", String(port), "--persist-to", await temporaryDirectory()])),
  );
  for (const hub of hubs) expect((await fetch(new URL("/health", (await hub.printedLine()).url))).status).toBe(200);
});

test("a port in use, an absurd one, and a short key for other machines are said in one sentence", async () => {
  const taken = await listening();
  const port = portOf(taken);
  const directory = await temporaryDirectory();
  const file = join(directory, "file");
  await writeFile(file, "");
  for (const [args, says] of [
    [
      ["--port", `${port}`, "--persist-to", directory],
      `port ${port} on 127.0.0.1 is in use; choose another: npm start -- --port ${port + 1}\n`,
    ],
    [["--port"], "--port must be a whole number from 1 to 65535, got nothing\n"],
    [["--persist-to", file], expect.stringContaining(`the state cannot be kept in ${file}: EEXIST`)],
    [["--port=http"], '--port must be a whole number from 1 to 65535, got "http"\n'],
    [
      ["--ip", "0.0.0.0"],
      "--ip 0.0.0.0 opens the hub to other machines: set HUB_KEY to a secret of at least 24 characters\n",
    ],
  ] as const) {
    const hub = started(args);
    expect(await hub.ended()).toBe(1);
    expect(hub.output).toEqual(says);
  }
  taken.close();
});

test("a second hub on the same state refuses to start and says why, by whatever path and port", async () => {
  const directory = await temporaryDirectory();
  const port = String(await freePort());
  const first = started(["--port", port, "--persist-to", directory]);
  const { origin } = new URL((await first.printedLine()).url);
  await symlink(directory, `${directory}-link`);
  onTestFinished(() => rm(`${directory}-link`));
  for (const args of [
    ["--port", String(await freePort()), "--persist-to", directory],
    [`--persist-to=${directory}-link`, "--port", port],
  ]) {
    const second = started(args);
    expect(await second.ended()).toBe(1);
    expect(second.output).toMatch(/^the hub at \S+ \(process \d+\) uses the state in \S+: use that hub, or give/);
    expect(second.output).toContain(origin);
    expect(second.output).toContain("--persist-to ../hub-state-");
  }
  expect((await fetch(`${origin}/health`)).status).toBe(200);
});

test("killed without a word, it leaves no runtime behind, and port and state are free for the next", async () => {
  const directory = await temporaryDirectory();
  const args = ["--port", String(await freePort()), "--persist-to", directory];
  const key = "a-key-of-the-environment";
  const hub = started(args, { HUB_KEY: key });
  const { origin } = new URL((await hub.printedLine()).url);
  await hub.crash();
  const again = started(args);
  const { url, init } = await again.printedLine();
  expect(new URL(url).origin).toBe(origin);
  expect((await fetch(url, init)).status).toBe(200);
});

test("a variable that makes no sense is said at the start, in the hub's own words", async () => {
  const state = ["--port", String(await freePort()), "--persist-to", await temporaryDirectory()];
  for (const [variable, says] of [
    ["HUB_ORIGINS:https://app.example/chat", 'HUB_ORIGINS: "https://app.example/chat" is more than an origin'],
    ["HUB_RATE_BURST:lots", "HUB_RATE_BURST must be a whole number"],
  ]) {
    const hub = started([...state, "--var", variable ?? ""]);
    expect(await hub.ended()).toBe(1);
    expect(hub.output).toContain(`the hub cannot be used: ${says}`);
    expect(hub.output).not.toContain("ready");
  }
});

test("--help says what there is, also beside a hub that runs, and starts none", async () => {
  const state = ["--port", String(await freePort()), "--persist-to", await temporaryDirectory()];
  await started(state).printedLine();
  const asked = started([...state, "--help"]);
  expect(await asked.ended()).toBe(0);
  for (const flag of ["--port", "--ip", "--persist-to", "--var"]) expect(asked.output).toContain(`  ${flag} `);
});

test("what wrangler refuses is shown", async () => {
  const hub = started(["--port", String(await freePort()), "--shout"]);
  expect(await hub.ended()).toBe(1);
  expect(hub.output).toContain("Unknown argument: shout");
});

function started(args: readonly string[], variables?: Readonly<Record<string, string>>): StartProcess {
  const hub = new StartProcess(args, variables);
  onTestFinished(() => hub.terminate());
  return hub;
}

async function sendTo(origin: string, text: string): Promise<void> {
  const sent = await call(origin, "/api/channel/send", {
    headers: LOCAL,
    body: { channel_id: "ch-1", key: "me", text },
  });
  expect(sent.body).toMatchObject({ ok: true, message: { text } });
}

async function temporaryDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "channel-hub-start-"));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

async function listening(): Promise<Server> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  return server;
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}
