/** Tells from a hub's log when its channel objects are made: at their first use, and whenever they wake. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Patch } from "./build.ts";
import type { HubProcess } from "./hub-process.ts";

export const TELLING_WAKES: Patch = {
  file: "src/hub/channel-object.ts",
  find: "super(ctx, env);",
  replace: 'super(ctx, env); console.log("woke " + ctx.id.name + ".");',
};

/** The runtime hibernates an object 10 seconds after its last event. */
export const HIBERNATED_MS = 13_000;

export function wakes(hub: HubProcess, id: string): number {
  return hub.output.split(`woke ${id}.`).length - 1;
}

export async function untilWakes(hub: HubProcess, id: string, count: number): Promise<void> {
  while (wakes(hub, id) < count) await sleep(20);
}
