/**
 * Hosts for those who only watch. A watch ticket opens the sockets of one channel and no HTTP route:
 * upgrades carry it, and who has nothing else reads history over a socket too.
 */
import { type Host, thisHost } from "../client/index.ts";
import { HUB_URL } from "./place.ts";

type HttpRequest = Parameters<Host["fetch"]>[0];
type HttpAnswer = Awaited<ReturnType<Host["fetch"]>>;
type UpgradeRequest = Parameters<Host["open"]>[0];
type SocketEvents = Parameters<Host["open"]>[1];
type Socket = ReturnType<Host["open"]>;

/** Upgrades carry a ticket that `ticket` gives; requests go as they are, but one who watches never acts, nor joins. */
export function watchHost(ticket: () => Promise<string>): Host {
  const host = thisHost();
  return {
    ...host,
    carries_headers: true,
    open: (request, events) => openWith(host, ticket, request, events),
    fetch: async (request) => {
      if (request.method !== "GET") throw new Error("the channel cannot be watched now");
      return await host.fetch(request);
    },
  };
}

/** The same for those who have nothing but the ticket. */
export function linkHost(ticket: string): Host {
  const host = watchHost(async () => ticket);
  return { ...host, fetch: (request) => answer(host, request) };
}

function openWith(host: Host, ticket: () => Promise<string>, { url }: UpgradeRequest, events: SocketEvents): Socket {
  let socket: Socket | undefined;
  let isClosed = false;
  const connect = async (): Promise<void> => {
    const watched = new URL(url);
    watched.searchParams.delete("key");
    watched.searchParams.set("ticket", await ticket());
    if (!isClosed) socket = host.open({ url: watched.href, headers: {}, protocols: [] }, events);
  };
  connect().catch((error: unknown) => events.closed(1006, String(error)));
  return {
    send: (text) => socket?.send(text),
    close: (code, reason) => {
      isClosed = true;
      socket?.close(code, reason);
    },
  };
}

async function answer(host: Host, request: HttpRequest): Promise<HttpAnswer> {
  const url = new URL(request.url);
  if (url.pathname.endsWith("/history")) return await readHistory(host, url);
  // Asked after a refused upgrade: is it the hub that is away, or the ticket that is no good?
  await host.fetch({ ...request, method: "GET", url: `${HUB_URL}/health` });
  const error = "this link is wrong, or its time has passed; ask whoever gave it to you for a new one";
  return { status: 401, text: JSON.stringify({ ok: false, error, code: "unauthorized", request_id: "" }) };
}

/** `…/api/channel/ch-1/history?before=418` as the action of the same name. */
function readHistory(host: Host, { pathname, searchParams }: URL): Promise<HttpAnswer> {
  const channel_id = pathname.split("/").at(-2) ?? "";
  const command = JSON.stringify({ action: "history", ...Object.fromEntries(searchParams), ref: "page" });
  const url = `${HUB_URL.replace(/^http/, "ws")}/ws/channel/${channel_id}?after=999999999999`;
  return new Promise((resolve, reject) => {
    const socket = host.open(
      { url, headers: {}, protocols: [] },
      {
        opened: () => socket.send(command),
        text: (text) => {
          const page = pageIn(text, channel_id);
          if (page === undefined) return;
          resolve(page);
          socket.close(1000, "");
        },
        closed: () => reject(new Error("the connection was lost")),
        refused: resolve,
      },
    );
  });
}

/** The answer to `ref: "page"`, in the words of the HTTP route. */
function pageIn(text: string, channel_id: string): HttpAnswer | undefined {
  const { type, data, meta, ref } = JSON.parse(text) as Readonly<Record<string, unknown>>;
  if (ref !== "page") return undefined;
  if (type === "history" && Array.isArray(data)) {
    return { status: 200, text: JSON.stringify({ ok: true, channel_id, messages: data, count: data.length, meta }) };
  }
  return { status: 400, text: JSON.stringify({ ok: false, error: data, code: "bad_request", request_id: "" }) };
}
