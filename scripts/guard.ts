/**
 * Loaded into wrangler before it starts (`--import`), by `npm start` alone: holds the lock of the
 * state folder as long as the runtime lives, and ends the runtime when whoever started it is gone,
 * killed included. wrangler's own child gets the same `--import`, and finds nothing to do.
 */
import { rmSync } from "node:fs";
import { Socket } from "node:net";
import { inUse, takeState } from "./state-lock.ts";

/** As `npm start` says it in the environment. */
export interface Watch {
  readonly state: string;
  readonly url: string;
  /** A port to suggest, where the folder is taken. */
  readonly other_port: number;
  /** A folder that must not outlive the hub. */
  readonly secrets?: string;
}

/** The pipe whose other end is the parent's: it closes when that ends, however it does. */
export const PARENT_FD = 3;
export const WATCH = "CHANNEL_HUB_WATCH";

const asked = process.env[WATCH];
if (asked !== undefined) {
  delete process.env[WATCH];
  guard(JSON.parse(asked) as Watch);
}

function guard({ state, url, other_port, secrets }: Watch): void {
  const holder = takeState(state, url);
  if (holder !== undefined) {
    console.error(inUse(state, holder, other_port));
    process.exit(1);
  }
  const parent = new Socket({ fd: PARENT_FD, readable: true, writable: false });
  parent.on("error", () => parent.destroy());
  parent.on("close", () => {
    if (secrets !== undefined) rmSync(secrets, { recursive: true, force: true });
    // The group is wrangler, the runtime and all that they started; this process leads it.
    process.kill(process.platform === "win32" ? process.pid : -process.pid, "SIGKILL");
  });
  parent.resume();
  parent.unref();
}
