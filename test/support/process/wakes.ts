/** Tells from a hub's log when its channel objects are made, at their first use and whenever they wake, and who listens. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Patch } from "./build.ts";
import type { HubProcess } from "./hub-process.ts";

export const TELLING_WAKES: Patch = {
  file: "channel-object.ts",
  find: "super(ctx, env);",
  replace: 'super(ctx, env); console.log("woke " + ctx.id.name + ".");',
};

/** Tells that a key listens, once the object holds its wait. */
export const TELLING_LISTENS: Patch = {
  file: "channel-object/listeners.ts",
  find: "this.#add(server, attached);",
  replace: 'this.#add(server, attached); console.log("listens " + query.key + ".");',
};

/** The runtime hibernates an object 10 seconds after its last event, later where it has much else to do. */
export const HIBERNATED_MS = 20_000;

export function wakes(hub: HubProcess, id: string): number {
  return hub.output.split(`woke ${id}.`).length - 1;
}

export async function untilListens(hub: HubProcess, key: string): Promise<void> {
  while (!hub.output.includes(`listens ${key}.`)) await sleep(20);
}

export async function untilWakes(hub: HubProcess, id: string, count: number): Promise<void> {
  while (wakes(hub, id) < count) await sleep(20);
}
