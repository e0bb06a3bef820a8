/** What the command says where something is wrong: a plain sentence, what to do next, and a code for programs. */
import { spawnSync, type SpawnSyncReturns } from "node:child_process";
import { createServer, type AddressInfo, type Server } from "node:net";
import { once } from "node:events";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, onTestFinished, test } from "vitest";
import { failedFrom } from "../../src/cli/exit.ts";
import { whyUnreachable } from "../../src/cli/unreachable.ts";
import { HubError } from "../../src/client/index.ts";
import { call, createChannel, type Json } from "../support/process/agent.ts";
import { COMMAND, type Finished, Shell } from "../support/process/command.ts";
import { HUB_KEY, HubProcess } from "../support/process/hub-process.ts";
import { freePort } from "../support/process/ports.ts";
import { post, send } from "./support/hub-calls.ts";
import { ReverseProxy } from "../support/process/reverse-proxy.ts";

let hub: HubProcess;
beforeAll(async () => {
  hub = await HubProcess.start({ worker: inject("worker"), variables: { HUB_RATE_PER_SECOND: "0" } });
});
afterAll(() => hub[Symbol.asyncDispose]());

function shellOf(name: string, more: Readonly<Record<string, string>> = {}): Shell {
  const settings = { CHANNEL_HUB_URL: hub.url, CHANNEL_HUB_KEY: HUB_KEY, CHANNEL_HUB_AGENT: name.toLowerCase() };
  const shell = new Shell({ ...settings, CHANNEL_HUB_NAME: name, ...more });
  onTestFinished(() => shell[Symbol.dispose]());
  return shell;
}

function failure({ err }: Finished): Json {
  return JSON.parse(err.trim().split("\n").at(-1) ?? "");
}

describe("the hub's address", () => {
  test.each([
    ["http://127.0.0.1:8787/api", "http://127.0.0.1:8787"],
    ["https://hub.example/hub/api/channel/list", "https://hub.example/hub"],
    ["https://hub.example/mcp/", "https://hub.example"],
    ["wss://hub.example/ws/channel/ch-1?key=a", "wss://hub.example"],
    ["http://127.0.0.1:8787/#/c/ch-1", "http://127.0.0.1:8787"],
    ["localhost:8787", "http://localhost:8787"],
    ["hub.example/mcp", "https://hub.example"],
    ["https://me:secret@hub.example/", "https://hub.example; the hub key goes into CHANNEL_HUB_KEY"],
  ])("%s is refused with what was meant", async (url, meant) => {
    const { code, out, err } = await shellOf("ALPHA").run(["list", "--url", url]);
    expect([code, out]).toEqual([2, ""]);
    expect(err).toContain(`you mean perhaps ${meant}\n`);
    expect(err).not.toContain("secret");
  });

  test("slashes at the end, capitals and blanks around it do not count", async () => {
    for (const url of [`${hub.url}///`, ` ${hub.url.toUpperCase()}/ `])
      expect(await shellOf("ALPHA").run(["list", "--url", url])).toMatchObject({ code: 0 });
  });

  test("TLS where there is none, none where there is, nobody there, no such host: one sentence each", async () => {
    const plain = hub.url.replace("http:", "https:");
    const silent = await ending();
    const says: readonly (readonly [string, string])[] = [
      [plain, `127.0.0.1:${hub.port} does not speak TLS\n  its address is perhaps ${hub.url}\n`],
      [silent, "ended the connection without an answer\n  if the hub speaks TLS, its address is https://"],
      [`http://127.0.0.1:${await freePort()}`, "nothing listens at 127.0.0.1:"],
      [`http://localhost:${await freePort()}`, "nothing listens at localhost:"],
      ["http://no-such-host.invalid", "no-such-host.invalid"],
      [`${hub.url}/hub`, "leave /hub out of the hub's address"],
    ];
    for (const [url, sentence] of says) {
      const { code, err } = await shellOf("ALPHA").run(["list", "--url", url]);
      expect([code, err]).toEqual([5, expect.stringContaining(sentence)]);
      expect(err).not.toMatch(/fetch failed|:error:|openssl/i);
    }
  });
});

