/** Connects hosts to a hub in one folder: asks, shows, writes, joins, proves. */
import { EXIT, type Exit, Failed } from "../exit.ts";
import type { Edit, Host, Place } from "../hosts/host.ts";
import type { Prepared } from "../session.ts";
import { alone } from "./alone.ts";
import { ask } from "./ask.ts";
import { type Connection, Connections } from "./connections.ts";
import { keepBuild, launchFor } from "./copy.ts";
import { diffLines } from "./diff.ts";
import { forget, hubKey, introduce, join, type Joined, wanted } from "./enter.ts";
import { Ledger } from "./ledger.ts";
import { type Change, planEdits } from "./plan.ts";
import { joinedOf, report } from "./report.ts";
import type { Wishes } from "./wishes.ts";

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
  const agents = await introduce(prepared, wishes, key);
  const channel = wishes.channel ?? (await wanted(prepared, wishes));
  await show(prepared, plans);
  if (isAsking && !/^y(es)?$/i.test(await ask(prepared.world, "write this", "yes"))) {
    forget(prepared, agents);
    throw new Failed(EXIT.failed, "nothing was written");
  }
  const joined = await join(prepared, agents, channel);
  keepBuild(place);
  await alone(prepared.file.folder, () => {
    for (const { host } of plans) write(prepared, host, place, joined);
  });
  return await report(prepared, wishes, joined);
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

/** The secrets first: settings that lead to nothing would be worse than secrets that nobody uses. */
function write({ file }: Prepared, host: Host, place: Place, joined: ReadonlyMap<Host, Joined>): void {
  const { connection } = joinedOf(host, joined);
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
