/**
 * What may be asked of the hub's channels, whichever way a request came: by a route or by the tool.
 * What is given is parsed and the speaker known; what the objects answer is handed on as it is.
 */
import { type Caller, type HistoryQuery, refuseNobody, type Unread, type Viewer } from "../../../channel/index.ts";
import {
  type Change,
  type ChannelDetails,
  channelNotFound,
  channelNumber,
  type CreateBody,
  type ListQuery,
  type Named,
  quote,
  type Result,
} from "../../../protocol/index.ts";
import type { CommandAnswer, HistoryReply } from "../../between/channel-calls.ts";
import type { Env } from "../../between/env.ts";
import type { Created, Listing } from "../../between/index-calls.ts";
import { callChannel, callIndex, type CallOptions, READ, unclear } from "./calls.ts";
import { directory } from "./directory.ts";

/** Makes a channel, once for each Idempotency-Key (IDX2); `how` says what to do where no answer came. */
export async function create(
  env: Env,
  caller: Caller,
  body: CreateBody,
  { key, how }: { readonly key: string; readonly how: string },
): Promise<Result<Created>> {
  const made = await callIndex(env, (index) => index.create(caller, body, key), unclear(how, true));
  if (made.ok) directory.created(made.value.number);
  return made;
}

/** With a key in the query, the channels it is in: the viewer's own. */
export function list(env: Env, viewer: Viewer, query: ListQuery): Promise<Result<Listing>> {
  return callIndex(env, (index) => index.list(viewer, query));
}

export function details(env: Env, viewer: Viewer, id: string): Promise<Result<ChannelDetails>> {
  return callChannel(env, id, (channel) => channel.details(viewer), READ);
}

/** `reader`: whose read position is told with it. */
export function history(
  env: Env,
  viewer: Viewer,
  id: string,
  { reader, ...query }: HistoryQuery & { readonly reader?: string | undefined },
): Promise<Result<HistoryReply>> {
  return callChannel(env, id, (channel) => channel.history(viewer, query, reader), READ);
}

/** What waits for the viewer behind its read position, or `after`. */
export function unread(env: Env, viewer: Viewer, id: string, after: number): Promise<Result<Unread>> {
  return callChannel(env, id, (channel) => channel.unread(viewer, after), READ);
}

/** Whether a request that asks no channel may name this key: what is proven anywhere is claimed nowhere (IDN5). */
export function mayClaim(env: Env, key: string): Promise<Result<true>> {
  return callIndex(env, (index) => index.mayClaim(key));
}

export async function remove(env: Env, viewer: Viewer, id: string): Promise<Result<true>> {
  const why = refuseNobody(viewer);
  if (why !== undefined) return { ok: false, refusal: why };
  const number = channelNumber(id);
  if (number === undefined) return { ok: false, refusal: channelNotFound(quote(id)) };
  // Not repeated: a second call would be told that the channel is deleted already.
  return await callIndex(env, (index) => index.delete(viewer, number), unclear("GET the channel to see", false));
}

/** Brings a command to its channel. With `done`, its author is done with everything up to there first (LIS3). */
export function change(
  env: Env,
  caller: Caller,
  id: string,
  { done, ...command }: Change & { readonly done?: number | undefined },
): Promise<Result<CommandAnswer>> {
  const how = outcomeOf(command, caller);
  return callChannel(env, id, (channel) => channel.command(caller, command, named(command), done), how);
}

function named(command: Change): Named {
  return command.action === "send" && command.client_msg_id !== undefined
    ? { client_msg_id: command.client_msg_id }
    : {};
}

/**
 * A leave that is repeated would be told that it is no participant, and a nonce that it was used;
 * the others do no harm twice.
 */
function outcomeOf(command: Change, { nonce }: Caller): CallOptions {
  const id = command.action === "send" ? command.client_msg_id : undefined;
  const how = id === undefined ? "repeat it" : "repeat it with the same client_msg_id, within 4 minutes";
  const isRepeatable = command.action === "send" || (command.action !== "leave" && nonce === undefined);
  return unclear(how, isRepeatable, id === undefined ? {} : { client_msg_id: id });
}