test("whatever a certificate is wrong in is one sentence, and so is TLS where plain HTTP was said", () => {
  const says = (url: string, reason: string): string => whyUnreachable(url, reason)?.says ?? "";
  expect(says("https://h", "DEPTH_ZERO_SELF_SIGNED_CERT")).toContain("nobody whom this machine trusts");
  expect(says("https://h", "CERT_HAS_EXPIRED")).toContain("has expired");
  expect(says("https://h", "ERR_TLS_CERT_ALTNAME_INVALID")).toContain("for another name");
  expect(whyUnreachable("https://h:1", "ERR_SSL_PACKET_LENGTH_TOO_LONG")?.hint).toContain("http://h:1");
  expect(whyUnreachable("http://h:1/hub", "ECONNRESET")?.hint).toContain("https://h:1/hub");
  expect(whyUnreachable("http://h", "E_NEW")).toBeUndefined();
  const page = "this is no answer of a hub (status 400): <h1>400 The plain HTTP request was sent to HTTPS port</h1>";
  expect(failedFrom(new HubError({ code: "bad_answer", message: page, status: 400 })).hint).toContain("https://");
});

test("listen says in plain words why it tries again", async () => {
  const id = await createChannel(hub.url);
  const listening = shellOf("ALPHA", { CHANNEL_HUB_URL: hub.url.replace("http:", "https:") }).start(["listen", id]);
  await listening.printed("does not speak TLS; trying again", "err");
});

