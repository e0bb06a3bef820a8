/**
 * Whether the program that started this one is still there. Hosts run commands through a shell and
 * npx, which outlive them: the shells between are passed over, and the host itself is watched.
 */
import { isRunning, processInfo } from "./processes.ts";

export interface Watched {
  readonly pid: number;
  readonly started: string;
}

/** What stands between a host and its command. */
const BETWEEN = /^-?(sh|bash|dash|zsh|fish|ash|busybox|env|npm.*|npx.*|timeout)$/;
/** Processes looked at: no host is further away. */
const DISTANCE = 8;
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

/** Calls `ended` once when one of the processes above this one is gone; the answer ends the watch. */
export function watchParent(ended: () => void): () => void {
  const parent = process.ppid;
  const watched = ancestors(parent);
  const timer = setInterval(() => {
    // Whoever loses its parent is given another one.
    if (process.ppid === parent && watched.every(({ pid, started }) => isRunning(pid, started))) return;
    clearInterval(timer);
    ended();
  }, LOOK_MS);
  timer.unref();
  return () => clearInterval(timer);
}
