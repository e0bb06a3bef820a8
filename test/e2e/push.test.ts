/**
 * The tool beside a model wakes it by itself: `channel-hub mcp` driven as a host does, line by line,
 * with a command `codex` in PATH that keeps what it is given. The real hosts are `npm run test:hosts`.
 */
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { Desk } from "../../src/cli/wake/desk.ts";
import { call, createChannel } from "../support/process/agent.ts";
import { type Command, Shell } from "../support/process/command.ts";
import { HUB_KEY, type HubProcess } from "../support/process/hub-process.ts";
import { send, startHub } from "./support/hub-calls.ts";

let hub: HubProcess;
beforeAll(async () => {
  hub = await startHub({ HUB_LOOP_GUARD: "0" });
});
afterAll(() => hub[Symbol.asyncDispose]());

/** Answers with what its file says: 0, and keeps what it was told to queue, or fails. */
const CODEX = `#!/bin/sh
[ "$1 $2 $4" = "queue --thread --message" ] || exit 9
[ -e "$HOME/broken" ] && { echo "no daemon" >&2; exit 1; }
printf '%s\\n%s\\0' "$3" "$5" >> "$HOME/queued"
`;

let agents = 0;
class Host {
  readonly shell: Shell;
  readonly key: string = `codex-${++agents}`;
  readonly #server: Command;
  #calls = 0;
  thread = "0199a213-81c0-7800-8aa1-bbab2a035a53";

  constructor() {
    const bin = mkdtempSync(join(tmpdir(), "channel-hub-codex-"));
    onTestFinished(() => rmSync(bin, { recursive: true, force: true }));
    writeFileSync(join(bin, "codex"), CODEX);
    chmodSync(join(bin, "codex"), 0o755);
    this.shell = new Shell({
      PATH: [bin, process.env["PATH"]].join(delimiter),
      CHANNEL_HUB_URL: hub.url,
      CHANNEL_HUB_KEY: HUB_KEY,
      CHANNEL_HUB_AGENT: this.key,
      CHANNEL_HUB_NAME: this.key.toUpperCase(),
    });
    onTestFinished(() => this.shell[Symbol.dispose]());
    this.#server = this.shell.start(["mcp"]);
    const params = { protocolVersion: "2025-06-18", capabilities: {}, clientInfo: { name: "codex", version: "1" } };
    this.#say({ id: 0, method: "initialize", params });
    this.#say({ method: "notifications/initialized" });
  }

  /** What the model reads. */
  async call(args: object): Promise<string> {
    const id = ++this.#calls;
    const params = { name: "spf_channel", arguments: args, _meta: { threadId: this.thread } };
    this.#say({ id, method: "tools/call", params });
    for (;;) {
      const answers = this.#server.out.split("\n").slice(0, -1);
      const found = answers.find((line) => (JSON.parse(line) as { id?: number }).id === id);
      if (found !== undefined) return JSON.parse(found).result.content[0].text as string;
      await sleep(10);
    }
  }

  /** What was queued, by session. */
  get queued(): readonly { readonly thread: string; readonly text: string }[] {
    const path = join(this.shell.home, "queued");
    const kept = existsSync(path) ? readFileSync(path, "utf8") : "";
    return kept
      .split("\0")
      .filter(Boolean)
      .map((one) => {
        const [thread = "", ...text] = one.split("\n");
        return { thread, text: text.join("\n") };
      });
  }

  async woken(count: number): Promise<string> {
    while (this.queued.length < count) await sleep(20);
    return this.queued.at(-1)?.text ?? "";
  }

  get log(): string {
    return this.#server.err;
  }

  #say(message: object): void {
    this.#server.type(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`);
  }
}

async function roomWith(host: Host): Promise<string> {
  const id = await createChannel(hub.url);
  expect(await host.call({ action: "join", channel: id })).toContain("Joined");
  return id;
}

async function readSeq(id: string, key: string): Promise<number> {
  const { participants } = (await call(hub.url, `/api/channel/${id}`)).body;
  return participants.find((one: { key: string }) => one.key === key).read_seq;
}

test("[HST3] an idle Codex is woken in its session by what is for it, once, and what it does then makes it read", async () => {
  const host = new Host();
  const id = await roomWith(host);
  await send(hub.url, id, { text: "talk" });
  const { seq } = (await send(hub.url, id, { text: "look", to: [host.key] })).body.message;
  const text = await host.woken(1);
  expect(host.queued[0]?.thread).toBe(host.thread);
  expect(text).toMatch(
    /^Channel Hub: a message for you\. ch-\d+ [^]*\] ALPHA: talk\n\[\d+\] ALPHA @you: look\nTo answer, /,
  );
  // Nobody knows yet whether that session is open.
  expect(await readSeq(id, host.key)).toBeLessThan(seq);
  expect(await host.call({ action: "send", channel: id, text: "done", reply_to: seq })).not.toContain("Unread");
  expect(await readSeq(id, host.key)).toBeGreaterThanOrEqual(seq);
  expect(await host.call({ action: "listen" })).toContain("Nothing new");
  await send(hub.url, id, { text: "again", to: [host.key] });
  expect(await host.woken(2)).not.toContain("] ALPHA @you: look");
  await sleep(1000);
  expect(host.queued).toHaveLength(2);
});

test("[HST3] what a listen shows wakes nobody; what comes while the model is in another call does", async () => {
  const host = new Host();
  const id = await roomWith(host);
  const listening = host.call({ action: "listen", wait: 20, for: "me" });
  while (new Desk(host.shell.env, hub.url, host.key).tool?.busy !== true) await sleep(20);
  await send(hub.url, id, { text: "in the listen", to: [host.key] });
  expect(await listening).toContain("in the listen");
  await sleep(4000);
  expect(host.queued).toEqual([]);
});

test("[HST3] a session that is closed loses nothing: the next one is shown what was queued for it", async () => {
  const host = new Host();
  const id = await roomWith(host);
  await send(hub.url, id, { text: "to nobody there", to: [host.key] });
  await host.woken(1);
  host.thread = "0199a213-0000-7800-8aa1-bbab2a035a53";
  expect(await host.call({ action: "listen" })).toContain("to nobody there");
});

test("[HST3] a queue that fails is said in the log and tried again", async () => {
  const host = new Host();
  const id = await roomWith(host);
  writeFileSync(join(host.shell.home, "broken"), "");
  await send(hub.url, id, { text: "later", to: [host.key] });
  while (!host.log.includes("no wake for")) await sleep(20);
  expect(host.log).toContain("no daemon");
  rmSync(join(host.shell.home, "broken"));
  expect(await host.woken(1)).toContain("later");
});

test("[HST3] a wait beside it stands back, and takes over where the host does not wake", async () => {
  const host = new Host();
  const id = await roomWith(host);
  const waiting = host.shell.start(["wait", "--json"]);
  while (!existsSync(new Desk(host.shell.env, hub.url, host.key).lock)) await sleep(20);
  await send(hub.url, id, { text: "by the host", to: [host.key] });
  await host.woken(1);
  await sleep(1500);
  expect(waiting.out).toBe("");
  writeFileSync(join(host.shell.home, "broken"), "");
  await send(hub.url, id, { text: "by the wait", to: [host.key] });
  expect((await waiting.ended()).out).toContain("by the wait");
  // What the wait told is nothing new to the model's own tool.
  expect(await host.call({ action: "listen" })).toContain("Nothing new");
});
