/** A place for a hub's state with little room: a small disk where one can be mounted, else a limit on its files. */
import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, rmdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { HubProcess } from "../process/hub-process.ts";

/** A few thousand messages; the write-ahead log of SQLite alone takes 4 MiB before it is emptied. */
const ROOM_MIB = 6;
const AMPLE_MIB = 256;

export type Kind = "tmpfs" | "ulimit";

/** What this machine can do. Files can be limited everywhere; disks can be mounted by root. */
export async function smallDisks(): Promise<readonly Kind[]> {
  const directory = await mkdtemp(join(tmpdir(), "channel-hub-mount-"));
  try {
    mount(directory, ROOM_MIB);
    execFileSync("umount", [directory]);
    return ["tmpfs", "ulimit"];
  } catch {
    return ["ulimit"];
  } finally {
    await rmdir(directory);
  }
}

export interface SmallHub {
  readonly hub: HubProcess;
  /** Gives it all the room it may need. */
  readonly makeRoom: () => Promise<void>;
  readonly end: () => Promise<void>;
}

export async function startSmallHub(kind: Kind, worker: string): Promise<SmallHub> {
  const variables = { HUB_RATE_PER_SECOND: "0" };
  if (kind === "ulimit") {
    const hub = await HubProcess.start({ worker, variables, file_limit: ROOM_MIB * 1024 });
    const makeRoom = async (): Promise<void> => {
      hub.file_limit = 0;
      await hub.kill();
      await hub.restart();
    };
    return { hub, makeRoom, end: () => hub[Symbol.asyncDispose]() };
  }
  const directory = await mkdtemp(join(tmpdir(), "channel-hub-"));
  const state = join(directory, "state");
  await mkdir(state);
  mount(state, ROOM_MIB);
  const hub = await HubProcess.start({ worker, variables, directory });
  const makeRoom = (): Promise<void> => {
    execFileSync("mount", ["-o", `remount,size=${AMPLE_MIB}m`, state]);
    return Promise.resolve();
  };
  const end = async (): Promise<void> => {
    await hub.kill();
    execFileSync("umount", [state]);
    await hub[Symbol.asyncDispose]();
  };
  return { hub, makeRoom, end };
}

function mount(directory: string, mib: number): void {
  execFileSync("mount", ["-t", "tmpfs", "-o", `size=${mib}m`, "tmpfs", directory], { stdio: "pipe" });
}
