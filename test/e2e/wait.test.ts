/** `channel-hub wait` as hooks and background shells use it: real processes, a real hub, and what may befall both. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { Desk } from "../../src/cli/wake/desk.ts";
import { isRunning } from "../../src/cli/wake/processes.ts";
import { call, createChannel } from "../support/process/agent.ts";
import { COMMAND, Shell } from "../support/process/command.ts";
import { HUB_KEY, type HubProcess } from "../support/process/hub-process.ts";
import { post, send, startHub } from "./support/hub-calls.ts";

let hub: HubProcess;
beforeAll(async () => {
  hub = await startHub({ HUB_LOOP_GUARD: "0" });
});
afterAll(() => hub[Symbol.asyncDispose]());

let agents = 0;
/** A machine of an agent that is in no channel yet. */
function machine(more: Readonly<Record<string, string>> = {}): { readonly shell: Shell; readonly key: string } {
  const key = `waiter-${++agents}`;
  const shell = new Shell({
    CHANNEL_HUB_URL: hub.url,
    CHANNEL_HUB_KEY: HUB_KEY,
    CHANNEL_HUB_AGENT: key,
    CHANNEL_HUB_NAME: key.toUpperCase(),
    ...more,
  });
  onTestFinished(() => shell[Symbol.dispose]());
  return { shell, key };
}

async function join(channel_id: string, key: string): Promise<void> {
  await post(hub.url, "join", { channel_id, key, name: key.toUpperCase() });
}

/** A machine whose agent is in a channel of its own. */
async function inChannel(): Promise<{ readonly shell: Shell; readonly key: string; readonly id: string }> {
  const id = await createChannel(hub.url);
  const { shell, key } = machine();
  await join(id, key);
  return { shell, key, id };
}

async function readSeq(id: string, key: string): Promise<number> {
  const { participants } = (await call(hub.url, `/api/channel/${id}`)).body;
  return participants.find((one: { key: string }) => one.key === key).read_seq;
}

const textsOf = ({ out }: { readonly out: string }): string[] =>
  out
    .trim()
    .split("\n")
    .map((line) => (JSON.parse(line) as { text: string }).text);

describe("what wakes", () => {
  test("[HST3] a mention, a reply and what is sent to it wake; talk, its own words and the hub's do not", async () => {
    const { shell, key, id } = await inChannel();
    const own = await send(hub.url, id, { key, text: "who knows?" });
    const waiting = shell.start(["wait", "--json", "--timeout", "3"]);
    await send(hub.url, id, { text: "good morning" });
    await send(hub.url, id, { key, text: `talking to myself, @${key}` });
    await join(id, "somebody");
    expect(await waiting.ended()).toMatchObject({ code: 124, out: "" });
    for (const [fields, text] of [
      [{ text: `@${key} look` }, `@${key} look`],
      [{ text: "I do", reply_to: own.body.message.seq }, "I do"],
      [{ text: "for you", to: [key] }, "for you"],
      [{ text: "@all lunch" }, "@all lunch"],
    ] as const) {
      await send(hub.url, id, fields);
      expect(textsOf(await shell.run(["wait", "--json"])).at(-1)).toBe(text);
    }
  });

  test("[HST3] what was said before it comes along, counts as read, and one mention wakes once", async () => {
    const { shell, key, id } = await inChannel();
    await send(hub.url, id, { text: "before" });
    const mention = (await send(hub.url, id, { text: "look", to: [key] })).body.message.seq;
    await send(hub.url, id, { text: "after" });
    expect(textsOf(await shell.run(["wait", "--json"]))).toEqual(["before", "look"]);
    expect(await readSeq(id, key)).toBe(mention);
    expect(await shell.run(["wait", "--timeout", "1"])).toMatchObject({ code: 124, out: "" });
    expect((await shell.run(["listen", id, "--once"])).out).toMatch(/: after\n$/);
  });

  test("[HST3] in the oldest of 20 channels too, and in one that is joined while it waits", async () => {
    const { shell, key } = machine();
    const waiting = shell.start(["wait", "--json"]);
    await waiting.printed("not in any channel yet", "err");
    const ids: string[] = [];
    for (let n = 0; n < 20; n++) ids.push(await createChannel(hub.url));
    for (const id of ids) await join(id, key);
    await send(hub.url, ids[0] ?? "", { text: "in the first", to: [key] });
    expect(textsOf(await waiting.ended())).toEqual(["in the first"]);
    const next = shell.start(["wait", "--json"]);
    await send(hub.url, ids[3] ?? "", { text: "in the fourth", to: [key] });
    expect(textsOf(await next.ended())).toEqual(["in the fourth"]);
  });
});

