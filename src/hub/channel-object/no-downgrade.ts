/**
 * Once a key is proven, whoever only claimed it goes (IDN1, IDN5): its plain sockets are closed in
 * the turn that proves it. What is refused from then on stands in `src/channel/identity.ts`.
 */
import { type Decided, endClaim, type Entry } from "../../channel/index.ts";
import { ok, refusal, type Refusal, type Result } from "../../protocol/index.ts";
import type { Connections } from "./sockets/connections.ts";
import type { Delivery } from "./delivery.ts";
import type { Keeper } from "./keeper.ts";

/** Closes the plain sockets of keys that a turn's commands prove. */
export function closePlain(connections: Connections, decided: readonly Decided[], now: number): void {
  for (const { arrival } of decided) if (arrival.caller.verified) closePlainOf(connections, arrival.caller.key, now);
}

/** The parts of a channel object that the end of a claim needs. */
export interface ClaimPorts {
  readonly keeper: Keeper;
  readonly connections: Connections;
  readonly delivery: Delivery;
}

/** The key was proven elsewhere, or by one who only looks on: what was merely claimed under it ends (IDN5). */
export function endClaimOf({ keeper, connections, delivery }: ClaimPorts, key: string, now: number): Result<true> {
  const isClaimed = keeper.read((state) => state.participants.get(key)?.verified === false);
  if (!isClaimed.ok) return isClaimed;
  const ended = isClaimed.value ? keeper.commit(now, (state) => endClaim(state, key, now)) : ok(undefined);
  if (!ended.ok) return ended;
  closePlainOf(connections, key, now);
  if (ended.value !== undefined) delivery.deliver([asLeave(key, ended.value)], now);
  return ok(true);
}

function asLeave(key: string, entry: Entry): Decided {
  const arrival = { caller: { key, verified: true }, command: { action: "leave" }, named: {} } as const;
  return { arrival, outcome: { type: "left", seq: entry.message.seq, entry } };
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
