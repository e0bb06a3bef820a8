/**
 * Everything that is asked of the machine, and the only file that knows what a machine offers: a
 * socket, one HTTP request, a timer, the time, dice. The names below are globals of every JavaScript
 * host; they are declared here so that no other file can use them.
 */
import { failure, HubError } from "./hub-error.ts";

export interface Host {
  /** Unix milliseconds by the machine's clock, which people set and which goes on while it sleeps. */
  now(): number;
  /** Milliseconds by a clock that nobody sets and that never goes back; in sleep it may stand still. */
  uptime(): number;
  /** In [0, 1); for jitter, not for secrets. */
  random(): number;
  /** Unguessable, 32 hexadecimal digits. */
  id(): string;
  /** Runs once after `ms`; the answer cancels. */
  after(ms: number, run: () => void): () => void;
  /** Calls `woken` whenever the machine says that the network or the page is back; the answer ends it. */
  onWake(woken: () => void): () => void;
  /** One HTTP exchange, which follows no redirect; rejects when there is no answer. */
  fetch(request: HttpRequest): Promise<HttpAnswer>;
  /** Whether an upgrade can carry headers. Where not, a ticket stands in for them (IDN3). */
  readonly carries_headers: boolean;
  /** Opens a WebSocket. What becomes of it is said by `events`, never before this returns. */
  open(request: UpgradeRequest, events: SocketEvents): Socket;
}

export interface HttpRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Milliseconds until it counts as unanswered. */
  readonly timeout_ms: number;
  readonly signal?: Signal;
}

export interface HttpAnswer {
  /** 0: a redirect whose status the host does not show. */
  readonly status: number;
  readonly text: string;
  /** Content-Type. */
  readonly type?: string;
  /** Where a redirect leads. */
  readonly location?: string;
}

export interface UpgradeRequest {
  /** `ws:` or `wss:` */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly protocols: readonly string[];
}

export interface SocketEvents {
  opened(): void;
  text(data: string): void;
  /** The last event, also of a socket that never opened. */
  closed(code: number, reason: string): void;
  /** Instead of all others, where the host can see the answer to a refused upgrade. */
  refused(answer: HttpAnswer): void;
}

export interface Socket {
  send(text: string): void;
  /** 1000 or 3000–4999: hosts let an application close with no other code. */
  close(code: number, reason: string): void;
}

/** As much of an `AbortSignal` as is used. */
export interface Signal {
  readonly aborted: boolean;
  addEventListener(type: "abort", listener: () => void): void;
  removeEventListener(type: "abort", listener: () => void): void;
}

interface HostSocket extends Socket {
  addEventListener(type: string, listener: (event: SocketEvent) => void): void;
  /** workerd only: sockets from fetch are silent until accepted. */
  accept?(): void;
}
interface SocketEvent {
  readonly data?: unknown;
  readonly code?: number;
  readonly reason?: string;
}
interface FetchInit {
  readonly method?: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly signal?: Signal;
  readonly redirect: "manual";
}
interface FetchAnswer {
  readonly status: number;
  readonly headers: { get(name: string): string | null };
  text(): Promise<string>;
  /** workerd only. */
  readonly webSocket?: HostSocket | null;
}
interface SocketInit {
  readonly headers: Readonly<Record<string, string>>;
  readonly protocols: readonly string[];
}

declare const WebSocket: new (url: string, init: SocketInit | readonly string[]) => HostSocket;
declare const fetch: (url: string, init: FetchInit) => Promise<FetchAnswer>;
declare const setTimeout: (run: () => void, ms: number) => unknown;
declare const clearTimeout: (timer: unknown) => void;
declare const performance: { now(): number };
declare const crypto: { getRandomValues(bytes: Uint8Array): Uint8Array };
declare const AbortSignal: { timeout(ms: number): Signal; any(signals: readonly Signal[]): Signal };

/** What a page hears of (https://developer.mozilla.org/docs/Web/API/Page_Lifecycle_API); a worker of a page hears `online`. */
interface Wakeful {
  readonly visibilityState?: string;
  addEventListener(type: string, listener: () => void): void;
  removeEventListener(type: string, listener: () => void): void;
}
interface World {
  readonly navigator?: { readonly onLine?: boolean };
  readonly document?: Wakeful;
}
const WAKING = ["online", "pageshow", "visibilitychange", "resume"] as const;

