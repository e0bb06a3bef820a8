/** `channel-hub resident`: real processes, an agent that speaks ACP, and what may befall each of them. */
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { isRunning, processInfo } from "../../src/cli/wake/processes.ts";
import { createChannel } from "../support/process/agent.ts";
import { ROOT } from "../support/process/build.ts";
import { type Command, Shell } from "../support/process/command.ts";
import { HUB_KEY, type HubProcess } from "../support/process/hub-process.ts";
import { history, post, send, startHub } from "./support/hub-calls.ts";

let hub: HubProcess;
beforeAll(async () => {
  hub = await startHub();
});
afterAll(() => hub[Symbol.asyncDispose]());

const AGENT = [process.execPath, join(ROOT, "test/support/process/acp-agent.ts")];

interface Life {
  readonly id: string;
  readonly shell: Shell;
  readonly start: (...flags: readonly string[]) => Promise<Command>;
  /** Says something to it; the number of the message. */
  readonly tell: (text: string) => Promise<number>;
  /** The texts of its answers to that message, once there is one. */
  readonly answers: (seq: number) => Promise<readonly string[]>;
}

let lives = 0;
async function life(url = hub.url): Promise<Life> {
  const id = await createChannel(url);
  const key = `bot-${++lives}`;
  const env = { CHANNEL_HUB_URL: url, CHANNEL_HUB_KEY: HUB_KEY, CHANNEL_HUB_AGENT: key, CHANNEL_HUB_NAME: "BOT" };
  const shell = new Shell(env);
  onTestFinished(() => shell[Symbol.dispose]());
  await post(url, "join", { channel_id: id, key: "pat", name: "PAT", kind: "human" });
  const said = async (seq: number): Promise<readonly string[]> => {
    const { messages } = await history(url, id, "?limit=100");
    return messages
      .filter((message: { from: string; reply_to?: number }) => message.from === key && message.reply_to === seq)
      .map(({ text }: { text: string }) => text);
  };
  return {
    id,
    shell,
    start: async (...flags) => {
      const command = shell.start(["resident", "--channel", id, ...flags, "--", ...AGENT]);
      await command.printed("Ctrl-C ends it", "err");
      return command;
    },
    tell: async (text) => (await send(url, id, { key: "pat", text: `@BOT ${text}` })).body.message.seq,
    answers: async (seq) => {
      for (;;) {
        const answers = await said(seq);
        if (answers.length > 0) return answers;
        await sleep(50);
      }
    },
  };
}

/** The process of its agent. */
async function agentOf({ child }: Command): Promise<number> {
  for (let pid = (child.pid ?? 0) + 1; ; pid++) {
    if (processInfo(pid)?.parent === child.pid) return pid;
    if (pid > (child.pid ?? 0) + 5000) throw new Error("it has no agent");
  }
}

test("[HST3] it answers what mentions it, each once and as a reply, and nothing else", async () => {
  const bot = await life();
  const early = await bot.tell("say first");
  const running = await bot.start();
  // It joined after that was said: nobody was mentioned.
  await send(hub.url, bot.id, { key: "pat", text: "say nothing to this" });
  const asked = [
    await bot.tell("say one"),
    await bot.tell("say two"),
    await bot.tell("hush"),
    await bot.tell("say three"),
  ];
  expect(await bot.answers(asked[3] ?? 0)).toEqual(["three"]);
  const { messages } = await history(hub.url, bot.id, "?limit=100");
  const own = messages.filter(
    ({ from_name, msg_type }: { from_name: string; msg_type: string }) => from_name === "BOT" && msg_type === "text",
  );
  expect(own.length).toBeLessThanOrEqual(3);
  expect(own.map(({ reply_to }: { reply_to: number }) => reply_to)).not.toContain(early);
  expect(await running.interrupt()).toMatchObject({ code: 130, out: "" });
});

test("[HST3] however it ends its agent ends too, and a second one for the same agent is refused", async () => {
  const bot = await life();
  for (const signal of ["SIGINT", "SIGTERM", "SIGKILL"] as const) {
    const running = await bot.start();
    const agent = await agentOf(running);
    const second = await bot.shell.run(["resident", "--channel", bot.id, "--", ...AGENT]);
    expect(second).toMatchObject({ code: 6, err: expect.stringContaining(`process ${running.child.pid}`) });
    expect(await bot.shell.run(["wait"])).toMatchObject({ code: 6 });
    expect(isRunning(running.child.pid ?? 0)).toBe(true);
    running.child.kill(signal);
    await running.ended();
    while (isRunning(agent)) await sleep(20);
  }
});

