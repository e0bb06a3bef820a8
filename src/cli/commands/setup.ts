/**
 * `setup`: connects the hosts that are installed to a hub, in one folder, and shows that it works;
 * `--remove` undoes exactly that. What it will write is shown first. Everything that can be refused
 * is asked before anything is written, and what is written is written wholly or not at all.
 */
import { EXIT, type Exit, Failed } from "../exit.ts";
import { hostCalled } from "../hosts/hosts.ts";
import { prepare, type World } from "../session.ts";
import type { Flags } from "../settings.ts";
import { isAttended } from "../setup/ask.ts";
import { hostsFor, placeOf } from "../setup/choose.ts";
import { connect } from "../setup/connect.ts";
import { disconnect } from "../setup/disconnect.ts";
import type { Wishes } from "../setup/wishes.ts";

export interface SetupFlags extends Flags {
  readonly channel?: string;
  readonly yes: boolean;
  readonly dryRun: boolean;
  readonly remove: boolean;
}

/** @param named hosts, by name; without any, those that are installed */
export async function setup(named: readonly string[], flags: SetupFlags, world: World): Promise<Exit> {
  const { key, host, ...others } = flags;
  if (key !== undefined) {
    throw new Failed(EXIT.usage, "a hub key in a command line can be seen by others", "set CHANNEL_HUB_KEY instead");
  }
  if (host !== undefined) throw new Failed(EXIT.usage, "setup takes hosts by their names alone", `setup ${host}`);
  const prepared = prepare(others, world);
  const place = placeOf(world);
  const isAsking = isAttended(world) && !flags.yes;
  if (flags.remove)
    return await disconnect(prepared, { place, named: named.map(hostCalled), isAsking, isDry: flags.dryRun });
  const hosts = await hostsFor(named, prepared, isAsking);
  const wishes: Wishes = { place, hosts, isAsking, isDry: flags.dryRun, channel: flags.channel, name: flags.name };
  return await connect(prepared, wishes);
}
