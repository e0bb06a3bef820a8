/** Undoes what `setup` did for hosts in one folder, and nothing else. */
import { dirname } from "node:path";
import { HubError } from "../../client/index.ts";
import { showLine } from "../../protocol/index.ts";
import { EXIT, type Exit, Failed } from "../exit.ts";
import type { Host, Place } from "../hosts/host.ts";
import type { Prepared } from "../session.ts";
import { Agents } from "./agents.ts";
import { alone } from "./alone.ts";
import { ask } from "./ask.ts";
import { idOf } from "./connect.ts";
import { type Connection, Connections } from "./connections.ts";
import { forgetBuilds } from "./copy.ts";
import { forgetDesks } from "../wake/desk.ts";
import { diffLines } from "./diff.ts";
import { hubAs } from "./enter.ts";
import { removeFolders } from "./file.ts";
import { Ledger } from "./ledger.ts";

interface Wishes {
  readonly place: Place;
  /** None: all that are connected in the folder. */
  readonly named: readonly Host[];
  readonly isAsking: boolean;
  readonly isDry: boolean;
}

export async function disconnect(prepared: Prepared, { place, named, isAsking, isDry }: Wishes): Promise<Exit> {
  const { file, terminal, world } = prepared;
  const connections = new Connections(file.folder);
  const ours = connections
    .all()
    .filter(
      ({ host, folder }) => folder === place.folder && (named.length === 0 || named.some(({ id }) => id === host)),
    );
  if (ours.length === 0) throw new Failed(EXIT.failed, `nothing is set up in ${place.folder}`);
  const ledger = new Ledger(file.folder);
  const undone = ours.map((connection) => ledger.undo(idOf(connection)));
  const lines = undone.flat().flatMap(({ change }) => diffLines(change, terminal.paint));
  if (lines.length > 0) await terminal.out(`${lines.join("\n")}\n`);
  if (isDry) return EXIT.ok;
  if (isAsking && !/^y(es)?$/i.test(await ask(world, "write this", "yes")))
    throw new Failed(EXIT.failed, "nothing was written");
  await alone(file.folder, async () => {
    for (const connection of ours) await removeOne(prepared, connection);
  });
  removeFolders([dirname(file.folder), file.folder]);
  if (connections.all().length > 0) return EXIT.ok;
  forgetBuilds(place);
  const desks = dirname(forgetDesks(world.env));
  removeFolders([dirname(desks), desks]);
  return EXIT.ok;
}

async function removeOne({ file, terminal }: Prepared, connection: Connection): Promise<void> {
  for (const { run } of new Ledger(file.folder).undo(idOf(connection))) {
    const backup = run();
    if (backup !== undefined) terminal.note(`others changed it since: what it was before is kept in ${backup}`);
  }
  const agents = new Agents(file.folder);
  await leave(agents, connection, terminal.note);
  agents.forget(connection);
  new Connections(file.folder).forget(connection.host, connection.folder);
  terminal.note(`${connection.host} is disconnected in ${connection.folder}`);
}

/** A hub that cannot be reached keeps nobody from being removed here. */
async function leave(agents: Agents, connection: Connection, note: (line: string) => void): Promise<void> {
  if (connection.channel === undefined) return;
  try {
    const hub = await hubAs(connection, await agents.of(connection));
    await hub.api.leave(connection.channel);
  } catch (error) {
    if (!(error instanceof HubError)) throw error;
    note(`it could not leave ${connection.channel}: ${showLine(error.message)}`);
  }
}
