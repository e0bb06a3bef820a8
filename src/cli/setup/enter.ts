/** Who the hosts' agents are at the hub, how they are admitted, and the channel they meet in. */
import { type Agent, HubClient, HubError } from "../../client/index.ts";
import { authorizeAs, importIdentity } from "../../client/identity.ts";
import { showLine } from "../../protocol/index.ts";
import type { Host } from "../hosts/host.ts";
import { nodeHost } from "../node-host.ts";
import { joinOrMake } from "../channels.ts";
import type { Prepared } from "../session.ts";
import { Agents, type Mine } from "./agents.ts";
import type { Connection } from "./connections.ts";
import type { Wishes } from "./wishes.ts";

export interface Joined {
  readonly connection: Connection;
  readonly mine: Mine;
  readonly channel: string;
}

export interface Introduced {
  readonly host: Host;
  readonly connection: Connection;
  readonly mine: Mine;
}

/** Each host's agent, once the hub has taken it. An identity that no hub has taken is not kept. */
export async function introduce(
  { settings, file }: Prepared,
  wishes: Wishes,
  key: string,
): Promise<readonly Introduced[]> {
  const agents: Introduced[] = [];
  try {
    for (const host of wishes.hosts) {
      const name = wishes.name === undefined ? {} : { name: wishes.name };
      const connection = { host: host.id, folder: wishes.place.folder, url: settings.url, key, ...name };
      const mine = await new Agents(file.folder).of(connection);
      agents.push({ host, connection, mine });
      const hub = await hubAs(connection, mine);
      await hub.api.list({ limit: 1 });
    }
    return agents;
  } catch (error) {
    forget({ file }, agents);
    throw error;
  }
}

export function forget({ file }: Pick<Prepared, "file">, agents: readonly Introduced[]): void {
  for (const { connection, mine } of agents) if (mine.isNew) new Agents(file.folder).forget(connection);
}

/** Whatever the hub refuses, it refuses before anything is written to a host's settings. */
export async function join(
  { terminal }: Prepared,
  agents: readonly Introduced[],
  channel: string,
): Promise<ReadonlyMap<Host, Joined>> {
  const joined = new Map<Host, Joined>();
  let place = channel;
  for (const { host, connection, mine } of agents) {
    const found = await joinOrMake(await hubAs(connection, mine), place);
    terminal.note(`${host.title} is ${mine.name} in ${found.name} (${found.id})`);
    place = found.id;
    joined.set(host, { connection: { ...connection, channel: found.id }, mine, channel: found.name });
  }
  return joined;
}

export async function hubAs({ url, key }: Connection, { identity, name }: Mine): Promise<HubClient> {
  const own = await importIdentity(identity);
  const agent: Agent = { key: own.key, name, kind: "agent" };
  return new HubClient({
    url,
    agent,
    host: nodeHost(),
    authorize: authorizeAs(own),
    ...(key !== undefined && { key }),
  });
}

/** A hub that cannot be reached keeps nobody from being removed here. */
export async function leave(agents: Agents, connection: Connection, note: (line: string) => void): Promise<void> {
  if (connection.channel === undefined) return;
  try {
    const hub = await hubAs(connection, await agents.of(connection));
    await hub.api.leave(connection.channel);
  } catch (error) {
    if (!(error instanceof HubError)) throw error;
    note(`it could not leave ${connection.channel}: ${showLine(error.message)}`);
  }
}
