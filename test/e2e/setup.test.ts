/** `setup` as a stranger runs it, unattended: hosts that are not installed here get their settings all the same. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, expect, inject, onTestFinished, test } from "vitest";
import { call, type Json } from "../support/process/agent.ts";
import { COMMAND } from "../support/process/command.ts";
import { HUB_KEY, HubProcess } from "../support/process/hub-process.ts";
import { freePort } from "../support/process/ports.ts";

let hub: HubProcess;
beforeAll(async () => {
  hub = await HubProcess.start({ worker: inject("worker") });
});
afterAll(() => hub[Symbol.asyncDispose]());

interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** A user's home with a project in it. */
class Machine {
  readonly home: string;
  readonly app: string;
  readonly env: Readonly<Record<string, string>>;

  constructor(variables: Readonly<Record<string, string>> = {}) {
    this.home = realpathSync(mkdtempSync(join(tmpdir(), "channel-hub-setup-")));
    onTestFinished(() => rmSync(this.home, { recursive: true }));
    this.app = this.folder("My App");
    this.env = { HOME: this.home, PATH: "/nowhere", CHANNEL_HUB_URL: hub.url, ...variables };
  }

  folder(name: string): string {
    mkdirSync(join(this.home, name), { recursive: true });
    return join(this.home, name);
  }

  write(name: string, text: string): string {
    mkdirSync(join(this.home, name, ".."), { recursive: true });
    writeFileSync(join(this.home, name), text);
    return join(this.home, name);
  }

  /** Every file, with what is in it. */
  tree(): Readonly<Record<string, string>> {
    const names = readdirSync(this.home, { recursive: true, encoding: "utf8" }).toSorted();
    const files = names.filter((name) => statSync(join(this.home, name)).isFile());
    return Object.fromEntries([
      ...names.map((name) => [name, ""]),
      ...files.map((name) => [name, readFileSync(join(this.home, name), "utf8")]),
    ]);
  }

  async setup(args: readonly string[], stdin = `${HUB_KEY}\n`, cwd = this.app): Promise<Ran> {
    return await this.run(["setup", ...args], stdin, cwd);
  }

  async run(args: readonly string[], stdin = "", cwd = this.app): Promise<Ran> {
    const [node, ...script] = COMMAND;
    const child = spawn(node, [...script, ...args], { cwd, env: this.env, stdio: "pipe" });
    child.stdin.on("error", () => undefined).end(stdin);
    let [out, err] = ["", ""];
    child.stdout.on("data", (part: Buffer) => (out += part.toString()));
    child.stderr.on("data", (part: Buffer) => (err += part.toString()));
    const [code] = (await once(child, "close")) as [number | null];
    return { code, out, err };
  }
}

/** The server as its host starts it, with nothing but what hosts hand on. */
class Server {
  readonly #child;
  readonly #answers: AsyncIterator<string>;
  #id = 0;

