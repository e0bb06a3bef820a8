/**
 * Listening from a shell: asks the hub what is new, waits with it for more, and moves the read
 * position on once everything was written, so that what was not shown comes again. It needs no
 * connection, so the channel sleeps meanwhile.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { type HubClient, HubError, isTemporary, type ListenAnswer } from "../client/index.ts";
import { failedFrom } from "./exit.ts";
import { showLine } from "../protocol/index.ts";
import { Joined } from "./joined.ts";
import type { Session } from "./session.ts";
import type { Terminal } from "./terminal.ts";

export interface Following {
  /** Without it, all the agent has joined. */
  readonly channel?: string | undefined;
  /** Everything up to here is done with; without it, the read position counts. */
  readonly after?: number | undefined;
  readonly for: "all" | "me";
  /** End with the first messages. */
  readonly once: boolean;
  /** Seconds without a message after which it is over; without it, never. */
  readonly wait?: number | undefined;
}

/** Seconds one request waits: below what proxies and the hub (55) allow. */
const ASK_S = 50;
/** Milliseconds between attempts while the hub is away, doubled up to the most. */
const RETRY = { least: 500, most: 15_000 };
/** Milliseconds for the last read position: not written, the messages come again. */
const LAST_MS = 10_000;

/** Whether messages came; false when the time was over. `tell` is awaited before the next is asked for. */
export async function follow(
  { hub, agent, terminal }: Pick<Session, "hub" | "agent" | "terminal">,
  following: Following,
  tell: (news: ListenAnswer) => Promise<void>,
): Promise<boolean> {
  const patience = following.wait === undefined ? Infinity : following.wait * 1000;
  const joined = new Joined(hub, agent.key);
  let quietSince = performance.now();
  let after = following.after;
  for (;;) {
    const left = Math.max(0, quietSince + patience - performance.now());
    const wait = Math.min(ASK_S, Math.ceil(left / 1000));
    const heard = await insist(() => news(hub, joined, { ...following, after }, wait), left, terminal);
    if (heard === undefined) return false;
    after = undefined;
    for (const one of heard) await tell(one);
    await insist(() => markRead(hub, heard), following.once ? LAST_MS : Infinity, terminal);
    for (const { channel_id, next } of heard) joined.done(channel_id, next);
    if (heard.some(hasWords)) {
      if (following.once) return true;
      quietSince = performance.now();
    } else if (!heard.some(({ more }) => more) && performance.now() >= quietSince + patience) {
      return false;
    }
  }
}

/** System messages come along and wake nobody. */
function hasWords({ messages }: ListenAnswer): boolean {
  return messages.some(({ msg_type }) => msg_type !== "system");
}

async function news(
  hub: HubClient,
  joined: Joined,
  { channel, after, for: whose }: Following,
  wait: number,
): Promise<readonly ListenAnswer[]> {
  if (channel === undefined) return await joined.listen(wait, whose);
  return [await hub.api.listen(channel, { wait, for: whose, ...(after !== undefined && { after }) })];
}

async function markRead(hub: HubClient, heard: readonly ListenAnswer[]): Promise<void> {
  for (const { channel_id, next, messages, own, others } of heard) {
    // A listen from a position moves the read position as `read` does (LIS3), and takes no nonce of a
    // signing agent, of which the hub allows just some.
    if (messages.length + own + others > 0) await hub.api.listen(channel_id, { after: next, limit: 1 });
  }
}

/** Repeats what fails for now; undefined when `patience` (milliseconds) is over first. */
export async function insist<T>(run: () => Promise<T>, patience: number, { note }: Terminal): Promise<T | undefined> {
  const until = performance.now() + patience;
  for (let pause = RETRY.least; ; pause = Math.min(pause * 2, RETRY.most)) {
    try {
      const answer = await run();
      if (pause > RETRY.least) note("the hub is back");
      return answer;
    } catch (error) {
      if (!(error instanceof HubError) || !isTemporary(error)) throw error;
      if (pause === RETRY.least) note(`${showLine(failedFrom(error).message)}; trying again`);
      const wanted = error.retry_after_ms ?? pause * (0.5 + Math.random() / 2);
      if (performance.now() + wanted >= until) return undefined;
      await sleep(wanted);
    }
  }
}
