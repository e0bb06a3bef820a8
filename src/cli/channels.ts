/** Which channel is meant, by id or name, and which there are. */
import type { HubClient } from "../client/index.ts";
import { channelNumber, type ChannelSummary, LIST_MAX } from "../protocol/index.ts";
import { called, showChannel } from "../tool/index.ts";
import { EXIT, Failed } from "./exit.ts";
import type { Session } from "./session.ts";

/** The id of a channel by id or name; without either, the one of the settings. */
export async function channelId({ settings, hub, agent }: Session, wanted?: string): Promise<string> {
  const channel = wanted ?? settings.channel;
  if (channel === undefined) {
    throw new Failed(
      EXIT.usage,
      "which channel?",
      "name it, or set CHANNEL_HUB_CHANNEL; this shows them: {channel-hub} list",
    );
  }
  const id = channel.trim().toLowerCase();
  if (channelNumber(id) !== undefined) return id;
  const mine = called(await allChannels(hub, agent.key), channel);
  const found = mine.length > 0 ? mine : called(await allChannels(hub), channel);
  const [only, ...others] = found;
  if (only === undefined) {
    throw new Failed(EXIT.not_found, `no channel is called ${channel}`, "this shows the channels: {channel-hub} list");
  }
  if (others.length === 0) return only.id;
  const choices = found.map((one) => showChannel(one.id, one.name)).join(", ");
  throw new Failed(EXIT.usage, `several channels are called ${channel}`, `say which by its id: ${choices}`);
}

/** All pages of a list; with `key`, the channels it has joined. */
export async function allChannels(hub: HubClient, key?: string): Promise<readonly ChannelSummary[]> {
  const channels: ChannelSummary[] = [];
  let cursor: number | undefined = 0;
  while (cursor !== undefined) {
    const page = await hub.api.list({ limit: LIST_MAX, cursor, ...(key !== undefined && { key }) });
    channels.push(...page.channels);
    cursor = page.next_cursor;
  }
  return channels;
}

/** Joins the channel of that id or name, or makes it. */
export async function joinOrMake(
  hub: HubClient,
  wish: string,
): Promise<{ readonly id: string; readonly name: string }> {
  const id = wish.trim().toLowerCase();
  if (channelNumber(id) !== undefined) {
    await hub.api.join(id);
    return { id, name: (await hub.api.channel(id)).name };
  }
  const [found, ...others] = called(await allChannels(hub), wish);
  if (others.length > 0)
    throw new Failed(EXIT.usage, `several channels are called ${wish}`, "say which by its id: --channel ch-1");
  if (found === undefined) return { id: (await hub.api.create(wish)).channel_id, name: wish };
  await hub.api.join(found.id);
  return { id: found.id, name: found.name };
}