describe("what it survives", () => {
  test("[HST3] a hub that is away from the start, restarts and is killed meanwhile", async () => {
    await using own = await startHub();
    const id = await createChannel(own.url);
    const { shell, key } = machine({ CHANNEL_HUB_URL: own.url });
    await post(own.url, "join", { channel_id: id, key });
    await own.kill();
    const waiting = shell.start(["wait", "--json"]);
    await waiting.printed("trying again", "err");
    await own.restart();
    await waiting.printed("the hub is back", "err");
    await own.kill();
    await own.restart();
    await send(own.url, id, { text: "still there?", to: [key] });
    expect(await waiting.ended()).toMatchObject({ code: 0, out: expect.stringContaining("still there?") });
    expect(await shell.run(["wait", "--timeout", "1"])).toMatchObject({ code: 124 });
  });

  test("[HST3] a proxy that cuts what waits: 504, nonsense and resets, the first request among them", async () => {
    const { shell, key, id } = await inChannel();
    const proxy = await faulty([504, "html", "reset", 502, "pass", "reset", 504]);
    const waiting = shell.start(["wait", "--json", "--url", proxy.url, "--key", HUB_KEY]);
    await proxy.used(7);
    await send(hub.url, id, { text: "through", to: [key] });
    expect(await waiting.ended()).toMatchObject({ code: 0, out: expect.stringContaining("through") });
  });

  test("[HST3] being put out of its channel, and let in again", async () => {
    const { shell, key, id } = await inChannel();
    const waiting = shell.start(["wait", id, "--json"]);
    await untilTaken(shell, key);
    await post(hub.url, "leave", { channel_id: id, key });
    await waiting.printed(`not in ${id} yet`, "err");
    await join(id, key);
    await send(hub.url, id, { text: "welcome back", to: [key] });
    expect(await waiting.ended()).toMatchObject({ code: 0, out: expect.stringContaining("welcome back") });
  });

  test("what cannot change ends it: a wrong key with 3, a channel that is deleted with 4", async () => {
    const { shell, key, id } = await inChannel();
    expect(await shell.run(["wait", "--key", "wrong"])).toMatchObject({ code: 3, out: "" });
    expect(await shell.run(["wait", "no such channel"])).toMatchObject({ code: 4, out: "" });
    const waiting = shell.start(["wait", id]);
    await untilTaken(shell, key);
    await call(hub.url, `/api/channel/${id}`, { method: "DELETE" });
    expect(await waiting.ended()).toMatchObject({ code: 4, out: "" });
    const nowhere = machine({ CHANNEL_HUB_URL: "http://127.0.0.1:1" }).shell;
    expect(await nowhere.run(["wait", "--timeout", "1"])).toMatchObject({ code: 124 });
    expect(await nowhere.run(["wait", "ops", "--timeout", "1"])).toMatchObject({ code: 124 });
  });
});

describe("one for each agent", () => {
  test("[HST3] a second one ends with 6 and says who waits; one mention wakes once; a killed one leaves no lock", async () => {
    const { shell, key, id } = await inChannel();
    const first = shell.start(["wait", "--json"]);
    await untilTaken(shell, key);
    const others = [shell.start(["wait", "--json"]), shell.start(["wait", "--json"])];
    for (const other of others) {
      expect(await other.ended()).toMatchObject({
        code: 6,
        out: "",
        err: expect.stringContaining(`${first.child.pid}`),
      });
    }
    first.child.kill("SIGKILL");
    await first.ended();
    const next = [1, 2].map(() => shell.start(["wait", "--json", "--timeout", "3"]));
    await send(hub.url, id, { text: "one of you", to: [key] });
    const ends = await Promise.all(next.map((one) => one.ended()));
    // Which of the two had it, and whether the other came while it was held, is nobody's business.
    expect(ends.filter(({ out }) => out.includes("one of you"))).toHaveLength(1);
  });

  test("[HST3] one that still asks the hub which channel is meant hears a second one, and signals", async () => {
    const silent = createServer(() => undefined).listen(0, "127.0.0.1");
    await once(silent, "listening");
    onTestFinished(() => silent.close().closeAllConnections());
    const url = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
    const { shell, key } = machine({ CHANNEL_HUB_URL: url });
    const first = shell.start(["wait", "ops"]);
    await untilTaken(shell, key, url);
    expect(await shell.run(["wait", "ops"])).toMatchObject({ code: 6 });
    expect(isRunning(first.child.pid ?? 0)).toBe(true);
    first.child.kill("SIGTERM");
    expect(await first.ended()).toMatchObject({ code: 130 });
  });

  test("[HST3] a second one makes the first look for channels joined meanwhile", async () => {
    const { shell, key, id } = await inChannel();
    const waiting = shell.start(["wait", "--json"]);
    await untilTaken(shell, key);
    await sleep(500);
    const later = await createChannel(hub.url);
    await join(later, key);
    await shell.run(["wait"]);
    await send(hub.url, later, { text: "here", to: [key] });
    const started = performance.now();
    expect(await waiting.ended()).toMatchObject({ code: 0, out: expect.stringContaining("here") });
    // The next round by itself would have been after 50 s.
    expect(performance.now() - started).toBeLessThan(49_000);
    expect(await readSeq(id, key)).toBeGreaterThan(0);
  });

  test("[HST3] while the model listens by itself nothing wakes it, nor what that has shown", async () => {
    const { shell, key, id } = await inChannel();
    const { epoch } = (await call(hub.url, `/api/channel/${id}`)).body;
    const desk = new Desk(shell.env, hub.url, key);
    desk.note({ busy: true, pushes: false, shown: {} });
    const waiting = shell.start(["wait", "--json"]);
    const { seq } = (await send(hub.url, id, { text: "seen by the model", to: [key] })).body.message;
    await sleep(1000);
    expect(waiting.out).toBe("");
    desk.note({ busy: false, pushes: false, shown: { [id]: { epoch, seq } } });
    await send(hub.url, id, { text: "new to it", to: [key] });
    expect(textsOf(await waiting.ended())).toEqual(["new to it"]);
  });
});

