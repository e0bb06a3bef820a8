/**
 * `wait`: until somebody addresses the agent. Made for hooks and background shells: one at a time for
 * each agent, through whatever befalls the hub, and never longer than the host that started it.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { showLine } from "../../protocol/index.ts";
import { EXIT, type Exit, Failed } from "../exit.ts";
import { insist } from "../follow.ts";
import { channelId } from "../channels.ts";
import type { Session } from "../session.ts";
import { Desk } from "../wake/desk.ts";
import { type Holder, Lock } from "../wake/lock.ts";
import { Mentions } from "../wake/mentions.ts";
import { ancestors, hostAmong, isHeadless, type Watched, watchParent } from "../wake/parent.ts";
import { type Hook, tell, terminalFor } from "../wake/tell.ts";

export interface WaitFlags {
  readonly json: boolean;
  /** Seconds. */
  readonly timeout?: number;
  readonly hook?: Hook;
  /** End when stdin does. */
  readonly whileStdin: boolean;
  /** Only for a host at whose terminal somebody may be. */
  readonly attended: boolean;
}

/** Milliseconds in which one that waits already may still end, as it does with its host. */
const HELD_MS = 2000;
const LATE = "";
/** Claude Code shows its model what stands on stderr of a hook that ends so. */
const CLAUDE_WAKES = 2;
const LOOK_MS = 100;

export async function wait(session: Session, channel: string | undefined, flags: WaitFlags): Promise<Exit> {
  const above = ancestors(process.ppid);
  if (flags.attended && !isAttended(above)) return EXIT.ok;
  // Before anything is waited for, the lock too: the host may end meanwhile.
  endWithHost(session, above, flags.whileStdin || flags.hook === "opencode");
  const { env } = session.world;
  const desk = new Desk(env, session.hub.api.url, session.agent.key);
  let mentions: Mentions | undefined;
  // Before the lock is taken: who finds it taken sends this signal, which ends whoever does not listen for it.
  if (process.platform !== "win32") process.on("SIGUSR2", () => mentions?.look());
  const lock = await take(desk.lock);
  if (!(lock instanceof Lock)) return busy(session, lock, flags.hook);
  process.once("exit", () => lock.release());
  const { hub, agent } = session;
  const terminal = terminalFor(session, flags.hook);
  const until = flags.timeout === undefined ? Infinity : performance.now() + flags.timeout * 1000;
  const id = await named(session, channel, until);
  if (id === LATE) return over(session, flags.hook);
  mentions = new Mentions({ hub, key: agent.key, desk, channel: id, terminal });
  for (;;) {
    const addressed = await mentions.next(until);
    if (addressed === undefined) return over(session, flags.hook);
    // Its file was removed: whoever has it now tells.
    if (!lock.isHeld) throw new Failed(EXIT.busy, "another wait has taken over");
    const upTo = await tell(session, addressed, flags);
    await mentions.done(addressed, upTo);
    if (flags.hook !== "opencode") return flags.hook === "claude" ? CLAUDE_WAKES : EXIT.ok;
  }
}

/** A host that waits for its hooks, and is to end with its turn, would never end; nor is one woken that has gone. */
function isAttended(above: readonly Watched[]): boolean {
  const host = hostAmong(above);
  return host !== undefined && !isHeadless(host);
}

/** The id of the one channel that is meant, if one is; `LATE` where the hub did not say so in time. */
async function named(session: Session, channel: string | undefined, until: number): Promise<string | undefined> {
  if (channel === undefined && session.settings.channel === undefined) return undefined;
  return (await insist(() => channelId(session, channel), until - performance.now(), session.terminal)) ?? LATE;
}

async function take(path: string): Promise<Lock | Holder> {
  for (const until = performance.now() + HELD_MS; ; await sleep(LOOK_MS)) {
    const taken = Lock.take(path);
    if (taken instanceof Lock || performance.now() >= until) return taken;
  }
}

/** The one that waits looks anew in which channels the agent is: there may be one more by now. */
function busy({ agent, terminal }: Session, { pid }: Holder, hook: Hook | undefined): Exit {
  if (process.platform !== "win32") process.kill(pid, "SIGUSR2");
  if (hook === "claude" || hook === "gemini") return EXIT.ok;
  terminal.note(`process ${pid} waits for ${showLine(agent.key)} already; one mention wakes one of them`);
  return EXIT.busy;
}

function over({ terminal }: Session, hook: Hook | undefined): Exit {
  if (hook !== undefined) return EXIT.ok;
  terminal.note("nothing came");
  return EXIT.timed_out;
}

/** Ends the process when the host that it is for is gone; the lock goes with it. */
function endWithHost({ world, terminal }: Session, above: readonly Watched[], whileStdin: boolean): void {
  const end = (): void => {
    terminal.note("the program that started this one has ended");
    process.exit(EXIT.failed);
  };
  watchParent(above, end);
  for (const signal of ["SIGTERM", "SIGHUP"] as const) process.once(signal, () => process.exit(EXIT.interrupted));
  if (whileStdin) world.stdin.on("close", end).on("end", end).on("error", end).resume();
}
