/**
 * The upgrade: join if needed, register, snapshot, first frame, all in one turn, so that nothing
 * falls between the snapshot and the live frames (SOC2).
 */
import { handle, type HistoryAnswer, readHistory, refuseCaller } from "../../../channel/index.ts";
import { HISTORY_DEFAULT, HISTORY_MAX, ok, type Refusal, type Result, statusOf } from "../../../protocol/index.ts";
import type { ConnectRequest } from "../../between/requests.ts";
import type { Bearers } from "../bearers.ts";
import { Connection, type Wishes } from "./connection.ts";
import type { Delivery } from "../delivery.ts";
import type { Keeper } from "../keeper.ts";
import { closePlain } from "../no-downgrade.ts";
import { holderOf, makeRoom, olderOf, type PlacePorts, refuseObserver, replaced } from "./places.ts";
import { UNSAID_BYTES } from "./reader.ts";

/** A refusal on its way back to the Worker. */
export function refusedUpgrade(why: Refusal): Response {
  return Response.json(why, { status: statusOf(why) });
}

/** The parts of a channel object that an upgrade needs. */
export interface ConnectPorts extends PlacePorts {
  readonly ctx: DurableObjectState;
  readonly bearers: Pick<Bearers, "refusePass">;
  readonly keeper: Keeper;
  readonly delivery: Delivery;
}

/** One synchronous turn. Gives the client's end of the new socket. */
export function connect(ports: ConnectPorts, asked: ConnectRequest, now: number): Result<WebSocket> {
  const { bearers, keeper, limits, connections, delivery } = ports;
  const { caller } = asked;
  const ended = bearers.refusePass(caller.kid);
  if (ended !== undefined) return { ok: false, refusal: ended };
  if (caller.observes === true) {
    const full = refuseObserver(ports, asked);
    return full === undefined ? greet(ports, asked, now) : { ok: false, refusal: full };
  }
  // First, so that a claim to another's key cannot take the place of its sockets.
  const refused = keeper.read((state) => refuseCaller(state, caller, now));
  if (!refused.ok) return refused;
  const why = refused.value ?? makeRoom(ports, asked, now);
  if (why !== undefined) return { ok: false, refusal: why };
  const joined = keeper.commit(now, (state) => {
    const command = { action: "join", name: caller.name } as const;
    const outcome = handle(state, caller, command, { log: keeper.log, now, limits });
    return { arrival: { caller, command, named: {} }, outcome };
  });
  if (!joined.ok) return joined;
  const { outcome } = joined.value;
  if (outcome.type === "refused") return { ok: false, refusal: outcome.refusal };
  closePlain(connections, [joined.value], now);
  delivery.deliver([joined.value], now);
  return greet(ports, asked, now);
}

/** Registers the socket and sends the snapshot as its first frame. */
function greet(
  { ctx, keeper, connections, pacing }: ConnectPorts,
  asked: ConnectRequest,
  now: number,
): Result<WebSocket> {
  const { after, epoch, frames, echo, format, instance, attempt } = asked.query;
  const limit = after === undefined ? HISTORY_DEFAULT : HISTORY_MAX;
  const read = (bytes?: number): Result<HistoryAnswer> =>
    keeper.read((state) =>
      readHistory(state, keeper.log, { limit, after, epoch, ...(bytes !== undefined && { bytes }) }),
    );
  const whole = read();
  // A reader that has said nothing yet gets no more than its allowance where others left much unread.
  const page = whole.ok && !pacing.canGreet(holderOf(asked), whole.value) ? read(UNSAID_BYTES) : whole;
  if (!page.ok) return page;
  for (const older of olderOf(connections, asked)) connections.drop(older, replaced("of the same instance"), now);
  const { 0: client, 1: server } = new WebSocketPair();
  const { mode, trail } = startOf(page.value);
  const form = { batch: frames === "batch", echo: echo === "1", line: format === "line" };
  const wishes = { ...form, mode, trail, instance, attempt };
  const connection = Connection.open(ctx, server, { ...asked, wishes, now });
  connections.add(connection);
  pacing.greet(connection, page.value, now);
  return ok(client);
}

/** Live, or behind from the last message of its first frame on. */
function startOf({ last, meta }: HistoryAnswer): Pick<Wishes, "mode" | "trail"> {
  return meta.complete ? { mode: "live" } : { mode: "behind", trail: { at: last, hasLeft: false } };
}
