/** Undoes what `setup` did for hosts in one folder, and nothing else. */
import { EXIT, type Exit, Failed } from "../exit.ts";
import type { Host, Place } from "../hosts/host.ts";
import type { Prepared } from "../session.ts";
import { Agents } from "./agents.ts";
import { alone } from "./alone.ts";
import { isWanted, nothingWritten, showChanges } from "./approve.ts";
import { clear } from "./clear.ts";
import { type Connection, Connections } from "./connections.ts";
import { leave } from "./enter.ts";
import { undo } from "./kept.ts";

interface Wishes {
  readonly place: Place;
  /** None: all that are connected in the folder. */
  readonly named: readonly Host[];
  readonly isAsking: boolean;
  readonly isDry: boolean;
}

export async function disconnect(prepared: Prepared, { place, named, isAsking, isDry }: Wishes): Promise<Exit> {
  const { file } = prepared;
  const connections = new Connections(file.folder);
  const ours = connections
    .all()
    .filter(
      ({ host, folder }) => folder === place.folder && (named.length === 0 || named.some(({ id }) => id === host)),
    );
  if (ours.length === 0) throw new Failed(EXIT.failed, `nothing is set up in ${place.folder}`);
  const undone = ours.flatMap((connection) => undo(file.folder, connection));
  await showChanges(
    prepared,
    undone.map(({ change }) => change),
  );
  if (isDry) return EXIT.ok;
  if (!(await isWanted(prepared, isAsking))) throw nothingWritten();
  await alone(file.folder, async () => {
    for (const connection of ours) await removeOne(prepared, connection);
  });
  clear(prepared, place, connections.all().length === 0);
  return EXIT.ok;
}

async function removeOne({ file, terminal }: Prepared, connection: Connection): Promise<void> {
  for (const { run } of undo(file.folder, connection)) {
    const backup = run();
    if (backup !== undefined) terminal.note(`others changed it since: what it was before is kept in ${backup}`);
  }
  const agents = new Agents(file.folder);
  await leave(agents, connection, terminal.note);
  agents.forget(connection);
  new Connections(file.folder).forget(connection.host, connection.folder);
  terminal.note(`${connection.host} is disconnected in ${connection.folder}`);
}
