/**
 * How a connection gets its socket: with headers where the host can send them, else with a ticket
 * (IDN3); and why it did not get one, since a JavaScript WebSocket never shows the answer to a
 * refused upgrade.
 */
import type { ApiClient } from "./api-client.ts";
import type { Agent } from "./api-shapes.ts";
import type { Place } from "./connection-state.ts";
import { type Failure, failure, failureFrom } from "./hub-error.ts";
import type { Host, HttpAnswer, UpgradeRequest } from "./host.ts";
import { noAnswer, query, readAnswer } from "./http.ts";
import type { Requests } from "./requests.ts";

export interface Upgrading {
  readonly host: Host;
  readonly api: ApiClient;
  readonly requests: Requests;
  readonly agent: Agent;
}

/** What a socket is asked for. */
export interface Upgrade {
  readonly channel_id: string;
  /** Goes on from here. */
  readonly place: Place | undefined;
  /** Takes the place of the sockets of this instance whose attempt came before (SOC1). */
  readonly instance: string;
  readonly attempt: number;
}

/** The request for a socket. Rejects where the hub refuses a ticket. */
export async function upgradeRequest(
  { host, api, requests, agent }: Upgrading,
  { channel_id, place, ...who }: Upgrade,
): Promise<UpgradeRequest> {
  const asked = { ...agent, frames: "batch", echo: 1, ...who, after: place?.seq, epoch: place?.epoch };
  const url = `${api.url}/ws/channel/${encodeURIComponent(channel_id)}${query(asked)}`;
  const socketUrl = url.replace(/^http/, "ws");
  if (host.carries_headers)
    return { url: socketUrl, headers: await requests.headers({ method: "GET", url }), protocols: [] };
  const { ticket } = await api.ticket(channel_id);
  return { url: socketUrl, headers: {}, protocols: ["spf.v1", `spf.ticket.${ticket}`] };
}

/**
 * Why an upgrade failed, asked by plain requests that meet the same doors. The first connect of an
 * agent also joins by request, as its upgrade would have done: that meets the rest of them.
 */
export async function whyRefused({ api, requests }: Upgrading, channel_id: string, isFirst: boolean): Promise<Failure> {
  const { clockOffset } = requests;
  try {
    await api.channel(channel_id);
    if (isFirst) await api.join(channel_id);
  } catch (error) {
    return failureFrom(error);
  }
  if (requests.clockOffset !== clockOffset) return wrongClock();
  const message = "the hub answers, but the WebSocket does not open";
  const hint = "the link may have broken, the key may have all its sockets, or a proxy may not pass WebSockets";
  return failure("upgrade_failed", message, { hint });
}

/** Why, where the host saw the answer. */
export function refusalIn({ requests }: Upgrading, answer: HttpAnswer): Failure {
  try {
    readAnswer(answer);
  } catch (error) {
    const why = failureFrom(error);
    return requests.learn(why) ? wrongClock() : why;
  }
  return noAnswer(answer);
}

/** It passes: what is signed next has the hub's time. */
function wrongClock(): Failure {
  return failure("clock_skew", "this machine's clock is wrong; from now on the hub's counts for signing");
}
