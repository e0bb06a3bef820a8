/**
 * A reader of a few lines of Python on a hub that restarts, before bursts of large messages: whatever
 * happens, it must get every message, once and in order.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { call, createChannel } from "../process/agent.ts";
import { ROOT } from "../process/build.ts";
import { HUB_KEY, HubProcess } from "../process/hub-process.ts";

/** A burst: so many messages of so many characters, within so many milliseconds. */
const BURST = { messages: 22, length: 55_000, ms: 2000 };
/** Milliseconds between bursts, in which the slow reader comes after. */
const PAUSE_MS = 3000;
/** One pause in this many holds a restart of the hub. */
const RESTART_EVERY = 4;
/** Only guards against hanging: for what is still to come. */
const HANGING_MS = 120_000;

export interface ReaderOptions {
  readonly worker: string;
  readonly python: string;
  /** Where this Python finds its library; undefined: where it always does. */
  readonly path?: string | undefined;
  readonly seconds: number;
}

export interface ReaderReport {
  readonly sent: number;
  readonly read: number;
  readonly restarts: number;
  /** Ends of its connections that the reader told of. */
  readonly losses: number;
  readonly violations: readonly string[];
}

export async function runReader({ worker, python, path, seconds }: ReaderOptions): Promise<ReaderReport> {
  const variables = { HUB_RATE_PER_SECOND: "0", HUB_LOOP_GUARD: "0" };
  await using hub = await HubProcess.start({ worker, variables });
  const channel = await createChannel(hub.url);
  const reader = new Reader(python, path, { HUB_URL: hub.url, HUB_KEY, HUB_CHANNEL: channel, HUB_AGENT: "simple" });
  try {
    await reader.until(() => reader.seqs.length > 0);
    const until = Date.now() + seconds * 1000;
    let [last, sent, restarts] = [0, 0, 0];
    for (let burst = 1; Date.now() < until; burst++) {
      for (let n = 0; n < BURST.messages; n++) {
        last = await send(hub, channel, `${++sent} `.padEnd(BURST.length, "x"));
        await sleep(BURST.ms / BURST.messages);
      }
      if (burst % RESTART_EVERY === 0) {
        restarts++;
        await hub.kill();
        await hub.restart();
      }
      await sleep(PAUSE_MS);
    }
    await reader.until(() => (reader.seqs.at(-1) ?? 0) >= last);
    return { sent, read: reader.seqs.length, restarts, losses: reader.losses, violations: reader.violations(last) };
  } finally {
    await reader.end();
  }
}

/** Until it is stored; a repeat is stored once. */
async function send(hub: HubProcess, channel_id: string, text: string): Promise<number> {
  const client_msg_id = crypto.randomUUID();
  for (;;) {
    const body = { channel_id, key: "alpha", text, client_msg_id };
    const answer = await call(hub.url, "/api/channel/send", { body }).catch(() => undefined);
    if (answer?.status === 200) return answer.body.message.seq as number;
    await sleep(100);
  }
}

class Reader {
  readonly seqs: number[] = [];
  readonly #strange: string[] = [];
  losses = 0;
  readonly #child: ChildProcess;
  #hasEnded = false;

  constructor(python: string, path: string | undefined, variables: Readonly<Record<string, string>>) {
    const env = { ...process.env, ...(path !== undefined && { PYTHONPATH: path }), ...variables };
    const file = join(ROOT, "test/support/python/reader.py");
    this.#child = spawn(python, [file], { env, stdio: ["ignore", "pipe", "pipe"] });
    this.#child.once("close", () => (this.#hasEnded = true));
    this.#lines("stdout", (line) => this.#heard(line));
    this.#lines("stderr", (line) => this.#lost(line));
  }

  async until(isSo: () => boolean): Promise<void> {
    const deadline = Date.now() + HANGING_MS;
    while (!isSo() && !this.#hasEnded && Date.now() < deadline) await sleep(20);
  }

  /** What it should have and has not, or has and should not. */
  violations(last: number): readonly string[] {
    const at = Array.from({ length: last }).findIndex((_, index) => this.seqs[index] !== index + 1);
    const parted = at < 0 ? [] : [`message ${at + 1} was expected, ${this.seqs[at] ?? "nothing"} came`];
    const more = this.seqs.length > last ? [`${this.seqs.length - last} messages more than were sent`] : [];
    return [...parted, ...more, ...this.#strange, ...(this.#hasEnded ? ["it has ended"] : [])];
  }

  async end(): Promise<void> {
    if (this.#hasEnded) return;
    const closed = once(this.#child, "close");
    this.#child.kill("SIGKILL");
    await closed;
  }

  #lines(stream: "stdout" | "stderr", hear: (line: string) => void): void {
    const input = this.#child[stream];
    if (input !== null) createInterface({ input }).on("line", hear);
  }

  #heard(line: string): void {
    const [, seq] = /^(\d+) /.exec(line) ?? [];
    if (seq === undefined) this.#strange.push(line);
    else this.seqs.push(Number(seq));
  }

  #lost(line: string): void {
    if (line.startsWith("lost")) this.losses++;
    else this.#strange.push(line);
  }
}
