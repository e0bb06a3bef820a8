/** `who`: those who are in a channel. */
import { showJson } from "../../protocol/index.ts";
import { participantLine } from "../../tool/index.ts";
import { channelId } from "../channels.ts";
import type { Session } from "../session.ts";

export async function who(
  session: Session,
  channel: string | undefined,
  { json }: { readonly json: boolean },
): Promise<void> {
  const { hub, agent, terminal } = session;
  const { participants } = await hub.api.channel(await channelId(session, channel));
  for (const participant of participants) {
    const line = json ? showJson(participant) : participantLine(participant, Date.now(), agent.key);
    await terminal.out(`${line}\n`);
  }
}
