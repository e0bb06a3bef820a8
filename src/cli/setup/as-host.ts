/** Who speaks, and to which hub, when a command is run for a host in a folder (`--host`). */
import { realpathSync } from "node:fs";
import { EXIT, Failed } from "../exit.ts";
import { hostCalled } from "../hosts/hosts.ts";
import { settingsFrom } from "../settings.ts";
import { Agents, type Mine } from "./agents.ts";
import { type Connection, Connections } from "./connections.ts";

/** Nobody has connected that host in that folder. */
export class NotSetUp extends Failed {
  constructor(host: string, folder: string) {
    super(EXIT.failed, `no hub is set up for ${host} in ${folder}`, "in that folder: {channel-hub} setup");
  }
}

/**
 * What `setup` kept for the host in this folder; else what the environment says, as `install` prints it.
 *
 * @param home folder of the command's own settings
 */
export function connectionOf(
  host: string,
  env: Readonly<Record<string, string | undefined>>,
  home: string,
): Connection {
  const { id } = hostCalled(host);
  const folder = realpathSync(process.cwd());
  const found = new Connections(home).find(id, folder);
  if (found !== undefined) return found;
  if (!env["CHANNEL_HUB_URL"]) throw new NotSetUp(id, folder);
  const { url, key, agent, name, channel } = settingsFrom({}, env, {});
  return { host: id, folder, url, key, name, channel, label: agent };
}

/** @param live whether it is the one of its host's session, or only runs beside that */
export async function mineIn(connection: Connection, home: string, live: boolean): Promise<Mine> {
  const agents = new Agents(home);
  return live ? await agents.claim(connection) : await agents.beside(connection);
}
