/** Who the hosts' agents are at the hub, how they are admitted, and the channel they meet in. */
import { type Agent, HubClient } from "../../client/index.ts";
import { authorizeAs, importIdentity } from "../../client/identity.ts";
import { channelNumber } from "../../protocol/index.ts";
import { called } from "../../tool/index.ts";
import { EXIT, Failed } from "../exit.ts";
import type { Host } from "../hosts/host.ts";
import { nodeHost } from "../node-host.ts";
import { allChannels, type Prepared } from "../session.ts";
import { Agents, type Mine } from "./agents.ts";
import { ask, askSecret, isAttended, readPiped } from "./ask.ts";
import { type Connection, slugOf } from "./connections.ts";
import type { Wishes } from "./wishes.ts";

/** From the environment, a question, or stdin; never from the command line. */
export async function hubKey({ settings, world }: Prepared, isAsking: boolean): Promise<string> {
  const known = world.env["CHANNEL_HUB_KEY"];
  if (known) return known;
  const key = isAsking
    ? await askSecret(world, `hub key of ${settings.url}`)
    : isAttended(world)
      ? ""
      : await readPiped(world);
  if (key !== "") return key;
  throw new Failed(EXIT.usage, `no hub key for ${settings.url}`, "set CHANNEL_HUB_KEY to it, or write it to stdin");
}

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
    const found = await enter(await hubAs(connection, mine), place);
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

/** By default those who work in folders of one name meet. */
export async function wanted({ world }: Prepared, { isAsking, place }: Wishes): Promise<string> {
  const usual = slugOf(place.folder);
  return isAsking ? await ask(world, "channel, made if there is none", usual) : usual;
}

/** Joins the channel of that id or name, or makes it. */
async function enter(hub: HubClient, wish: string): Promise<{ readonly id: string; readonly name: string }> {
  const id = wish.trim().toLowerCase();
  if (channelNumber(id) !== undefined) {
    await hub.api.join(id);
    return { id, name: (await hub.api.channel(id)).name };
  }
  const [found, ...others] = called(await allChannels(hub), wish);
  if (others.length > 0)
    throw new Failed(EXIT.usage, `several channels are called ${wish}`, "say which by its id: --channel ch-1");
  if (found === undefined) return { id: (await hub.api.create(wish)).channel_id, name: wish };
  await hub.api.join(found.id);
  return { id: found.id, name: found.name };
}