/** A server that takes connections and ends them at the first word, as one that expects TLS does. */
async function ending(): Promise<string> {
  const server: Server = createServer((socket) =>
    socket.once("data", () => socket.destroy()).on("error", () => undefined),
  );
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe("channels and names", () => {
  test("who has not joined is told how, with 3", async () => {
    const id = await createChannel(hub.url, "closed shop");
    const { code, err } = await shellOf("NOBODY").run(["send", "closed shop", "hi"]);
    expect([code, err]).toEqual([3, expect.stringMatching(new RegExp(`channel-hub.* join ${id}\n$`))]);
  });

  test("a name that is taken is not taken again unless that is meant, and one like an id never", async () => {
    const alpha = shellOf("ALPHA");
    const first = (await alpha.run(["create", "twice"])).out.trim();
    const again = await alpha.run(["create", "TWICE"]);
    expect([again.code, again.out, again.err]).toEqual([1, "", expect.stringContaining(`join ${first}`)]);
    expect(await alpha.run(["send", "twice", "hi"])).toMatchObject({ code: 0 });
    const second = (await alpha.run(["create", "twice", "--another"])).out.trim();
    expect(second).toMatch(/^ch-\d+$/);
    const which = await alpha.run(["send", "twice", "hi"]);
    expect([which.code, which.err]).toEqual([2, expect.stringContaining(second)]);
    for (const name of ["ch-1", "CH-99", " ch-7 "])
      expect(await alpha.run(["create", name])).toMatchObject({
        code: 2,
        err: expect.stringContaining("ids look like that"),
      });
  });

  test("bytes that are not UTF-8 are refused, and nothing is stored", async () => {
    const id = await createChannel(hub.url);
    await post(hub.url, "join", { channel_id: id, key: "bravo" });
    for (const args of [
      ["send", id, "-"],
      ["chat", id],
    ]) {
      const command = shellOf("BRAVO").start(args);
      command.child.stdin?.end(Buffer.from([0x68, 0x69, 0xff, 0x0a]));
      const { code, err } = await command.ended();
      expect([code, err]).toEqual([2, expect.stringContaining("not UTF-8")]);
    }
    const { messages } = (await call(hub.url, `/api/channel/${id}/history`)).body;
    expect(messages.filter(({ msg_type }: Json) => msg_type === "text")).toEqual([]);
    expect(await shellOf("BRAVO").run(["send", id, "-"], "grüß 🙂\n")).toMatchObject({ code: 0 });
  });

  test.runIf(process.platform === "linux")(
    "an argument that is not UTF-8 is refused; U+FFFD itself is a text",
    async () => {
      const id = await createChannel(hub.url, "octets", "bravo");
      const { env } = shellOf("BRAVO");
      // A shell passes on what Node's own spawn cannot.
      const say = (escapes: string): SpawnSyncReturns<string> => {
        const line = `exec "$0" "$@" "$(printf '${escapes}')"`;
        return spawnSync("sh", ["-c", line, ...COMMAND, "send", id], { env, encoding: "utf8" });
      };
      const { status, stderr } = say(String.raw`caf\351`);
      expect([status, stderr]).toEqual([2, expect.stringContaining("an argument is not UTF-8\n  convert it first")]);
      expect(say(String.raw`caf\357\277\275`).status).toBe(0);
      const { messages } = (await call(hub.url, `/api/channel/${id}/history`)).body;
      expect(messages.slice(1).map(({ text }: Json) => text)).toEqual(["caf\uFFFD"]);
    },
  );
});

describe("settings", () => {
  function keeping(shell: Shell, settings: object): string {
    const folder = join(shell.home, ".config/channel-hub");
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "config.json"), JSON.stringify(settings), { mode: 0o600 });
    return join(folder, "config.json");
  }

  test("one that nobody reads is named, and one of the wrong type too", async () => {
    const shell = shellOf("ALPHA");
    keeping(shell, { chanel: "ops", url: hub.url });
    const { code, err } = await shell.run(["list"]);
    expect([code, err]).toEqual([0, expect.stringMatching(/nobody reads "chanel"; known are url, key, agent/)]);
    keeping(shell, { channel: 5 });
    expect(await shell.run(["list"])).toMatchObject({ code: 2, err: expect.stringContaining("channel: ") });
  });

  test("one that nobody reads is named within a profile and in the environment too; a mark before the file is none", async () => {
    const shell = shellOf("ALPHA", { CHANNEL_HUB_CHANEL: "ops" });
    const path = keeping(shell, { url: hub.url, profiles: { work: { url: hub.url, chanel: "ops" } } });
    writeFileSync(path, `\uFEFF${readFileSync(path, "utf8")}`);
    const { code, err } = await shell.run(["list"]);
    expect(code).toBe(0);
    expect(err).toContain(`nobody reads "profiles.work.chanel"; known are`);
    expect(err).toContain("nobody reads CHANNEL_HUB_CHANEL of the environment; known are CHANNEL_HUB_URL,");
  });

  test("an agent key or a name that is empty is none", async () => {
    expect(await shellOf("ALPHA").run(["list", "--agent", ""])).toMatchObject({ code: 2 });
    expect(await shellOf("ALPHA").run(["list", "--name", ""])).toMatchObject({ code: 2 });
  });

  test("key agent replaces nothing that is kept, unless it is told to", async () => {
    const shell = shellOf("ALPHA");
    const path = keeping(shell, { agent: "old-one", channel: "ops" });
    const refused = await shell.run(["key", "agent"]);
    expect([refused.code, refused.out]).toEqual([1, ""]);
    expect(refused.err).toMatch(/old-one.*\n.*--force.*none of its channels/);
    expect(JSON.parse(readFileSync(path, "utf8"))).toEqual({ agent: "old-one", channel: "ops" });
    const replaced = await shell.run(["key", "agent", "--force"]);
    expect(replaced.err).toContain("old-one is no longer used here");
    expect(replaced.err).toContain("CHANNEL_HUB_AGENT is set to alpha");
  });
});

