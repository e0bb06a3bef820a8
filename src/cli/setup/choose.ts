/** Which hosts a set-up is for, and where. */
import { realpathSync } from "node:fs";
import { homedir } from "node:os";
import { EXIT, Failed } from "../exit.ts";
import { hostCalled, HOSTS } from "../hosts/hosts.ts";
import type { Host, Place } from "../hosts/host.ts";
import type { Prepared, World } from "../session.ts";
import { ask } from "./ask.ts";
import { repositoryOf } from "./connections.ts";
import { findProgram } from "./find-program.ts";

export function placeOf({ env }: World): Place {
  const folder = realpathSync(process.cwd());
  return { env, home: env["HOME"] || homedir(), folder, project: repositoryOf(folder) ?? folder };
}

/** A host that is named is connected though it is not found, and that is said. */
export async function hostsFor(
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