test("[HST3] killed while its agent works, it answers after the next start, once; what was answered stays so", async () => {
  const bot = await life();
  const running = await bot.start();
  const first = await bot.tell("say done");
  expect(await bot.answers(first)).toEqual(["done"]);
  const asked = await bot.tell("work 3000");
  await sleep(500);
  running.child.kill("SIGKILL");
  await running.ended();
  const again = await bot.start();
  expect(await bot.answers(asked)).toHaveLength(1);
  const last = await bot.tell("say still here");
  expect(await bot.answers(last)).toEqual(["still here"]);
  for (const seq of [first, asked, last]) expect(await bot.answers(seq)).toHaveLength(1);
  await again.interrupt();
});

test("[HST3] the hub killed while the agent works: the answer is posted once it is back", async () => {
  await using own = await startHub();
  const bot = await life(own.url);
  const running = await bot.start();
  const asked = await bot.tell("work 1500");
  await sleep(300);
  await own.kill();
  await running.printed("connecting again", "err");
  await sleep(1500);
  await own.restart();
  expect(await bot.answers(asked)).toHaveLength(1);
  const after = await bot.tell("say back");
  expect(await bot.answers(after)).toEqual(["back"]);
  await running.interrupt();
});

test("[HST3] an agent that dies is started again, and a question that kills it is given up, said so, and passed", async () => {
  const bot = await life();
  const running = await bot.start();
  const agent = await agentOf(running);
  process.kill(agent, "SIGKILL");
  await running.printed("SIGKILL ended it", "err");
  expect(await bot.answers(await bot.tell("say alive"))).toEqual(["alive"]);
  expect(await bot.answers(await bot.tell("die"))).toEqual(["No answer: my agent failed 3 times."]);
  expect(await bot.answers(await bot.tell("say again"))).toEqual(["again"]);
  await running.interrupt();
});

test("[HST3] permissions: refused, allowed where they read, or asked of the owner alone", async () => {
  const bot = await life();
  const refusing = await bot.start();
  expect(await bot.answers(await bot.tell("do read"))).toEqual(["no"]);
  await refusing.interrupt();
  const reading = await bot.start("--permissions", "allow-reads");
  expect(await bot.answers(await bot.tell("do read"))).toEqual(["yes"]);
  expect(await bot.answers(await bot.tell("do execute"))).toEqual(["no"]);
  await reading.interrupt();
  expect(await bot.shell.run(["resident", "--channel", bot.id, "--permissions", "ask", "--", ...AGENT])).toMatchObject({
    code: 2,
    err: expect.stringContaining("--owner"),
  });
  const asking = await bot.start("--permissions", "ask", "--owner", "pat");
  for (const [word, outcome] of [
    ["allow", "yes"],
    ["no", "no"],
  ] as const) {
    const asked = await bot.tell("do execute");
    const question = await questionAfter(bot.id, asked);
    // Whoever else says yes is nobody.
    await send(hub.url, bot.id, { key: "alpha", text: "allow", reply_to: question });
    await sleep(300);
    await send(hub.url, bot.id, { key: "pat", text: word, reply_to: question });
    expect(await bot.answers(asked)).toEqual([outcome]);
  }
  await asking.interrupt();
});

async function questionAfter(id: string, asked: number): Promise<number> {
  for (;;) {
    const { messages } = await history(hub.url, id, `?after=${asked}`);
    const found = messages.find(({ text }: { text: string }) => text.includes("May I: to execute?"));
    if (found !== undefined) return found.seq;
    await sleep(50);
  }
}

test("[GRD1] held back by the loop guard it waits, and speaks once agents may", async () => {
  await using own = await startHub({ HUB_LOOP_GUARD: "2" });
  const bot = await life(own.url);
  await post(own.url, "join", { channel_id: bot.id, key: "other", name: "OTHER", kind: "agent" });
  const running = await bot.start();
  const other = { channel_id: bot.id, key: "other", kind: "agent" };
  const { message } = (await post(own.url, "send", { ...other, text: "@BOT work 500" })).body;
  await post(own.url, "send", { ...other, text: "and one more" });
  await running.printed("waiting", "err");
  await post(own.url, "send", { channel_id: bot.id, key: "pat", kind: "human", text: "go on" });
  expect(await bot.answers(message.seq)).toHaveLength(1);
  await running.interrupt();
});

test("a command that speaks no ACP, and a channel that ends, end it with what was wrong", async () => {
  const bot = await life();
  const no = await bot.shell.run(["resident", "--channel", bot.id, "--", "no-such-program-anywhere"]);
  expect(no).toMatchObject({ code: 1, out: "", err: expect.stringMatching(/ENOENT.*\n.*speaks ACP/) });
  const running = await bot.start();
  await fetch(`${hub.url}/api/channel/${bot.id}`, { method: "DELETE", headers: { "x-spf-key": HUB_KEY } });
  expect(await running.ended()).toMatchObject({ code: 4, err: expect.stringContaining("deleted") });
});
