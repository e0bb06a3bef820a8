/** `kick`, `pause`, `resume`, `guard-reset` and `delete`: for admins of the hub, and a channel's proven creator. */
import { createInterface } from "node:readline/promises";
import { showLine } from "../../protocol/index.ts";
import { EXIT, Failed } from "../exit.ts";
import { channelId } from "../channels.ts";
import type { Session } from "../session.ts";
import { told } from "./membership.ts";

type Flags = { readonly json: boolean };

export async function kick(
  session: Session,
  channel: string,
  who: string,
  { minutes, ...flags }: Flags & { readonly minutes?: number },
): Promise<void> {
  const done = await session.hub.api.kick(await channelId(session, channel), who, minutes);
  await told(session, `removed ${showLine(who)} from`, flags, done);
}

export async function pause(session: Session, channel: string | undefined, flags: Flags): Promise<void> {
  await told(session, "paused", flags, await session.hub.api.pause(await channelId(session, channel)));
}

export async function resume(session: Session, channel: string | undefined, flags: Flags): Promise<void> {
  await told(session, "resumed", flags, await session.hub.api.resume(await channelId(session, channel)));
}

export async function guardReset(session: Session, channel: string | undefined, flags: Flags): Promise<void> {
  const done = await session.hub.api.guardReset(await channelId(session, channel));
  await told(session, "reset the loop guard of", flags, done);
}

/** For good: whoever sits at a terminal is asked. */
export async function remove(
  session: Session,
  channel: string,
  { yes, ...flags }: Flags & { readonly yes: boolean },
): Promise<void> {
  const id = await channelId(session, channel);
  if (!yes && session.world.stdin.isTTY === true) await confirm(session, id);
  await told(session, "deleted", flags, await session.hub.api.delete(id));
}

async function confirm({ hub, world }: Session, id: string): Promise<void> {
  const { name, message_count } = await hub.api.channel(id);
  const lines = createInterface({ input: world.stdin, output: world.stderr });
  const question = `delete ${showLine(id)} "${showLine(name)}" with ${message_count} messages, for good? [y/N] `;
  const answer = await lines.question(question).finally(() => lines.close());
  if (!/^y(es)?$/i.test(answer.trim())) throw new Failed(EXIT.failed, "nothing was deleted");
}