describe("its host", () => {
  test.each(["SIGKILL", "SIGTERM"] as const)(
    "[HST3] it ends with the host that started it, also behind shells: %s",
    async (signal) => {
      const { shell, key } = machine();
      const script = `require("node:child_process").spawn("sh", ["-c", ${JSON.stringify(`sh -c '${COMMAND.join(" ")} wait; true'; true`)}], {stdio: "ignore"}); setInterval(() => {}, 1000)`;
      const host = spawn(process.execPath, ["-e", script], { env: shell.env });
      const pid = await untilTaken(shell, key);
      host.kill(signal);
      await gone(pid);
      expect(new Desk(shell.env, hub.url, key).told).toEqual({});
    },
  );

  test.runIf(process.platform === "linux")(
    "[HST3] a host that ends while its hooks start, or wait for one another, leaves none of them",
    async () => {
      await Promise.all(
        // Measured by what a start takes here: amid the second one's, and while it waits for the lock of the first.
        ["0", "took / 2", "took + 300", "took + 1000"].map(async (ms) => {
          const { shell, key } = machine();
          const { lock } = new Desk(shell.env, hub.url, key);
          const hook = `${COMMAND.join(" ")} wait --hook claude --attended; exit $?`;
          // A host with a person at its terminal, which goes on when the host has ended.
          const program = `const start = () => require("node:child_process").spawn("sh", ["-c", ${JSON.stringify(hook)}], { stdio: "ignore" });
            const begin = performance.now();
            start();
            const looking = setInterval(() => {
              if (!require("node:fs").existsSync(${JSON.stringify(lock)})) return;
              clearInterval(looking);
              const took = performance.now() - begin;
              start();
              setTimeout(() => process.kill(process.pid, "SIGKILL"), ${ms});
            }, 20);`;
          const path = `${shell.home}/host.cjs`;
          await writeFile(path, program);
          const line = `${process.execPath} ${path}; echo over; sleep 1000`;
          const terminal = spawn("script", ["-qec", line, "/dev/null"], { env: shell.env });
          onTestFinished(() => void terminal.kill("SIGKILL"));
          let shown = "";
          while (!shown.includes("over")) shown += String((await once(terminal.stdout, "data"))[0]);
          while (processesOf(shell).some((command) => command.includes("wait"))) await sleep(50);
        }),
      );
    },
  );

  test("[HST3] it ends with stdin where it is asked to, and at once on a signal, without its lock", async () => {
    const { shell, key } = machine();
    const piped = shell.start(["wait", "--while-stdin"]);
    await untilTaken(shell, key);
    piped.endInput();
    expect(await piped.ended()).toMatchObject({ code: 1, out: "" });
    for (const signal of ["SIGTERM", "SIGHUP", "SIGINT"] as const) {
      const waiting = shell.start(["wait"]);
      const pid = await untilTaken(shell, key);
      waiting.child.kill(signal);
      expect(await waiting.ended()).toMatchObject({ code: 130, out: "" });
      await gone(pid);
    }
  });

  test("[HST3] as a hook of Claude Code it ends with 2 and the message on stderr, of Gemini CLI with JSON on stdout", async () => {
    const { shell, key, id } = await inChannel();
    await send(hub.url, id, { text: "look", to: [key] });
    const claude = await shell.run(["wait", "--hook", "claude"]);
    expect(claude).toMatchObject({ code: 2, out: "" });
    expect(claude.err).toMatch(/^Channel Hub: a message for you\. [^]*\] ALPHA @you: look\nTo answer, /);
    expect(await shell.run(["wait", "--hook", "claude", "--timeout", "0"])).toEqual({ code: 0, out: "", err: "" });
    await send(hub.url, id, { text: "look", to: [key] });
    const gemini = await shell.run(["wait", "--hook", "gemini"]);
    expect(gemini).toMatchObject({ code: 0, err: "" });
    expect(JSON.parse(gemini.out)).toEqual({ decision: "deny", reason: expect.stringContaining("ALPHA @you: look") });
    const waiting = shell.start(["wait"]);
    await untilTaken(shell, key);
    for (const hook of ["claude", "gemini"])
      expect(await shell.run(["wait", "--hook", hook])).toEqual({ code: 0, out: "", err: "" });
    // A host without a terminal ends with its turn, and so does what waits for it.
    expect(await shell.run(["wait", "--hook", "claude", "--attended"])).toEqual({ code: 0, out: "", err: "" });
    expect(waiting.child.exitCode).toBeNull();
  });
});

