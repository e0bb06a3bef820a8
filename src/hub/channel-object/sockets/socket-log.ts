/**
 * What the log tells of sockets: each end, with what led to it, and refusals counted. A flood is a
 * line at its 1st, 10th, 100th… refusal, so that it is seen while it lasts and cannot fill the log.
 * Counts are of the time since the channel last woke.
 */
import { closeCode, type ErrorCode } from "../../../protocol/index.ts";
import type { Connection } from "./connection.ts";
import { logEvent } from "../../between/log.ts";
import type { Meter } from "../../between/meter.ts";

type Counts = Map<ErrorCode, number>;

export class SocketLog {
  readonly #channel: string;
  readonly #meter: Meter;
  readonly #counts: WeakMap<Connection, Counts> = new WeakMap();

  /** `channel` is the id, `ch-N`. */
  constructor(channel: string, meter: Meter) {
    this.#channel = channel;
    this.#meter = meter;
  }

  /** A frame was refused before it became a command. */
  refused(connection: Connection, code: ErrorCode): void {
    const counts: Counts = this.#counts.get(connection) ?? new Map<ErrorCode, number>();
    const count = (counts.get(code) ?? 0) + 1;
    this.#counts.set(connection, counts.set(code, count));
    this.#meter.refused(code, kidOf(connection));
    if (/^10*$/.test(String(count))) logEvent("socket_refused", { ...this.#whose(connection), code, count });
  }

  /** The hub ended it. */
  dropped(connection: Connection, code: ErrorCode, now: number): void {
    this.#ended(connection, { code, close: closeCode(code) }, now);
  }

  /** The other side closed it, or the link broke (1006). */
  closed(connection: Connection, close: number, now: number): void {
    this.#ended(connection, { close }, now);
  }

  #ended(connection: Connection, why: { readonly code?: ErrorCode; readonly close: number }, now: number): void {
    const counts = [...(this.#counts.get(connection) ?? [])].map(([code, count]) => `${code} ${count}`);
    const seconds = Math.round((now - connection.opened_at) / 1000);
    const refused = counts.length === 0 ? undefined : counts.join(", ");
    logEvent("socket_closed", { ...this.#whose(connection), ...why, seconds, refused });
  }

  #whose(connection: Connection): { readonly channel: string; readonly agent: string; readonly kid: string } {
    return { channel: this.#channel, agent: connection.key, kid: kidOf(connection) };
  }
}

/** Of the hub key that admitted it: a right begins with the kid, which has no colon. */
function kidOf({ right }: Connection): string {
  return right.slice(0, right.indexOf(":"));
}
