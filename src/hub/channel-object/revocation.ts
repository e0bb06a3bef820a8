/**
 * Sockets end with the hub key that admitted them (KEY3). Called once when a channel object is made,
 * before its first event; never throws.
 */
import { refusal } from "../../protocol/index.ts";
import type { Connections } from "./sockets/connections.ts";
import { type KeyVariables, standingRights } from "../between/keys.ts";

export async function closeRevoked(connections: Connections, env: KeyVariables): Promise<void> {
  if (connections.size === 0) return;
  const standing = await standingRights(env);
  // A hub whose variables make no sense lets nobody in, so nobody stays; clients come back when it does.
  const why = standing.ok
    ? refusal("key_revoked", "the hub key that admitted this socket no longer allows it; connect with a current one")
    : standing.refusal;
  const now = Date.now();
  for (const connection of [...connections.all()]) {
    if (!standing.ok || !standing.value.has(connection.right)) connections.drop(connection, why, now);
  }
}
