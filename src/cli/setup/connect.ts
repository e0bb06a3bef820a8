/** Connects hosts to a hub in one folder: asks, shows, writes, joins, proves. */
import { EXIT, type Exit } from "../exit.ts";
import type { Prepared } from "../session.ts";
import { isWanted, nothingWritten, showChanges } from "./approve.ts";
import { hubKey, wanted } from "./asked.ts";
import { keepBuild } from "./copy.ts";
import { editsOf, plannedFor } from "./edits.ts";
import { forget, introduce, join } from "./enter.ts";
import { keepAll } from "./kept.ts";
import { joinedOf, report } from "./report.ts";
import type { Wishes } from "./wishes.ts";

export async function connect(prepared: Prepared, wishes: Wishes): Promise<Exit> {
  const { place, hosts, isDry, isAsking } = wishes;
  const planned = plannedFor(hosts, place);
  if (isDry) {
    await show(prepared, planned);
    return EXIT.ok;
  }
  const key = await hubKey(prepared, isAsking);
  const agents = await introduce(prepared, wishes, key);
  const channel = wishes.channel ?? (await wanted(prepared, wishes));
  await show(prepared, planned);
  if (!(await isWanted(prepared, isAsking))) {
    forget(prepared, agents);
    throw nothingWritten();
  }
  const joined = await join(prepared, agents, channel);
  keepBuild(place);
  const { folder } = prepared.file;
  await keepAll(
    folder,
    hosts.map((host) => ({ connection: joinedOf(host, joined).connection, edits: () => editsOf(host, place) })),
  );
  return await report(prepared, wishes, joined);
}

async function show(prepared: Prepared, planned: ReturnType<typeof plannedFor>): Promise<void> {
  const shown = await showChanges(prepared, planned);
  if (shown === 0) prepared.terminal.note("the settings are as they should be");
}
