/** Sockets and listens end with the hub key or pass that admitted them (KEY3, ACC3). */
import { isPassId, ok, refusal, type Result } from "../../protocol/index.ts";
import type { EndedPasses } from "../between/pass-text.ts";
import type { Bearers } from "./bearers.ts";
import type { Keeper } from "./keeper.ts";
import type { Listeners } from "./listeners.ts";
import type { Turns } from "./turns.ts";
import type { Connections } from "./sockets/connections.ts";
import { type KeyVariables, standingRights } from "../between/keys.ts";

/** Called once when a channel object is made, before its first event; never throws. */
export async function closeRevoked(connections: Connections, bearers: Sockets, env: KeyVariables): Promise<void> {
  if (connections.size === 0) return;
  const standing = await standingRights(env);
  // A hub whose variables make no sense lets nobody in, so nobody stays; clients come back when it does.
  const why = standing.ok
    ? refusal("key_revoked", "the hub key that admitted this socket no longer allows it; connect with a current one")
    : standing.refusal;
  const now = Date.now();
  for (const connection of [...connections.all()]) {
    const stands = standing.ok && (isPassId(connection.kid) || standing.value.has(connection.right));
    if (!stands) connections.drop(connection, why, now);
  }
  closeEnded(connections, bearers, now);
}

/** The parts of a channel object that the end of a pass needs. */
export interface EndPorts {
  readonly keeper: Keeper;
  readonly bearers: Bearers;
  readonly connections: Connections;
  readonly listeners: Listeners;
  readonly turns: Turns;
}

/** Passes ended: who came by one is refused from now on, and who is there goes, in its turn. */
export async function endBearers(ports: EndPorts, ended: EndedPasses): Promise<Result<true>> {
  const { keeper, bearers, connections, listeners, turns } = ports;
  const opened = await keeper.open();
  if (!opened.ok) return opened;
  bearers.note(ended);
  return await turns.inOrder(() => {
    closeEnded(connections, bearers, Date.now());
    listeners.end((pass) => bearers.refusePass(pass));
    return ok(true as const);
  });
}

/** Says why a socket may not stay. */
type Sockets = Pick<Bearers, "refuseSocket">;

/** Sockets end with their pass (ACC3). `now` in Unix milliseconds. */
function closeEnded(connections: Connections, bearers: Sockets, now: number): void {
  for (const connection of [...connections.all()]) {
    const why = bearers.refuseSocket(connection, now);
    if (why !== undefined) connections.drop(connection, why, now);
  }
}