  constructor({ home, env }: Machine, { command, args, env: own }: Json, cwd: string) {
    this.#child = spawn(command, args, {
      cwd,
      env: { HOME: home, PATH: env["PATH"], ...own },
      stdio: ["pipe", "pipe", "inherit"],
    });
    this.#answers = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
    onTestFinished(() => void this.#child.kill("SIGKILL"));
  }

  async ask(method: string, params: object): Promise<Json> {
    this.#child.stdin.write(`${JSON.stringify({ jsonrpc: "2.0", id: ++this.#id, method, params })}\n`);
    for (;;) {
      const { value, done } = await this.#answers.next();
      if (done === true) throw new Error("the server has ended");
      const message: Json = JSON.parse(value);
      if (message.id === this.#id) return message.result;
    }
  }

  async start(): Promise<Json> {
    const about = { protocolVersion: "2025-06-18", capabilities: {}, clientInfo: { name: "test", version: "1" } };
    return await this.ask("initialize", about);
  }

  async call(args: object): Promise<string> {
    const { content } = await this.ask("tools/call", { name: "spf_channel", arguments: args });
    return content[0].text as string;
  }

  async end(): Promise<void> {
    this.#child.stdin.end();
    await once(this.#child, "close");
  }
}

function claudeEntry({ home }: Machine, project: string): Json {
  return JSON.parse(readFileSync(join(home, ".claude.json"), "utf8")).projects[project].mcpServers.hub;
}

async function participants(id: string): Promise<readonly Json[]> {
  return (await call(hub.url, `/api/channel/${id}`)).body.participants as readonly Json[];
}

let rooms = 0;

test("[HST1] [HST5] hosts are connected, each as somebody of its own that signs, and all is undone byte for byte", async () => {
  const machine = new Machine();
  machine.write(".claude.json", '{\n  // mine\n  "theme": "dark",\n}\n');
  machine.write(".codex/config.toml", '# mine\nmodel = "x"\n');
  const before = machine.tree();
  const channel = `room ${++rooms}`;
  const ran = await machine.setup(["claude", "codex", "gemini", "--channel", channel]);
  expect(ran.err).toContain("Claude Code: the tool works in");
  expect(ran.code).toBe(0);
  expect(ran.out).toContain("+[mcp_servers.hub]");
  const id = /\((ch-\d+)\)/.exec(ran.err)?.[1] ?? "";
  const there = await participants(id);
  expect(there.map(({ name, verified }) => [name, verified])).toEqual([
    ["claude-my-app", true],
    ["codex-my-app", true],
    ["gemini-my-app", true],
  ]);
  for (const [name, text] of Object.entries(machine.tree())) {
    if (!text.includes(HUB_KEY)) continue;
    expect(name).toMatch(/^\.config\/channel-hub\//);
    expect(statSync(join(machine.home, name)).mode & 0o077).toBe(0);
  }
  expect(await machine.setup(["claude", "codex", "gemini", "--channel", id])).toMatchObject({ code: 0, out: "" });
  expect(await participants(id)).toHaveLength(3);

  expect((await machine.setup(["codex", "--remove"])).code).toBe(0);
  expect(machine.tree()[".codex/config.toml"]).toBe('# mine\nmodel = "x"\n');
  expect((await machine.setup(["--remove"])).code).toBe(0);
  expect(machine.tree()).toEqual(before);
  expect(await participants(id)).toEqual([]);
  expect(await machine.setup(["--remove"])).toMatchObject({
    code: 1,
    err: expect.stringContaining("nothing is set up in"),
  });
});

test("[HST1] two sessions of one host in one folder are two agents, and who has ended is used again", async () => {
  const machine = new Machine();
  const { err } = await machine.setup(["claude", "--channel", `room ${++rooms}`]);
  const id = /\((ch-\d+)\)/.exec(err)?.[1] ?? "";
  const entry = claudeEntry(machine, machine.app);
  // Where tools are many, Claude offers only such a server's without a search.
  expect(entry.alwaysLoad).toBe(true);
  const sessions = [1, 2].map(() => new Server(machine, entry, machine.app));
  for (const session of sessions) {
    await session.start();
    expect(await session.call({ action: "send", channel: id, text: "hello" })).toMatch(/sent/i);
  }
  const { messages } = (await call(hub.url, `/api/channel/${id}/history`)).body;
  const said = messages.filter(({ text }: Json) => text === "hello");
  expect(said.map(({ from_name, verified }: Json) => [from_name, verified]).toSorted()).toEqual([
    ["claude-my-app", true],
    ["claude-my-app-2", true],
  ]);
  for (const session of sessions) await session.end();
  const again = new Server(machine, entry, machine.folder("My App/deep/inside"));
  await again.start();
  await again.call({ action: "send", channel: id, text: "again" });
  const last = (await call(hub.url, `/api/channel/${id}/history`)).body.messages.at(-1);
  expect(said.map(({ from }: Json) => from)).toContain(last.from);
  await again.end();
});

test("a folder in which nothing was set up has no tool, and the model is told why", async () => {
  const machine = new Machine();
  await machine.setup(["claude"]);
  const server = new Server(machine, claudeEntry(machine, machine.app), machine.folder("elsewhere"));
  expect((await server.start()).instructions).toContain("no hub is set up for claude in");
  expect(await server.ask("tools/list", {})).toMatchObject({ tools: [] });
  await server.end();
});

test("a second folder is another agent; the user's settings stay until the last one goes", async () => {
  const machine = new Machine();
  const other = machine.folder("other");
  await machine.setup(["codex", "--channel", `room ${++rooms}`]);
  await machine.setup(["codex", "--channel", `room ${rooms}`], undefined, other);
  const names = (await call(hub.url, "/api/channel/list")).body.channels.find(
    ({ name }: Json) => name === `room ${rooms}`,
  );
  expect((await participants(names.id)).map(({ name }) => name)).toEqual(["codex-my-app", "codex-other"]);
  await machine.setup(["--remove"]);
  expect(existsSync(join(machine.home, ".codex/config.toml"))).toBe(true);
  await machine.setup(["--remove"], undefined, other);
  expect(Object.keys(machine.tree())).toEqual(["My App", "other"]);
});

test.each<[string, readonly string[], string, Readonly<Record<string, string>>, number, RegExp]>([
  ["without a key", ["claude"], "", {}, 2, /no hub key for .*\n {2}set CHANNEL_HUB_KEY/],
  ["with a wrong key", ["claude"], "wrong-key-that-is-long-enough\n", {}, 3, /CHANNEL_HUB_KEY/],
  [
    "with a key in its command line",
    ["claude", "--key", "x"],
    "",
    {},
    2,
    /can be seen by others\n {2}set CHANNEL_HUB_KEY/,
  ],
  ["with a host that there is not", ["emacs"], "", {}, 2, /no host is called emacs\n {2}known are claude, codex/],
  ["where no host is installed", [], "", {}, 1, /no host is installed here/],
  [
    "where the hub cannot be reached",
    ["claude"],
    `${"k".repeat(30)}\n`,
    { CHANNEL_HUB_URL: "http://127.0.0.1:1" },
    5,
    /no connection to the hub/,
  ],
])("%s nothing is written, and what to do is said", async (_what, args, stdin, variables, code, says) => {
  const machine = new Machine(variables);
  const before = machine.tree();
  const ran = await machine.setup(args, stdin);
  expect([ran.code, ran.err]).toEqual([code, expect.stringMatching(says)]);
  expect(machine.tree()).toEqual(before);
});

test("[HST5] settings that do not parse are named with their line, before anything is asked or written", async () => {
  const machine = new Machine({ CHANNEL_HUB_URL: `http://127.0.0.1:${await freePort()}` });
  const path = machine.write(".gemini/settings.json", '{\n  "a": 1\n  "b": 2\n}\n');
  const before = machine.tree();
  const ran = await machine.setup(["claude", "gemini"]);
  expect([ran.code, ran.err]).toEqual([1, expect.stringContaining(`${path}, line 3: `)]);
  expect(machine.tree()).toEqual(before);
});

test("--dry-run shows what would be written, needs no hub, and writes nothing", async () => {
  const machine = new Machine({ CHANNEL_HUB_URL: "http://127.0.0.1:1" });
  const before = machine.tree();
  const ran = await machine.setup(["opencode", "--dry-run"], "");
  expect(ran).toMatchObject({ code: 0, out: expect.stringContaining("opencode.json (new)") });
  expect(machine.tree()).toEqual(before);
});

test("[HST1] install prints one block to paste, for each host another agent, for the same one the same, and keeps nothing", async () => {
  const machine = new Machine();
  const before = machine.tree();
  const agents: string[] = [];
  for (const host of ["claude", "gemini", "opencode", "cursor", "claude"]) {
    const { out, code } = await machine.run(["install", host]);
    expect(code).toBe(0);
    const [servers] = Object.values(JSON.parse(out) as Record<string, Json>);
    agents.push((servers.hub.env ?? servers.hub.environment).CHANNEL_HUB_AGENT);
    expect(out).not.toContain(HUB_KEY);
  }
  expect(agents[0]).toMatch(/^claude-my-app-[0-9a-f]{4}$/);
  expect(new Set(agents).size).toBe(4);
  expect(agents[4]).toBe(agents[0]);
  const remote = JSON.parse((await machine.run(["install", "claude", "--remote"])).out).mcpServers.hub;
  expect(remote).toMatchObject({ url: `${hub.url}/mcp`, headers: { "x-hub-agent": agents[0] }, alwaysLoad: true });
  expect(await machine.run(["install", "claude", "--remote", "--local"])).toMatchObject({ code: 2, out: "" });
  expect(machine.tree()).toEqual(before);
});

test("[HST1] the printed settings speak as two agents that sign, in any folder", async () => {
  const machine = new Machine({ CHANNEL_HUB_KEY: HUB_KEY });
  const { body } = await call(hub.url, "/api/channel/create", { body: { name: "printed", key: "me" } });
  for (const host of ["claude", "gemini"]) {
    const entry = JSON.parse((await machine.run(["install", host])).out).mcpServers.hub;
    // The host puts the variable's value in place of its reference.
    const server = new Server(
      machine,
      { ...entry, env: { ...entry.env, CHANNEL_HUB_KEY: HUB_KEY } },
      machine.folder("elsewhere"),
    );
    await server.start();
    await server.call({ action: "join", channel: body.channel_id });
    await server.end();
  }
  const there = (await participants(body.channel_id)).filter(({ key }) => key !== "me");
  expect(there.map(({ name, verified }) => [name, verified])).toEqual([
    ["claude-my-app", true],
    ["gemini-my-app", true],
  ]);
});

test("[HST1] whatever runs for a host in its folder is its agent, with no environment: --host", async () => {
  const machine = new Machine();
  const { err } = await machine.setup(["claude", "gemini", "--channel", `room ${++rooms}`]);
  const id = /\((ch-\d+)\)/.exec(err)?.[1] ?? "";
  const bare = new Machine({
    CHANNEL_HUB_URL: "http://127.0.0.1:1",
    CHANNEL_HUB_AGENT: "somebody",
    HOME: machine.home,
  });
  expect((await bare.run(["send", id, "hi", "--host", "gemini"], "", machine.app)).code).toBe(0);
  const last = (await call(hub.url, `/api/channel/${id}/history`)).body.messages.at(-1);
  expect(last).toMatchObject({ text: "hi", from_name: "gemini-my-app", verified: true });
  const nobody = new Machine({ CHANNEL_HUB_URL: "", HOME: machine.home });
  const lost = await nobody.run(["list", "--host", "codex"], "", machine.app);
  expect(lost).toMatchObject({ code: 1, err: expect.stringContaining("no hub is set up for codex in") });
});

test("[HST5] set-ups at the same time lose nothing of each other", async () => {
  const machine = new Machine();
  const folders = ["one", "two", "three"].map((name) => machine.folder(name));
  const ran = await Promise.all(folders.map((folder) => machine.setup(["claude", "codex"], undefined, folder)));
  for (const { code, err } of ran) expect([code, code === 0 ? "" : err]).toEqual([0, ""]);
  for (const folder of folders) expect(claudeEntry(machine, folder).args).toContain("--host");
  for (const folder of folders) await machine.setup(["--remove"], undefined, folder);
  expect(Object.keys(machine.tree())).toEqual(["My App", "one", "three", "two"]);
});

test("[HST3] wake --verify says how long an agent took to be reached and by what, or why it was not", async () => {
  const machine = new Machine({ CHANNEL_HUB_KEY: HUB_KEY });
  await machine.setup(["claude", "codex", "--channel", `room ${++rooms}`]);
  const [node, ...script] = COMMAND;
  const waiting = spawn(node, [...script, "wait", "--host", "claude"], { cwd: machine.app, env: machine.env });
  onTestFinished(() => void waiting.kill("SIGKILL"));
  const holds = (): boolean => Object.keys(machine.tree()).some((name) => name.endsWith("/waiting"));
  while (!holds()) await new Promise((again) => setTimeout(again, 50));
  const { code, out } = await machine.run(["wake", "--verify"]);
  expect(out).toMatch(/^Claude Code  reached in \d+\.\d s, by a wait of its hook or plugin$/m);
  expect(out).toMatch(/^Codex +not reached: nothing that could wake it runs here/m);
  expect(code).toBe(1);
  expect(await machine.run(["wake", "--verify"], "", machine.folder("other"))).toMatchObject({ code: 1, out: "" });
});
