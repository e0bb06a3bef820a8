/**
 * What `spf_channel` needs, over the hub's objects: every call stands alone, so there is no live
 * connection, and who calls is said by the request, in headers or in the tool's arguments.
 */
import {
  type Change,
  type ChannelSummary,
  check,
  field,
  leftOut,
  HISTORY_DEFAULT,
  type HistoryMeta,
  LIST_DEFAULT,
  type ListenAnswer,
  map,
  type Message,
  ok,
  refuse,
  type Result,
  type SendCommand,
} from "../../../protocol/index.ts";
import {
  type ChannelUnread,
  type HubPort,
  type ListAnswer,
  type ListenQuery,
  notLookedAt,
  type SendAnswer,
  type Waiting,
} from "../../../tool/index.ts";
import { outerUrl } from "../admission/address.ts";
import type { HubContext } from "../context.ts";
import { idempotencyKey } from "../handlers.ts";
import { viewerAs, viewerOf } from "../admission/identity.ts";
import * as operations from "../calls/operations.ts";
import { callerOf, identify, type Who } from "./tool-agent.ts";
import { activeJoined, type Listening, listenTo, listenToPlaces } from "../calls/listen.ts";

export function toolPort(c: HubContext): HubPort {
  const port: HubPort = {
    identify: (claim) => Promise.resolve(identify(c, claim)),
    create: (body) => create(c, body),
    join: (body) => act(c, body, { action: "join", name: body.name }),
    leave: (body) => act(c, body, { action: "leave" }),
    send: (body) => send(c, body),
    list: (query) => list(c, query),
    channel: ({ channel_id }) => operations.details(c.env, viewerOf(c), channel_id),
    history: ({ channel_id, limit = HISTORY_DEFAULT, ...query }) => history(c, channel_id, { limit, ...query }),
    listen: ({ channel_id, ...query }, waiting) => listenOne(c, channel_id, query, waiting),
    listenAll: (query, waiting) => listenAll(c, query, waiting),
    read: ({ seq, ...who }) => act(c, who, { action: "read", seq }),
    unread: (query) => unread(c, query),
    connect: async (body) => map(await port.join(body), () => NOT_LIVE),
    disconnect: () => Promise.resolve(ok(NOT_LIVE)),
    status: () =>
      Promise.resolve(ok({ hub: outerUrl(new URL(c.req.url).origin, c.env.HUB_URL ?? ""), connections: [] })),
  };
  return port;
}

const NOT_LIVE = { live: false };

async function create(
  c: HubContext,
  { name, key, name_display }: { readonly name: string; readonly key: string; readonly name_display?: string },
): Promise<Result<{ channel_id: string }>> {
  const [id, caller] = [idempotencyKey(c), callerOf(c, { key })];
  const named = check(field.channelName, name, "name");
  if (!id.ok) return id;
  if (!caller.ok) return caller;
  if (!named.ok) return named;
  const body = { name: named.value, key, name_display, kind: "agent" } as const;
  const once = { key: id.value, how: "list the channels to see" };
  const made = await operations.create(c.env, caller.value, body, once);
  return map(made, ({ number }) => ({ channel_id: `ch-${number}` }));
}

async function act(
  c: HubContext,
  { channel_id, ...who }: Who & { readonly channel_id: string },
  command: Change,
): Promise<Result<{ channel_id: string; seq: number }>> {
  const caller = callerOf(c, who);
  if (!caller.ok) return caller;
  const done = await operations.change(c.env, caller.value, channel_id, command);
  return map(done, (answer) => ({ channel_id, seq: answer.type === "done" ? answer.seq : 0 }));
}

async function send(c: HubContext, body: Parameters<HubPort["send"]>[0]): Promise<Result<SendAnswer>> {
  const { channel_id, key, name, text, to, reply_to, done } = body;
  const [id, caller] = [idempotencyKey(c), callerOf(c, { key })];
  if (!id.ok) return id;
  if (!caller.ok) return caller;
  const sent: SendCommand = {
    action: "send",
    text,
    msg_type: "text",
    client_msg_id: id.value,
    name,
    reply_to,
    to: to === undefined ? undefined : [...to],
  };
  const answer = await operations.change(c.env, caller.value, channel_id, { ...sent, done });
  if (!answer.ok) return answer;
  if (answer.value.type !== "sent") throw new Error("a send was answered as something else");
  const { message, extras, read_seq, names } = answer.value;
  const named = names === undefined ? {} : { names };
  return ok({ message: JSON.parse(message) as Message, ...extras, position: read_seq, ...named });
}

