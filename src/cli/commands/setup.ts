/**
 * `setup`: connects the hosts that are installed to a hub, in one folder, and shows that it works;
 * `--remove` undoes exactly that. What it will write is shown first. Everything that can be refused
 * is asked before anything is written, and what is written is written wholly or not at all.
 */
import { realpathSync } from "node:fs";
import { homedir } from "node:os";
import { EXIT, type Exit, Failed } from "../exit.ts";
import { hostCalled, HOSTS } from "../hosts/hosts.ts";
import type { Host, Place } from "../hosts/host.ts";
import { prepare, type Prepared, type World } from "../session.ts";
import type { Flags } from "../settings.ts";
import { ask, isAttended } from "../setup/ask.ts";
import { connect } from "../setup/connect.ts";
import { repositoryOf } from "../setup/connections.ts";
import { disconnect } from "../setup/disconnect.ts";
import { findProgram } from "../setup/find-program.ts";
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

function placeOf({ env }: World): Place {
  const folder = realpathSync(process.cwd());
  return { env, home: env["HOME"] || homedir(), folder, project: repositoryOf(folder) ?? folder };
}

/** A host that is named is connected though it is not found, and that is said. */
async function hostsFor(
  named: readonly string[],
  { terminal, world }: Prepared,
  isAsking: boolean,
): Promise<readonly Host[]> {
  const isInstalled = ({ program }: Host): boolean => findProgram(program, world.env) !== undefined;
  for (const host of named.map(hostCalled).filter((one) => !isInstalled(one))) {
    terminal.note(
      `${host.title} is not installed here: there is no ${host.program} in PATH; its settings are made all the same`,
    );
  }
  if (named.length > 0) return [...new Set(named)].map(hostCalled);
  const installed = HOSTS.filter(isInstalled);
  if (installed.length === 0) {
    const known = HOSTS.map(({ id }) => id).join(", ");
    throw new Failed(
      EXIT.failed,
      "no host is installed here",
      `name those to connect all the same: setup NAME, of ${known}`,
    );
  }
  terminal.note(`installed: ${installed.map(({ title }) => title).join(", ")}`);
  if (!isAsking || installed.length === 1) return installed;
  const answer = await ask(world, "connect which", installed.map(({ id }) => id).join(" "));
  return answer
    .split(/[\s,]+/)
    .filter(Boolean)
    .map(hostCalled);
}
