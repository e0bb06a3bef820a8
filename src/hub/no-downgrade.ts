/**
 * Once a key is proven in a channel, whoever only claimed it goes (IDN1): its plain sockets are
 * closed in the turn that proves it. What is refused from then on stands in `src/channel/identity.ts`.
 */
import { type Caller, noteCaller } from "../channel/index.ts";
import { refusal, type Refusal } from "../protocol/index.ts";
import type { Connections } from "./connections.ts";
import type { Decided } from "./delivery.ts";
import type { Keeper } from "./keeper.ts";

/** Closes the plain sockets of keys that a turn's commands prove. */
export function closePlain(connections: Connections, decided: readonly Decided[], now: number): void {
  for (const { arrival } of decided) if (arrival.caller.verified) closePlainOf(connections, arrival.caller.key, now);
}

/** A signed read proves its key where it has a row; others leave no trace here. */
export function proveCaller(keeper: Keeper, connections: Connections, caller: Caller, now: number): void {
  const isNews = keeper.read((state) => state.participants.get(caller.key)?.verified === false);
  if (!isNews.ok || !isNews.value) return;
  const noted = keeper.commit(now, (state) => noteCaller(state, caller, now));
  if (noted.ok) closePlainOf(connections, caller.key, now);
}

function closePlainOf(connections: Connections, key: string, now: number): void {
  for (const connection of connections.ofKey(key)) {
    if (!connection.verified) connections.drop(connection, nowProven(), now);
  }
}

function nowProven(): Refusal {
  return refusal(
    "forbidden",
    "this key was proven by its owner, so it can no longer be used plainly; sign, or use another key",
  );
}
