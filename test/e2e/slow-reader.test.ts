/** A reader that stops reading is bounded; nobody waits for it. */
import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { Agent, createChannel, type Json } from "../support/process/agent.ts";
import { HubProcess } from "../support/process/hub-process.ts";
import { untilSaid } from "./support/log-lines.ts";

const TEXT = "x".repeat(32 * 1024);
const MESSAGES = 400;

let hub: HubProcess;
beforeAll(async () => {
  hub = await HubProcess.start({
    worker: inject("worker"),
    variables: { HUB_RATE_PER_SECOND: "0", HUB_LOOP_GUARD: "0" },
  });
});
afterAll(() => hub[Symbol.asyncDispose]());

/** Resident memory of the runtime, MiB. */
async function memory(): Promise<number> {
  const status = await readFile(`/proc/${hub.pid}/status`, "utf8").catch(() => "");
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024;
}

test("[SOC6] a paused reader is cut off within its budget while another sees every message at once", async () => {
  const id = await createChannel(hub.url);
  const [alpha, reader, paused] = [
    await Agent.connect(hub.url, id, "key=alpha"),
    await Agent.connect(hub.url, id, "key=reader"),
    await Agent.connect(hub.url, id, "key=paused"),
  ];
  for (const agent of [alpha, reader, paused]) await agent.next();
  // It says what it has seen, so its budget is the small one: 1 MiB of these are 31 messages.
  paused.say({ action: "seen", seq: 1 });
  // The joins of those that came later.
  for (const agent of [alpha, alpha, reader]) await agent.next();
  // What it asks for comes after what it said: that has arrived.
  expect(await paused.ask({ action: "history", limit: 1 })).toMatchObject({ type: "history" });
  paused.socket.pause();
  const before = await memory();
  for (let sent = 0; sent < MESSAGES; sent++) {
    // In lock step: each message reaches the reader before the next is sent.
    alpha.say({ action: "send", text: TEXT });
    const [, { data }] = await Promise.all([alpha.next(), reader.next()]);
    if (sent % 20 === 0) reader.say({ action: "seen", seq: data.seq });
  }
  expect((await memory()) - before).toBeLessThan(100);
  paused.socket.resume();
  const frames = await paused.takeUntil((frame) => frame.type === "lagging");
  const lagging = frames.at(-1);
  const messages = frames.filter((frame) => frame.type === "message");
  expect(lagging).toMatchObject({ data: { last_seq: expect.any(Number) } });
  expect(messages.length).toBeGreaterThan(20);
  expect(messages.length).toBeLessThan(40);
  expect(await paused.quiet()).toEqual([]);
  await readsOn(paused, messages.at(-1)?.data.seq as number, alpha);
  for (const agent of [alpha, reader, paused]) await agent.close();
});

/** Behind until a page reached the end, then live from exactly there. */
async function readsOn(paused: Agent, from: number, alpha: Agent): Promise<void> {
  const seqs: number[] = [];
  for (let after = from, complete = false; !complete;) {
    const page = await paused.ask({ action: "history", after, limit: 1000 });
    seqs.push(...page.data.map((message: Json) => message.seq as number));
    after = seqs.at(-1) ?? after;
    complete = page.meta.complete;
  }
  expect(seqs).toEqual(seqs.map((_, at) => from + 1 + at));
  alpha.say({ action: "send", text: "live" });
  expect(await paused.next()).toMatchObject({ type: "message", data: { text: "live", seq: (seqs.at(-1) ?? 0) + 1 } });
}

test("[SOC6] a reader that gives no sign for 30 s is closed with 4008, and resumes without a hole", async () => {
  const id = await createChannel(hub.url);
  const [alpha, paused] = [
    await Agent.connect(hub.url, id, "key=alpha"),
    await Agent.connect(hub.url, id, "key=paused"),
  ];
  await Promise.all([alpha.next(), paused.next(), alpha.next()]);
  paused.say({ action: "seen", seq: 1 });
  expect(await paused.ask("ping")).toBe("pong");
  paused.socket.pause();
  for (let sent = 0; sent < 60; sent++) await alpha.ask({ action: "send", text: TEXT });
  await untilSaid(hub, '"event":"socket_closed"');
  paused.socket.resume();
  expect(await paused.untilClosed()).toEqual({ code: 4008, reason: "slow_reader" });
  const seqs = paused.inbox.filter((frame) => frame.type === "message").map((frame) => frame.data.seq as number);
  expect(paused.inbox.at(-1)).toMatchObject({ type: "error", code: "slow_reader", fatal: true });
  const again = await Agent.connect(hub.url, id, `key=paused&after=${seqs.at(-1)}`);
  const first = await again.next();
  seqs.push(...first.data.map((message: Json) => message.seq as number));
  while ((seqs.at(-1) ?? 0) < first.meta.last_seq) {
    const page = await again.ask({ action: "history", after: seqs.at(-1), limit: 1000 });
    seqs.push(...page.data.map((message: Json) => message.seq as number));
  }
  expect(seqs).toEqual(seqs.map((_, at) => 3 + at));
  for (const agent of [alpha, again]) await agent.close();
});
