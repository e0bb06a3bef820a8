/**
 * What the machine says of a process. Linux tells in /proc, other systems by `ps`; where neither is
 * there (Windows), only whether it lives is known.
 */
import { execFileSync } from "node:child_process";
import { readFileSync, readlinkSync } from "node:fs";
import { basename } from "node:path";

export interface ProcessInfo {
  readonly parent: number;
  /** The program's name, without its folder. */
  readonly name: string;
  /** When it started, in whatever form: with the number it names one process for ever. */
  readonly started: string;
}

/** Undefined where it is gone, or nothing can be known. */
export function processInfo(pid: number): ProcessInfo | undefined {
  return process.platform === "linux" ? fromProc(pid) : process.platform === "win32" ? undefined : fromPs(pid);
}

/** Whether the process lives; one that `started` at another time only has the same number. */
export function isRunning(pid: number, started?: string): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: it lives, and belongs to somebody else.
    if (!(error instanceof Error && "code" in error && error.code === "EPERM")) return false;
  }
  const info = processInfo(pid);
  return started === undefined || started === "" || info === undefined || info.started === started;
}

/** `/proc/PID/stat`: `7 (name) S 1 …`; the name may hold anything, the 22nd field is the start in ticks. */
function fromProc(pid: number): ProcessInfo | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  } catch {
    return undefined;
  }
  const end = stat.lastIndexOf(")");
  const fields = stat.slice(end + 2).split(" ");
  // A zombie has ended; its parent just did not ask yet.
  if (fields[0] === "Z") return undefined;
  return { name: stat.slice(stat.indexOf("(") + 1, end), parent: Number(fields[1]), started: fields[19] ?? "" };
}

function fromPs(pid: number): ProcessInfo | undefined {
  let line: string;
  try {
    line = execFileSync("ps", ["-o", "ppid=,lstart=,comm=", "-p", String(pid)], { encoding: "utf8" }).trim();
  } catch {
    return undefined;
  }
  // `  1 Fri Nov 27 07:21:49 2026 /bin/zsh`
  const [, parent, started = "", name = ""] = /^(\d+)\s+(\S+\s+\S+\s+\d+\s+[\d:]+\s+\d+)\s+(.*)$/.exec(line) ?? [];
  return parent === undefined ? undefined : { parent: Number(parent), started, name: basename(name) };
}

/** Whether a process reads from and writes to a terminal; undefined where that is not to be seen. */
export function hasTerminal(pid: number): boolean | undefined {
  try {
    return [0, 1].every((fd) => /^\/dev\/(pts\/|tty)/.test(readlinkSync(`/proc/${pid}/fd/${fd}`)));
  } catch {
    return undefined;
  }
}