test("[HST3] for OpenCode it tells one after the other, and what was not taken is told again", async () => {
  const { shell, key, id } = await inChannel();
  const first = shell.start(["wait", "--hook", "opencode"]);
  for (const text of ["one", "two"]) {
    await send(hub.url, id, { text, to: [key] });
    await first.printed(`: ${text}`);
    if (text === "one") first.type("taken\n");
  }
  first.endInput();
  expect((await first.ended()).out.trim().split("\n")).toHaveLength(2);
  const again = shell.start(["wait", "--hook", "opencode"]);
  await again.printed(": two");
  expect(again.out).not.toContain(": one");
});

test("[HST3] as a hook it is silent in a folder for which no hub is set up", async () => {
  using shell = new Shell({});
  const quiet = { code: 0, out: "", err: "" };
  expect(await shell.run(["wait", "--host", "gemini", "--hook", "gemini"])).toEqual(quiet);
  expect(await shell.run(["wait", "--host", "gemini"])).toMatchObject({ code: 1, out: "" });
});

/** The number of the process that waits. */
async function untilTaken(shell: Shell, key: string, url: string = hub.url): Promise<number> {
  const { lock } = new Desk(shell.env, url, key);
  for (;;) {
    const holder = await readFile(lock, "utf8").catch(() => "{}");
    const { pid } = JSON.parse(holder) as { pid?: number };
    if (pid !== undefined && isRunning(pid)) return pid;
    await sleep(20);
  }
}

/** The commands that run with that machine's home. */
function processesOf({ home }: Shell): string[] {
  return readdirSync("/proc").flatMap((pid) => {
    try {
      const isOurs = readFileSync(`/proc/${pid}/environ`, "utf8").includes(`HOME=${home}\0`);
      return isOurs ? [readFileSync(`/proc/${pid}/cmdline`, "utf8")] : [];
    } catch {
      // No process, or one that has ended.
      return [];
    }
  });
}

async function gone(pid: number): Promise<void> {
  while (isRunning(pid)) await sleep(50);
}

type Fault = "pass" | "html" | "reset" | 502 | 504;

/** A proxy before the hub that treats its first requests as it is told, and passes all others on. */
async function faulty(
  faults: readonly Fault[],
): Promise<{ readonly url: string; readonly used: (count: number) => Promise<void> }> {
  let count = 0;
  const server = createServer((incoming, outgoing) => {
    const fault = faults[count++] ?? "pass";
    if (fault === "reset") incoming.socket.destroy();
    else if (fault === "html") outgoing.end("<html>busy</html>");
    else if (fault !== "pass") outgoing.writeHead(fault).end("<html>gateway</html>");
    else {
      const { url = "", method, headers } = incoming;
      const onward = request(hub.url + url, { method, headers }, (answer) => {
        outgoing.writeHead(answer.statusCode ?? 0, answer.headers);
        answer.pipe(outgoing);
      });
      onward.on("error", () => outgoing.destroy());
      outgoing.on("close", () => onward.destroy());
      incoming.pipe(onward);
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    used: async (wanted) => {
      while (count < wanted) await sleep(20);
    },
  };
}