describe("--json", () => {
  test.each([
    [["who", "never made", "--json"], 4, "not_found"],
    [["send", "ch-99999", "x", "--json"], 4, "channel_not_found"],
    [["list", "--json", "--key", "wrong"], 3, "unauthorized"],
    [["list", "--json", "--url", "http://127.0.0.1:1"], 5, "network"],
    [["list", "--json", "--url", "nowhere"], 2, "usage"],
    [["dance", "--json"], 2, "usage"],
    [["history", "--json", "-n", "none"], 2, "usage"],
    [["create", "ch-1", "--json"], 2, "usage"],
    [["send", "--json"], 2, "usage"],
    [["--json"], 2, "usage"],
    [["key", "--json"], 2, "usage"],
    [["lsit", "--json"], 2, "usage"],
    [["--kind", "robot", "list", "--json"], 2, "usage"],
  ] as const)("%j ends with %i and the code %s, in one line", async (args, exit, code) => {
    const ended = await shellOf("ALPHA").run(args);
    expect([ended.code, ended.out]).toEqual([exit, ""]);
    expect(ended.err.trim().split("\n")).toHaveLength(1);
    expect(failure(ended)).toMatchObject({ ok: false, code, exit, error: expect.stringMatching(/\w/) });
  });

  test("whoever calls a command wrongly is told where it is said what it takes", async () => {
    const { code, err } = await shellOf("ALPHA").run(["send", "ops"]);
    expect(code).toBe(2);
    expect(err).toMatch(
      /^channel-hub: missing required argument 'text'\n {2}this says what it takes: .* send --help\n$/,
    );
  });

  test("what does something says what it did", async () => {
    const id = await createChannel(hub.url);
    for (const args of [
      ["join", id],
      ["leave", id],
    ]) {
      const { code, out } = await shellOf("CAROL").run([...args, "--json"]);
      expect([code, JSON.parse(out)]).toEqual([0, expect.objectContaining({ channel_id: id })]);
    }
  });
});

describe("a hub that comes and goes", () => {
  test("listen goes on when its first request breaks", async () => {
    const id = await createChannel(hub.url);
    await post(hub.url, "join", { channel_id: id, key: "bravo" });
    const port = await freePort();
    const listening = shellOf("BRAVO", { CHANNEL_HUB_URL: `http://127.0.0.1:${port}` }).start(["listen", id, "--once"]);
    await listening.printed("trying again", "err");
    using proxy = await ReverseProxy.before(hub.url, { port });
    await send(hub.url, id, { key: "alpha", text: "after all" });
    expect(await listening.ended()).toMatchObject({ code: 0, out: expect.stringContaining("after all") });
    expect(proxy.asked.length).toBeGreaterThan(0);
  });

  test("listen hears all channels that it has joined, however many", async () => {
    const ids: string[] = [];
    for (let n = 0; n < 18; n++) {
      const id = await createChannel(hub.url, `many ${n}`);
      await post(hub.url, "join", { channel_id: id, key: "dora" });
      ids.push(id);
    }
    for (const id of [ids[0], ids.at(-1)]) {
      const listening = shellOf("DORA").start(["listen", "--once", "--json"]);
      await send(hub.url, id ?? "", { key: "alpha", text: `in ${id}` });
      expect((await listening.ended()).out).toContain(`"in ${id}"`);
    }
  });

  test("history gives as many as are asked for, however large, and what is looked for", async () => {
    const id = await createChannel(hub.url);
    for (let n = 0; n < 40; n++) await send(hub.url, id, { key: "alpha", text: `${n} ${"x".repeat(60_000)}` });
    await send(hub.url, id, { key: "alpha", text: "A Needle" });
    const alpha = shellOf("ALPHA");
    const numbers = async (...args: string[]): Promise<number[]> => {
      const { out } = await alpha.run(["history", id, "--json", ...args]);
      return out
        .split("\n")
        .filter((line) => line !== "")
        .map((line) => (JSON.parse(line) as { seq: number }).seq);
    };
    const all = Array.from({ length: 42 }, (_none, at) => at + 1);
    expect(await numbers("-n", "1000")).toEqual(all);
    expect(await numbers("-n", "30")).toEqual(all.slice(-30));
    expect(await numbers("--after", "2")).toEqual(all.slice(2));
    expect(await numbers("--after", "2", "--before", "40", "-n", "35")).toEqual(all.slice(2, 37));
    expect(await numbers("--before", "5")).toEqual([1, 2, 3, 4]);
    expect(await numbers("--grep", "needle")).toEqual([42]);
    expect(await numbers("--grep", "Needless")).toEqual([]);
    expect(await numbers("--grep", "^3\\d? ", "-n", "2")).toEqual([40, 41]);
    expect(await numbers("--since", "1h")).toEqual(all);
    expect(await numbers("--since", "2999-01-01")).toEqual([]);
    for (const args of [
      ["--since", "soon"],
      ["--grep", "("],
    ])
      expect(await alpha.run(["history", id, ...args])).toMatchObject({ code: 2 });
  });
});
