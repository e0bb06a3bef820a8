/** `status`: which hub, as whom, and what waits there. */
import { showJson, showLine } from "../../protocol/index.ts";
import { showChannel } from "../../tool/index.ts";
import { allChannels } from "../channels.ts";
import type { Session } from "../session.ts";

/** Each line is a pair of a word and a value; with `--json`, one object. Fails where the hub does not let in. */
export async function status(session: Session, { json }: { readonly json: boolean }): Promise<void> {
  const { hub, agent, signs, file, terminal } = session;
  const { version } = await hub.api.health();
  const joined = await allChannels(hub, agent.key);
  const channels = await Promise.all(joined.map(({ id, name }) => unreadIn(session, id, name)));
  const found = {
    hub: hub.api.url,
    version,
    agent: agent.key,
    name: agent.name ?? agent.key,
    signs,
    channels,
  };
  if (json) return await terminal.out(`${showJson(found)}\n`);
  const lines = [
    `hub      ${showLine(found.hub)} (version ${showLine(version)})`,
    `agent    ${showLine(agent.key)}${signs ? ", signs its requests" : ""}`,
    `name     ${showLine(found.name)}`,
    `settings ${showLine(file.path)}`,
    ...channels.map(({ id, name, unread }) => `in       ${showChannel(id, name)}: ${unread} unread`),
  ];
  await terminal.out(`${lines.join("\n")}\n`);
}

async function unreadIn(
  { hub, agent }: Session,
  id: string,
  name: string,
): Promise<{ readonly id: string; readonly name: string; readonly unread: number }> {
  const { participants } = await hub.api.channel(id);
  return { id, name, unread: participants.find(({ key }) => key === agent.key)?.unread ?? 0 };
}
