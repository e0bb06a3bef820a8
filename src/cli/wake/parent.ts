/**
 * Whether the program that started this one is still there. Hosts run commands through a shell and
 * npx, which outlive them: the shells between are passed over, and the host itself is watched.
 */
import { hasTerminal, isRunning, processInfo } from "./processes.ts";

export interface Watched {
  readonly pid: number;
  readonly started: string;
}

/** What stands between a host and its command. */
const BETWEEN = /^-?(sh|bash|dash|zsh|fish|ash|busybox|env|npm.*|npx.*|timeout)$/;
/** Processes looked at: no host is further away. */
const DISTANCE = 8;
/** Who takes in those whose parent has ended, beside process 1. */
const REAPER = /^(systemd|init|launchd)$/;
/** A host may be process 1 itself, as in a container. */
const HOST = /^(node|bun|deno|claude|gemini|codex|opencode)/;
const LOOK_MS = 500;

/** The processes whose end is this one's too, the nearest first; none where it was started detached. */
export function ancestors(pid: number): readonly Watched[] {
  const found: Watched[] = [];
  for (let at = pid; at > 1 && found.length < DISTANCE;) {
    const info = processInfo(at);
    found.push({ pid: at, started: info?.started ?? "" });
    if (info === undefined || !BETWEEN.test(info.name)) break;
    at = info.parent;
  }
  return found;
}

/**
 * Calls `ended` once when one of these processes above this one is gone; the answer ends the watch.
 * They are looked up once, as early as can be: later, a shell whose host has ended has a new parent,
 * and nothing shows that there ever was another.
 */
export function watchParent(above: readonly Watched[], ended: () => void): () => void {
  const parent = process.ppid;
  const timer = setInterval(() => {
    // Whoever loses its parent is given another one.
    if (process.ppid === parent && above.every(({ pid, started }) => isRunning(pid, started))) return;
    clearInterval(timer);
    ended();
  }, LOOK_MS);
  timer.unref();
  return () => clearInterval(timer);
}

/** The program for which this one was started; undefined where it has ended before that could be seen. */
export function hostAmong(above: readonly Watched[]): number | undefined {
  const last = above.at(-1);
  const info = last && processInfo(last.pid);
  if (last === undefined || info === undefined) return last?.pid;
  if (!BETWEEN.test(info.name)) return REAPER.test(info.name) ? undefined : last.pid;
  // All above are shells, up to process 1.
  return info.parent === 1 && HOST.test(processInfo(1)?.name ?? "") ? 1 : undefined;
}

/** Whether the host runs without anybody at a terminal, as far as that can be seen: it ends with its turn. */
export function isHeadless(host: number): boolean {
  return hasTerminal(host) === false;
}
