/** `join` and `leave`. */
import type { Done } from "../../client/index.ts";
import { showJson, showLine } from "../../protocol/index.ts";
import { channelId } from "../channels.ts";
import type { Session } from "../session.ts";

type Flags = { readonly json: boolean };

export async function join(session: Session, channel: string | undefined, flags: Flags): Promise<void> {
  await told(session, "joined", flags, await session.hub.api.join(await channelId(session, channel)));
}

export async function leave(session: Session, channel: string | undefined, flags: Flags): Promise<void> {
  await told(session, "left", flags, await session.hub.api.leave(await channelId(session, channel)));
}

/** What was done to a channel: a line for people, or the hub's answer. */
export async function told(
  { terminal }: Session,
  what: string,
  { json }: Flags,
  done: Pick<Done, "channel_id">,
): Promise<void> {
  if (json) await terminal.out(`${showJson(done)}\n`);
  else terminal.note(`${what} ${showLine(done.channel_id)}`);
}
