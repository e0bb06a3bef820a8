/**
 * The upgrade: join if needed, register, snapshot, first frame, all in one turn, so that nothing
 * falls between the snapshot and the live frames (SOC2).
 */
import { handle, type HistoryAnswer, readHistory, refuseCaller } from "../../../channel/index.ts";
import {
  HISTORY_DEFAULT,
  HISTORY_MAX,
  type Limits,
  ok,
  refusal,
  type Refusal,
  type Result,
  SOCKETS_PER_KEY,
  statusOf,
} from "../../../protocol/index.ts";
import type { ConnectRequest } from "../../between/requests.ts";
import type { Bearers } from "../bearers.ts";
import { Connection, type Wishes } from "./connection.ts";
import type { Connections } from "./connections.ts";
import type { Delivery } from "../delivery.ts";
import type { Keeper } from "../keeper.ts";
import { isAdminRight, kidOf } from "../../between/keys.ts";
import { closePlain } from "../no-downgrade.ts";
import type { Holder } from "./backlog.ts";
import type { Pacing } from "./pacing.ts";
import { UNSAID_BYTES } from "./reader.ts";

/** Sockets that one hub key's observers may have on a channel, and one watch ticket's among them: a leaked one must not fill it. */
const OBSERVERS_PER_HUB_KEY = 64;
const OBSERVERS_PER_TICKET = 16;
/** Of a channel's sockets, those that one hub key may have: the rest is for others. Admins may have all. */
const SHARE = 3 / 4;

/** A refusal on its way back to the Worker. */
export function refusedUpgrade(why: Refusal): Response {
  return Response.json(why, { status: statusOf(why) });
}

/** The parts of a channel object that an upgrade needs. */
export interface ConnectPorts {
  readonly ctx: DurableObjectState;
  readonly limits: Limits;
  readonly bearers: Pick<Bearers, "refusePass">;
  readonly keeper: Keeper;
  readonly connections: Connections;
  readonly delivery: Delivery;
  readonly pacing: Pacing;
}

/** One synchronous turn. Gives the client's end of the new socket. */
export function connect(ports: ConnectPorts, asked: ConnectRequest, now: number): Result<WebSocket> {
  const { bearers, keeper, limits, connections, delivery } = ports;
  const { caller } = asked;
  const ended = bearers.refusePass(caller.kid);
  if (ended !== undefined) return { ok: false, refusal: ended };
  if (caller.observes === true) return observe(ports, asked, now);
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

function observe(ports: ConnectPorts, asked: ConnectRequest, now: number): Result<WebSocket> {
  const { connections } = ports;
  const own = olderOf(connections, asked);
  const others = connections.ofKey(asked.caller.key).filter((one) => !own.includes(one));
  const why = tooManyObservers(others, asked.via) ?? noPlace(ports, asked, own.length);
  return why === undefined ? greet(ports, asked, now) : { ok: false, refusal: why };
}

function tooManyObservers(others: readonly Connection[], via: string | undefined): Refusal | undefined {
  if (others.length >= OBSERVERS_PER_HUB_KEY) return tooManyWatch("a hub key", OBSERVERS_PER_HUB_KEY);
  if (via === undefined || others.filter((one) => one.via === via).length < OBSERVERS_PER_TICKET) return undefined;
  return tooManyWatch("a watch ticket", OBSERVERS_PER_TICKET);
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

/**
 * The client's own sockets of before, which it has let go of. An upgrade that was under way for long
 * and comes late takes the place of none that was made after it.
 */
function olderOf(connections: Connections, { caller, right, query }: ConnectRequest): readonly Connection[] {
  const { instance, attempt = 0 } = query;
  if (instance === undefined) return [];
  // Who has come upon another's instance may not end its socket: key, strength and hub key are the same.
  const isOwn = (one: Connection): boolean =>
    one.isOf(instance) && one.verified === caller.verified && one.right === right;
  return connections.ofKey(caller.key).filter((one) => isOwn(one) && one.attempt <= attempt);
}

/** Room for one more socket of the key, and on the channel; a silent one gives way (SOC1). */
function makeRoom(ports: ConnectPorts, asked: ConnectRequest, now: number): Refusal | undefined {
  const { connections } = ports;
  const { caller } = asked;
  const own = new Set(olderOf(connections, asked));
  // Plain sockets of a key that is proven are about to be closed, and so are the client's own of before.
  const isRival = (one: Connection): boolean => !one.isClosing && !own.has(one) && (one.verified || !caller.verified);
  const peers = connections.ofKey(caller.key).filter(isRival);
  if (peers.length >= SOCKETS_PER_KEY) {
    const silent = peers.find((connection) => connection.isSilent(now));
    if (silent === undefined) return tooManyOfKey();
    connections.drop(silent, replaced("of this key, this one being silent"), now);
  }
  return noPlace(ports, asked, own.size);
}

function holderOf({ right }: ConnectRequest): Holder {
  return { kid: kidOf(right), right };
}

/** A place on the channel. Hub keys but those of admins leave some to others, for agent keys cost nothing to make. */
function noPlace(ports: ConnectPorts, asked: ConnectRequest, going: number): Refusal | undefined {
  const { connections, limits, pacing } = ports;
  const { right } = asked;
  if (!pacing.hasPlaceFor(holderOf(asked))) return tooMuchUnread();
  const most = limits.HUB_MAX_SOCKETS;
  const taken = connections.size - going;
  if (taken >= most) return tooManySockets(most);
  const share = Math.ceil(most * SHARE);
  if (isAdminRight(right) || taken < share) return undefined;
  const kid = kidOf(right);
  const own = [...connections.all()].filter((one) => one.kid === kid).length - going;
  return own < share ? undefined : tooManyOfHubKey(share);
}

function replaced(which: string): Refusal {
  return refusal("replaced", `a newer socket took the place of this one: it is ${which}`);
}

function tooManyOfKey(): Refusal {
  return refusal("too_many_sockets", `a key may have ${SOCKETS_PER_KEY} sockets on a channel; close one first`, {
    retry_after_ms: 30_000,
  });
}

function tooManyOfHubKey(most: number): Refusal {
  const text = `a hub key may have ${most} of a channel's sockets, the rest is for others; use another hub key`;
  return refusal("too_many_sockets", text, { retry_after_ms: 30_000 });
}

function tooManyWatch(whose: string, most: number): Refusal {
  const text = `${whose} may have ${most} observing sockets on a channel; close one first`;
  return refusal("too_many_sockets", text, { retry_after_ms: 30_000 });
}

function tooMuchUnread(): Refusal {
  const text = "the sockets of this channel, or of this hub key on it, have left too much unread; connect again later";
  return refusal("overloaded", text, { retry_after_ms: 10_000 });
}

function tooManySockets(most: number): Refusal {
  return refusal("too_many_sockets", `the channel has ${most} sockets, the most it may have (HUB_MAX_SOCKETS)`, {
    retry_after_ms: 30_000,
  });
}
