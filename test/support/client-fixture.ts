/** Frames as a hub writes them, and a client that is connected on a fake machine. */
import { type ChannelClient, type ConnectOptions, HubClient, HubError } from "../../src/client/index.ts";
import type { HistoryMeta, Message } from "../../src/protocol/index.ts";
import { FakeHost, type FakeSocket } from "./fake-host.ts";

/** Message number `seq`, of bravo if nothing else is said. */
export function message(seq: number, fields: Partial<Message> = {}): Message {
  return {
    id: `msg-1-1${String(seq).padStart(12, "0")}`,
    channel_id: "ch-1",
    seq,
    from: "bravo",
    from_name: "BRAVO",
    text: `text ${seq}`,
    timestamp: "2026-11-24T00:00:00.000Z",
    msg_type: "text",
    verified: false,
    ...fields,
  };
}

/** Messages `from` to `to`, both included. */
export function messages(from: number, to: number, fields: Partial<Message> = {}): Message[] {
  return Array.from({ length: Math.max(0, to - from + 1) }, (_, at) => message(from + at, fields));
}

export function live(seq: number, fields: Partial<Message> = {}): object {
  return { type: "message", data: message(seq, fields) };
}

export function page(data: readonly Message[], meta: Partial<HistoryMeta> = {}, ref?: string): object {
  const last_seq = data.at(-1)?.seq ?? 0;
  return {
    type: "history",
    data,
    meta: { epoch: "e1", first_seq: 1, last_seq, gap: null, complete: true, ...meta },
    ...(ref !== undefined && { ref }),
  };
}

export function ack(seq: number, client_msg_id: string, extras: object = {}): object {
  const data = message(seq, { from: "alpha", from_name: "ALPHA", client_msg_id });
  return { type: "ack", data, client_msg_id, duplicate: false, delivered: 1, offline: [], unresolved: [], ...extras };
}

export interface Stage {
  readonly host: FakeHost;
  readonly hub: HubClient;
  readonly channel: ChannelClient;
  readonly socket: FakeSocket;
}

export const ALPHA = { key: "alpha", name: "ALPHA", kind: "agent" } as const;

export function newHub(host: FakeHost): HubClient {
  return new HubClient({ url: "https://hub.example/", key: "hub-key", agent: ALPHA, host });
}

/** Alpha on ch-1, whose three messages so far are in the inbox. */
export async function connected(options: ConnectOptions = {}): Promise<Stage> {
  const host = new FakeHost();
  const hub = newHub(host);
  const connecting = hub.connect("ch-1", options);
  const socket = await host.socket();
  socket.events.opened();
  socket.say(page(messages((options.after ?? 0) + 1, 3), { last_seq: 3 })).flush();
  return { host, hub, channel: await connecting, socket };
}

/** The link breaks; gives the next socket. */
export async function reconnect({ host, socket }: Stage, ms = 30_000): Promise<FakeSocket> {
  socket.events.closed(1006, "");
  await host.advance(ms);
  const next = await host.socket();
  next.events.opened();
  return next;
}

/** What has become of a promise so far. */
export function outcomeOf(promise: Promise<unknown>): { is: unknown } {
  const outcome: { is: unknown } = { is: "open" };
  promise.then(
    (value) => (outcome.is = value),
    (error: unknown) => (outcome.is = error),
  );
  return outcome;
}

export async function failureOf(promise: Promise<unknown>): Promise<HubError> {
  const error: unknown = await promise.catch((thrown: unknown) => thrown);
  if (error instanceof HubError) return error;
  throw new Error("it did not fail as a HubError");
}
