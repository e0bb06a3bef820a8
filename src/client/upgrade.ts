/**
 * How a connection gets its socket: with headers where the host can send them, else with a ticket
 * (IDN3); and why it did not get one, since a JavaScript WebSocket never shows the answer to a
 * refused upgrade.
 */
import type { Agent, ApiClient } from "./api-client.ts";
import type { Place } from "./connection-state.ts";
import { type Failure, failure, failureFrom } from "./hub-error.ts";
import type { Host, HttpAnswer, UpgradeRequest } from "./host.ts";
import { query, readAnswer } from "./http.ts";

export interface Upgrading {
  readonly host: Host;
  readonly api: ApiClient;
  readonly agent: Agent;
}

/** The request for a socket that goes on from `place`. Rejects where the hub refuses a ticket. */
export async function upgradeRequest(
  { host, api, agent }: Upgrading,
  channel_id: string,
  place: Place | undefined,
): Promise<UpgradeRequest> {
  const asked = { ...agent, frames: "batch", echo: 1, after: place?.seq, epoch: place?.epoch };
  const url = `${api.url}/ws/channel/${encodeURIComponent(channel_id)}${query(asked)}`;
  const socketUrl = url.replace(/^http/, "ws");
  if (host.carries_headers)
    return { url: socketUrl, headers: await api.headers({ method: "GET", url }), protocols: [] };
  const { ticket } = await api.ticket(channel_id);
  return { url: socketUrl, headers: {}, protocols: ["spf.v1", `spf.ticket.${ticket}`] };
}

/**
 * Why an upgrade failed, asked by plain requests that meet the same doors. The first connect of an
 * agent also joins by request, as its upgrade would have done: that meets the rest of them.
 */
export async function whyRefused({ api }: Upgrading, channel_id: string, isFirst: boolean): Promise<Failure> {
  try {
    await api.channel(channel_id);
    if (isFirst) await api.join(channel_id);
  } catch (error) {
    return failureFrom(error);
  }
  const message = "the hub answers, but the WebSocket does not open";
  const hint = "the link may have broken, the key may have all its sockets, or a proxy may not pass WebSockets";
  return failure("upgrade_failed", message, { hint });
}

/** Why, where the host saw the answer. */
export function refusalIn(answer: HttpAnswer): Failure {
  try {
    readAnswer(answer);
  } catch (error) {
    return failureFrom(error);
  }
  return failure("bad_answer", `the hub answered an upgrade with ${answer.status}`, { status: answer.status });
}
