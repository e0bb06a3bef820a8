/** Who gets a place on a channel, and whose is taken for it (SOC1, SOC9): keys, hub keys and tickets have shares. */
import { type Limits, refusal, type Refusal, SOCKETS_PER_KEY } from "../../../protocol/index.ts";
import { isAdminRight, kidOf } from "../../between/keys.ts";
import type { ConnectRequest } from "../../between/requests.ts";
import type { Holder } from "./backlog.ts";
import type { Connection } from "./connection.ts";
import type { Connections } from "./connections.ts";
import type { Pacing } from "./pacing.ts";

/** Sockets that one hub key's observers may have on a channel, and one watch ticket's among them: a leaked one must not fill it. */
const OBSERVERS_PER_HUB_KEY = 64;
const OBSERVERS_PER_TICKET = 16;
/** Of a channel's sockets, those that one hub key may have: the rest is for others. Admins may have all. */
const SHARE = 3 / 4;

/** The parts of a channel object that say what is taken. */
export interface PlacePorts {
  readonly limits: Limits;
  readonly connections: Connections;
  readonly pacing: Pacing;
}

/** Room for one more that only looks on. */
export function refuseObserver(ports: PlacePorts, asked: ConnectRequest): Refusal | undefined {
  const { connections } = ports;
  const own = olderOf(connections, asked);
  const others = connections.ofKey(asked.caller.key).filter((one) => !own.includes(one));
  return tooManyObservers(others, asked.via) ?? noPlace(ports, asked, own.length);
}

function tooManyObservers(others: readonly Connection[], via: string | undefined): Refusal | undefined {
  if (others.length >= OBSERVERS_PER_HUB_KEY) return tooManyWatch("a hub key", OBSERVERS_PER_HUB_KEY);
  if (via === undefined || others.filter((one) => one.via === via).length < OBSERVERS_PER_TICKET) return undefined;
  return tooManyWatch("a watch ticket", OBSERVERS_PER_TICKET);
}

/**
 * The client's own sockets of before, which it has let go of. An upgrade that was under way for long
 * and comes late takes the place of none that was made after it.
 */
export function olderOf(connections: Connections, { caller, right, query }: ConnectRequest): readonly Connection[] {
  const { instance, attempt = 0 } = query;
  if (instance === undefined) return [];
  // Who has come upon another's instance may not end its socket: key, strength and hub key are the same.
  const isOwn = (one: Connection): boolean =>
    one.isOf(instance) && one.verified === caller.verified && one.right === right;
  return connections.ofKey(caller.key).filter((one) => isOwn(one) && one.attempt <= attempt);
}

/** Room for one more socket of the key, and on the channel; a silent one gives way (SOC1). */
export function makeRoom(ports: PlacePorts, asked: ConnectRequest, now: number): Refusal | undefined {
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

export function holderOf({ right }: ConnectRequest): Holder {
  return { kid: kidOf(right), right };
}

/** A place on the channel. Hub keys but those of admins leave some to others, for agent keys cost nothing to make. */
function noPlace(ports: PlacePorts, asked: ConnectRequest, going: number): Refusal | undefined {
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

export function replaced(which: string): Refusal {
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
