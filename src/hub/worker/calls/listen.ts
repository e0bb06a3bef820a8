/**
 * The waiting side of a listen (LIS1, LIS2): the Worker waits, so that the channel object can sleep.
 * Used by the routes and by the tool alike.
 */
import { type Caller, endsWait, type Viewer, type Wanted } from "../../../channel/index.ts";
import {
  type ChannelPosition,
  type ChannelSummary,
  type Chosen,
  type LeftOut,
  leftOut,
  type ListenAllOptions,
  type ListenAnswer,
  type ListenedChannel,
  type ListenOptions,
  LIST_MAX,
  type ListQuery,
  map,
  mostActive,
  ok,
  refuse,
  type Result,
} from "../../../protocol/index.ts";
import { callIndex, findChannel, noteDeleted, READ, repeated } from "./calls.ts";
import type { Env } from "../../between/env.ts";
import { listenRequest } from "../../between/requests.ts";
import type { Listing } from "../../between/index-calls.ts";

/** Who listens, as admission found out. */
export interface Listening {
  readonly caller: Caller;
}

/** What is later than a position; waits for it if there is nothing yet. `signal`: the caller has left. */
export async function listenTo(
  env: Env,
  channel_id: string,
  { caller, wait, ...query }: Listening & Omit<ListenOptions, "key"> & Pick<Wanted, "start">,
  signal: AbortSignal,
): Promise<Result<ListenAnswer>> {
  const asked = { caller, query };
  const found = await findChannel(env, channel_id);
  if (!found.ok) return found;
  const name = `ch-${found.value}`;
  const listened = await repeated(async () => {
    if (wait === 0) return await env.CHANNELS.getByName(name).listen(asked);
    const response = await env.CHANNELS.getByName(name).fetch(listenRequest(asked));
    const { webSocket } = response;
    if (webSocket === null) return await response.json<Result<ListenAnswer>>();
    const { until = Infinity } = caller;
    return await waitOn(webSocket, Math.min(wait * 1000, until - Date.now()), signal);
  }, READ);
  return noteDeleted(found.value, listened);
}

/** The second frame is the answer; the first, what is answered when time is over or the object was reset. */
function waitOn(socket: WebSocket, wait_ms: number, signal: AbortSignal): Promise<Result<ListenAnswer>> {
  return new Promise((resolve, reject) => {
    let answer: Result<ListenAnswer> | undefined;
    let frames = 0;
    const settle = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", settle);
      socket.close(1000);
      if (answer === undefined) reject(new Error("the channel object ended before it answered"));
      else resolve(answer);
    };
    const timer = setTimeout(settle, wait_ms);
    signal.addEventListener("abort", settle);
    socket.addEventListener("close", settle);
    socket.addEventListener("message", ({ data }) => {
      answer = JSON.parse(String(data)) as Result<ListenAnswer>;
      if (++frames === 2 || signal.aborted) settle();
    });
    socket.accept();
  });
}

/** Waits on several channels at once and gives those that have news (LIS1). */
export async function listenToAll(
  env: Env,
  { after, ...asked }: Listening & Omit<ListenAllOptions, "key">,
  signal: AbortSignal,
): Promise<Result<Listened>> {
  if (after !== undefined) return await listenToPlaces(env, after, asked, signal);
  const joined = await joinedChannels(env, asked.caller);
  if (!joined.ok) return joined;
  const places = joined.value.channels.map(({ id }) => ({ channel_id: id }));
  const heard = await listenToPlaces(env, places, asked, signal);
  return map(heard, (answer) => ({ ...answer, ...leftOut(joined.value.left_out) }));
}

interface Listened {
  readonly channels: readonly ListenedChannel[];
  /** Channels of the key's that were not looked at. */
  readonly left_out?: LeftOut;
}

/** Where a listen to several channels begins in each. */
type PlaceToListen = Omit<ChannelPosition, "after"> & Pick<Wanted, "after" | "start">;

export async function listenToPlaces(
  env: Env,
  places: readonly PlaceToListen[],
  { caller, wait, ...options }: Listening & Omit<ListenAllOptions, "key" | "after">,
  signal: AbortSignal,
): Promise<Result<Listened>> {
  const enough = new AbortController();
  const stop = AbortSignal.any([signal, enough.signal]);
  const listens = places.map(async ({ channel_id, ...place }) => {
    const result = await listenTo(env, channel_id, { caller, ...options, ...place, wait }, stop);
    // One that cannot be listened to ends no wait: else a caller would ask again at once, for ever.
    if (result.ok && endsWait(result.value)) enough.abort();
    return { channel_id, result };
  });
  const heard = await Promise.all(listens);
  const refused = heard.find(({ result }) => !result.ok)?.result;
  if (refused?.ok === false && heard.every(({ result }) => !result.ok)) return refused;
  const channels = heard.map(({ channel_id, result }) =>
    result.ok ? result.value : { channel_id, ...result.refusal },
  );
  return ok({ channels: channels.filter(hasNews) });
}

function hasNews(channel: ListenedChannel): boolean {
  return !("messages" in channel) || endsWait(channel) || channel.messages.length > 0;
}

async function joinedChannels(env: Env, caller: Caller): Promise<Result<Chosen<JoinedChannel>>> {
  const joined = await activeJoined(env, caller);
  if (joined.ok && joined.value.channels.length === 0)
    return refuse("not_participant", "this key has joined no channel", {
      hint: "join one first: POST /api/channel/join",
    });
  return joined;
}

/** A channel that a key has joined. */
type JoinedChannel = Pick<ChannelSummary, "id" | "name" | "created_at" | "active_at">;

/** The channels a key has joined: as many as one listen takes, those in which something was said last, and the others. */
export async function activeJoined(env: Env, viewer: Viewer): Promise<Result<Chosen<JoinedChannel>>> {
  const all: JoinedChannel[] = [];
  // A page ends early where it had to ask many channels (IDX3).
  let cursor: number | undefined = 0;
  while (cursor !== undefined) {
    const query: ListQuery = { limit: LIST_MAX, cursor, key: viewer.key };
    const listing: Result<Listing> = await callIndex(env, (index) => index.list(viewer, query));
    if (!listing.ok) return listing;
    const page = JSON.parse(`[${listing.value.channels}]`) as readonly ChannelSummary[];
    for (const { id, name, created_at, active_at = created_at } of page) all.push({ id, name, created_at, active_at });
    cursor = listing.value.next_cursor;
  }
  return ok(mostActive(all));
}