/** The machine this runs on. */
export function thisHost(): Host {
  // workerd's fetch makes upgrades with headers, and its answers show why one was refused.
  const upgradesByFetch = "WebSocketPair" in globalThis;
  return {
    now: () => Date.now(),
    uptime: () => performance.now(),
    random: () => Math.random(),
    id: () =>
      [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join(""),
    after,
    onWake,
    fetch: exchange,
    // Asked when it is first needed: merely to name Node's WebSocket takes 60 ms, as fetch does.
    get carries_headers() {
      return upgradesByFetch || typeof WebSocket === "undefined" || readsHeaders();
    },
    open: upgradesByFetch ? openByFetch : openByConstructor,
  };
}

function after(ms: number, run: () => void): () => void {
  const timer = setTimeout(run, ms);
  return () => clearTimeout(timer);
}

/** Only a browser has events of this kind, and it alone says whether it is `onLine`. */
function onWake(woken: () => void): () => void {
  const { navigator, document: page } = globalThis as unknown as World;
  if (typeof navigator?.onLine !== "boolean") return () => undefined;
  const heard = (): void => {
    if (page?.visibilityState !== "hidden") woken();
  };
  const targets = [globalThis as unknown as Wakeful, ...(page === undefined ? [] : [page])];
  const each = (what: "addEventListener" | "removeEventListener"): void => {
    for (const target of targets) for (const type of WAKING) target[what](type, heard);
  };
  each("addEventListener");
  return () => each("removeEventListener");
}

/**
 * A redirect is not followed: what leads elsewhere is no hub, and `fetch` would take the hub key
 * along (only `Authorization` and cookies are left out on the way to another origin, Fetch §4.4).
 */
async function exchange({ url, timeout_ms, signal, ...init }: HttpRequest): Promise<HttpAnswer> {
  const timeout = AbortSignal.timeout(timeout_ms);
  const asked = { ...init, redirect: "manual", signal: signal ? AbortSignal.any([signal, timeout]) : timeout } as const;
  return await read(await fetch(url, asked));
}

async function read(answer: FetchAnswer): Promise<HttpAnswer> {
  const [type, location] = ["content-type", "location"].map((name) => answer.headers.get(name) ?? undefined);
  const seen = { ...(type !== undefined && { type }), ...(location !== undefined && { location }) };
  return { status: answer.status, text: await answer.text(), ...seen };
}

/**
 * Whether this host's WebSocket takes `{ headers }`, as Node, Bun and Deno do: they read it before
 * they look at the URL, which is none, so that nothing is opened. A browser's constructor knows
 * subprotocols only, and takes the object for the text "[object Object]".
 */
function readsHeaders(): boolean {
  let isRead = false;
  const init: SocketInit = {
    protocols: [],
    get headers() {
      isRead = true;
      return {};
    },
  };
  try {
    // oxlint-disable-next-line no-new -- it is made for what it reads, and throws
    new WebSocket("no url", init);
  } catch {
    // As it should: the URL is none.
  }
  return isRead;
}

function openByConstructor({ url, headers, protocols }: UpgradeRequest, events: SocketEvents): Socket {
  if (typeof WebSocket === "undefined") throw new HubError(NO_WEBSOCKET);
  const hasHeaders = Object.keys(headers).length > 0;
  const socket = new WebSocket(url, hasHeaders ? { headers, protocols } : protocols);
  socket.addEventListener("open", () => events.opened());
  listen(socket, events);
  return socket;
}

const NO_WEBSOCKET = failure("no_websocket", "this JavaScript host has no WebSocket, so it can only make requests", {
  hint: "use Node 22 or later, start Node 20 with --experimental-websocket, or give HubClient a host of your own",
});

function listen(socket: HostSocket, events: SocketEvents): void {
  let isClosed = false;
  const close = (code: number, reason: string): void => {
    if (!isClosed) events.closed(code, reason);
    isClosed = true;
  };
  socket.addEventListener("message", ({ data }) => {
    if (typeof data === "string") events.text(data);
  });
  socket.addEventListener("close", ({ code = 1006, reason = "" }) => close(code, reason));
  // Not every host lets a close follow its error.
  socket.addEventListener("error", () => close(1006, ""));
}

function openByFetch(request: UpgradeRequest, events: SocketEvents): Socket {
  let socket: HostSocket | undefined;
  let isClosed = false;
  const connect = async (): Promise<void> => {
    const answer = await upgrade(request);
    if (!answer.webSocket) return events.refused(await read(answer));
    socket = answer.webSocket;
    listen(socket, events);
    socket.accept?.();
    if (isClosed) socket.close(1000, "");
    else events.opened();
  };
  connect().catch((error: unknown) => events.closed(1006, error instanceof Error ? error.message : String(error)));
  return {
    send: (text) => socket?.send(text),
    close: (code, reason) => {
      isClosed = true;
      socket?.close(code, reason);
    },
  };
}

function upgrade({ url, headers, protocols }: UpgradeRequest): Promise<FetchAnswer> {
  const offered: Record<string, string> =
    protocols.length > 0 ? { "sec-websocket-protocol": protocols.join(", ") } : {};
  const asked = { headers: { ...headers, ...offered, upgrade: "websocket" }, redirect: "manual" } as const;
  return fetch(url.replace(/^ws/, "http"), asked);
}
