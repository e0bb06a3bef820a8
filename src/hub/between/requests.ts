/**
 * What the Worker hands to a channel object with an upgrade, of an agent or of one who waits. It
 * travels in a header, as percent-encoded JSON, since names are not ASCII.
 */
import type { Caller, Wanted } from "../../channel/index.ts";
import type { ConnectQuery } from "../../protocol/index.ts";

/** What the Worker found out about an upgrade. */
export interface ConnectRequest {
  /** One who only looks on is never joined, counted or allowed to send (SOC9). */
  readonly caller: Caller;
  /** What admitted it: a hub key and what that allows (KEY3). */
  readonly right: string;
  /** Names the watch ticket that admitted it. */
  readonly via?: string | undefined;
  readonly query: Pick<ConnectQuery, "after" | "epoch" | "frames" | "echo" | "instance" | "attempt"> & {
    readonly format?: "frames" | "line" | undefined;
  };
}

/** Who listens, and for what. */
export interface ListenRequest {
  readonly caller: Caller;
  readonly query: Wanted;
}

const HEADER = "x-asked";
export const LISTEN_PATH = "/listen";

export function connectRequest(asked: ConnectRequest): Request {
  return handOver("/connect", asked);
}

export function listenRequest(asked: ListenRequest): Request {
  return handOver(LISTEN_PATH, asked);
}

function handOver(path: string, asked: ConnectRequest | ListenRequest): Request {
  const headers = { upgrade: "websocket", [HEADER]: encodeURIComponent(JSON.stringify(asked)) };
  return new Request(`https://channel${path}`, { headers });
}

export function readConnectRequest(request: Request): ConnectRequest {
  return handedOver(request) as ConnectRequest;
}

export function readListenRequest(request: Request): ListenRequest {
  return handedOver(request) as ListenRequest;
}

/** Of our own text: only the Worker can reach an object. */
function handedOver(request: Request): unknown {
  return JSON.parse(decodeURIComponent(request.headers.get(HEADER) ?? ""));
}
