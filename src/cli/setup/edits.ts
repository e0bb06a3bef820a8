/** What connecting a host changes in its files. */
import type { Edit, Host, Place } from "../hosts/host.ts";
import { launchFor } from "./copy.ts";
import { type Change, planEdits } from "./plan.ts";

/** Variables that say where files are; hosts start servers with few of the user's. */
const PLACES = ["XDG_CONFIG_HOME", "XDG_STATE_HOME"];

export function editsOf(host: Host, place: Place): readonly Edit[] {
  const launch = launchFor(place);
  const moved = PLACES.flatMap((name) => (place.env[name] ? [[name, place.env[name]] as const] : []));
  const command = [...launch, "mcp", "--host", host.id] as const;
  const entry = host.local({ command, environment: Object.fromEntries(moved), inherited: [] });
  return [...host.edits(place, entry), ...(host.wake?.(place, launch) ?? [])];
}

/** Before anything is written. */
export function plannedFor(hosts: readonly Host[], place: Place): readonly Change[] {
  return hosts.flatMap((host) => planEdits(editsOf(host, place)));
}
