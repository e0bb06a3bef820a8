/** Brings a command to its channel, whichever way it came to the Worker, and says what became of it. */
import type { Caller } from "../../../channel/index.ts";
import type { Change, Named, Result } from "../../../protocol/index.ts";
import { callChannel, type CallOptions, unclear } from "./calls.ts";
import type { Env } from "../../between/env.ts";
import type { CommandAnswer } from "../../between/channel-calls.ts";

export function command(env: Env, channel_id: string, caller: Caller, change: Change): Promise<Result<CommandAnswer>> {
  return commandAfter(env, channel_id, { caller, change });
}

/** With `done`, its author is done with everything up to there first (LIS3). */
export async function commandAfter(
  env: Env,
  channel_id: string,
  { caller, change, done }: { readonly caller: Caller; readonly change: Change; readonly done?: number | undefined },
): Promise<Result<CommandAnswer>> {
  return await callChannel(
    env,
    channel_id,
    (channel) => channel.command(caller, change, named(change), done),
    outcomeOf(change, caller),
  );
}

function named(change: Change): Named {
  return change.action === "send" && change.client_msg_id !== undefined ? { client_msg_id: change.client_msg_id } : {};
}

/**
 * A leave that is repeated would be told that it is no participant, and a nonce that it was used;
 * the others do no harm twice.
 */
function outcomeOf(change: Change, { nonce }: Caller): CallOptions {
  const id = change.action === "send" ? change.client_msg_id : undefined;
  const how = id === undefined ? "repeat it" : "repeat it with the same client_msg_id, within 4 minutes";
  const isRepeatable = change.action === "send" || (change.action !== "leave" && nonce === undefined);
  return unclear(how, isRepeatable, id === undefined ? {} : { client_msg_id: id });
}
