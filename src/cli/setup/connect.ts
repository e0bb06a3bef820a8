/** Connects hosts to a hub in one folder: asks, shows, writes, joins, proves. */
import { type Agent, HubClient } from "../../client/index.ts";
import { authorizeAs, importIdentity } from "../../client/identity.ts";
import { channelNumber } from "../../protocol/index.ts";
import { called } from "../../tool/index.ts";
import { EXIT, type Exit, Failed } from "../exit.ts";
import type { Edit, Host, Place } from "../hosts/host.ts";
import { allChannels, type Prepared } from "../session.ts";
import { Agents, type Mine } from "./agents.ts";
import { alone } from "./alone.ts";
import { ask, askSecret, isAttended, readPiped } from "./ask.ts";
import { type Connection, Connections, slugOf } from "./connections.ts";
import { keepBuild, launchFor } from "./copy.ts";
import { diffLines } from "./diff.ts";
import { Ledger } from "./ledger.ts";
import { type Change, planEdits } from "./plan.ts";
import { askHost, askServer } from "./prove.ts";
import { findProgram } from "./find-program.ts";

export interface Wishes {
  readonly place: Place;
  readonly hosts: readonly Host[];
  readonly isAsking: boolean;
  readonly isDry: boolean;
  /** By id or name. */
  readonly channel: string | undefined;
  readonly name: string | undefined;
}

/** Variables that say where files are; hosts start servers with few of the user's. */
const PLACES = ["XDG_CONFIG_HOME", "XDG_STATE_HOME"];

/** What makes a set-up one: files that several share know whose is what. */
export function idOf({ host, folder }: Pick<Connection, "host" | "folder">): string {
  return `${host} ${folder}`;
}

export async function connect(prepared: Prepared, wishes: Wishes): Promise<Exit> {
  const { place, hosts, isDry, isAsking } = wishes;
  const plans = hosts.map((host) => ({ host, changes: planEdits(editsOf(host, place)) }));
  if (isDry) {
    await show(prepared, plans);
    return EXIT.ok;
  }
  const key = await hubKey(prepared, isAsking);
  const joined = await join(prepared, wishes, key);
  await show(prepared, plans);
  if (isAsking && !/^y(es)?$/i.test(await ask(prepared.world, "write this", "yes"))) {
    throw new Failed(EXIT.failed, "nothing was written");
  }
  keepBuild(place);
  await alone(prepared.file.folder, () => {
    for (const { host } of plans) write(prepared, host, place, joined);
  });
  return await prove(prepared, wishes, joined);
}

function editsOf(host: Host, place: Place): readonly Edit[] {
  const launch = launchFor(place);
  const moved = PLACES.flatMap((name) => (place.env[name] ? [[name, place.env[name]] as const] : []));
  const command = [...launch, "mcp", "--host", host.id] as const;
  const entry = host.local({ command, environment: Object.fromEntries(moved), inherited: [] });
  return [...host.edits(place, entry), ...(host.wake?.(place, launch) ?? [])];
}

async function show({ terminal }: Prepared, plans: readonly { readonly changes: readonly Change[] }[]): Promise<void> {
  const lines = plans.flatMap(({ changes }) => changes.flatMap((change) => diffLines(change, terminal.paint)));
  if (lines.length === 0) terminal.note("the settings are as they should be");
  else await terminal.out(`${lines.join("\n")}\n`);
}

/** From the environment, a question, or stdin; never from the command line. */
async function hubKey({ settings, world }: Prepared, isAsking: boolean): Promise<string> {
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

interface Joined {
  readonly connection: Connection;
  readonly mine: Mine;
  readonly channel: string;
}

/** Each host's agent, in the channel: whatever the hub refuses, it refuses before anything is written. */
async function join(prepared: Prepared, wishes: Wishes, key: string): Promise<ReadonlyMap<Host, Joined>> {
  const { settings, file, terminal } = prepared;
  const joined = new Map<Host, Joined>();
  let channel = wishes.channel;
  for (const host of wishes.hosts) {
    const name = wishes.name === undefined ? {} : { name: wishes.name };
    const connection = { host: host.id, folder: wishes.place.folder, url: settings.url, key, ...name };
    const agents = new Agents(file.folder);
    const mine = await agents.of(connection);
    const hub = await hubAs(connection, mine);
    await admitted(hub, () => mine.isNew && agents.forget(connection));
    channel ??= await wanted(prepared, wishes);
    const found = await enter(hub, channel);
    terminal.note(`${host.title} is ${mine.name} in ${found.name} (${found.id})`);
    channel = found.id;
    joined.set(host, { connection: { ...connection, channel: found.id }, mine, channel: found.name });
  }
  return joined;
}

export async function hubAs({ url, key }: Connection, { identity, name }: Mine): Promise<HubClient> {
  const own = await importIdentity(identity);
  const agent: Agent = { key: own.key, name, kind: "agent" };
  return new HubClient({ url, agent, authorize: authorizeAs(own), ...(key !== undefined && { key }) });
}

/** An identity that no hub has taken is not kept. */
async function admitted(hub: HubClient, refused: () => unknown): Promise<void> {
  try {
    await hub.api.list({ limit: 1 });
  } catch (error) {
    refused();
    throw error;
  }
}

/** By default those who work in folders of one name meet. */
async function wanted({ world }: Prepared, { isAsking, place }: Wishes): Promise<string> {
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

/** The secrets first: settings that lead to nothing would be worse than secrets that nobody uses. */
function write({ file }: Prepared, host: Host, place: Place, joined: ReadonlyMap<Host, Joined>): void {
  const { connection } = joined.get(host) ?? missing(host);
  const connections = new Connections(file.folder);
  const before = connections.read(host.id, place.folder);
  connections.keep(connection);
  try {
    // Planned anew: what one host wrote may be what another one reads.
    new Ledger(file.folder).apply(planEdits(editsOf(host, place)), idOf(connection));
  } catch (error) {
    if (before === undefined) connections.forget(host.id, place.folder);
    else connections.keep(before);
    throw error;
  }
}

/** One line a host: what works, or what does not and why. */
async function prove(
  { terminal, world }: Prepared,
  { place, hosts }: Wishes,
  joined: ReadonlyMap<Host, Joined>,
): Promise<Exit> {
  const where = { folder: place.folder, env: world.env };
  const proofs = await Promise.all(
    hosts.map(async (host) => {
      const { connection, channel } = joined.get(host) ?? missing(host);
      const call = { action: "who", channel: connection.channel };
      const isInstalled = findProgram(host.program, world.env) !== undefined;
      const served = await askServer([...launchFor(place), "mcp", "--host", host.id], call, where);
      const asked = host.check && isInstalled ? await askHost(host.program, host.check, where) : undefined;
      const says = served.isGood ? `the tool works in ${channel}` : `the tool does not work: ${served.says}`;
      const isGood = served.isGood && asked?.isGood !== false;
      return { host, isGood, says: [says, ...(asked === undefined ? [] : [asked.says])].join("; ") };
    }),
  );
  for (const { host, says } of proofs) {
    terminal.note(`${host.title}: ${says}`);
    terminal.note(`  approvals: ${host.approvals}`);
  }
  return proofs.every(({ isGood }) => isGood) ? EXIT.ok : EXIT.failed;
}

function missing({ id }: Host): never {
  throw new Error(`${id} was not joined`);
}