async function list(
  c: HubContext,
  {
    key,
    limit = LIST_DEFAULT,
    cursor = 0,
  }: { readonly key?: string; readonly limit?: number; readonly cursor?: number },
): Promise<Result<ListAnswer>> {
  const query = { limit, cursor, key };
  const viewer = key === undefined ? viewerOf(c) : viewerAs(c, key);
  return map(await operations.list(c.env, viewer, query), ({ channels, ...counts }) => {
    return { channels: JSON.parse(`[${channels}]`) as ChannelSummary[], ...counts };
  });
}

async function history(
  c: HubContext,
  channel_id: string,
  query: Parameters<typeof operations.history>[3],
): ReturnType<HubPort["history"]> {
  const page = await operations.history(c.env, viewerOf(c), channel_id, query);
  return map(page, ({ messages, meta, read_seq }) => {
    return {
      messages: JSON.parse(`[${messages}]`) as Message[],
      meta: JSON.parse(meta) as HistoryMeta,
      position: read_seq,
    };
  });
}

async function listenOne(
  c: HubContext,
  channel_id: string,
  query: ListenQuery & { readonly after?: number; readonly start?: number },
  waiting: Waiting,
): Promise<Result<ListenAnswer>> {
  const asked = listening(c, query);
  if (!asked.ok) return asked;
  const { after, start } = query;
  return await listenTo(c.env, channel_id, { ...asked.value, after, start }, signalOf(c, waiting));
}

async function listenAll(
  c: HubContext,
  { starts, ...query }: Parameters<HubPort["listenAll"]>[0],
  waiting: Waiting,
): ReturnType<HubPort["listenAll"]> {
  const asked = listening(c, query);
  if (!asked.ok) return asked;
  const joined = await activeJoined(c.env, asked.value.caller);
  if (!joined.ok) return joined;
  const { channels: active, left_out } = joined.value;
  if (active.length === 0) return refuse("not_participant", "you are in no channel");
  const names = new Map(active.map(({ id, name }) => [id, name]));
  const places = [...names.keys()].map((channel_id) => ({ channel_id, start: starts.get(channel_id) }));
  const heard = await listenToPlaces(c.env, places, asked.value, signalOf(c, waiting));
  return map(heard, ({ channels }) => {
    const answers = channels.filter((channel) => "messages" in channel);
    const named = answers.map((one) => ({ ...one, name: names.get(one.channel_id) ?? "" }));
    return { channels: named, ...leftOut(left_out) };
  });
}

type Asked = Listening & { readonly wait: number; readonly for: "all" | "me"; readonly limit: number };

function listening(
  c: HubContext,
  { key, wait = 0, for: wanted = "all", limit = HISTORY_DEFAULT }: ListenQuery,
): Result<Asked> {
  return map(callerOf(c, { key }), (caller) => ({ caller, wait, for: wanted, limit }));
}

/** Ends a wait when the caller has left, by whichever sign. */
function signalOf(c: HubContext, { signal }: Waiting): AbortSignal {
  if (signal === undefined) return c.req.raw.signal;
  const left = new AbortController();
  if (signal.aborted) left.abort();
  signal.addEventListener("abort", () => left.abort());
  return AbortSignal.any([c.req.raw.signal, left.signal]);
}

/** Asks the most active channels the key has joined; what cannot be asked is left out, for it only rides along. */
async function unread(c: HubContext, { key, after }: Parameters<HubPort["unread"]>[0]): ReturnType<HubPort["unread"]> {
  const viewer = viewerAs(c, key);
  const joined = await activeJoined(c.env, viewer);
  if (!joined.ok) return joined;
  const { channels, left_out } = joined.value;
  const counts = await Promise.all(
    channels.map(async ({ id, name }): Promise<ChannelUnread[]> => {
      const count = await operations.unread(c.env, viewer, id, after.get(id) ?? 0);
      return count.ok ? [{ channel_id: id, name, unread: count.value.unread, position: count.value.read_seq }] : [];
    }),
  );
  return ok([...counts.flat(), ...left_out.map(notLookedAt)]);
}
