/** A channel of the agent's that nobody looked into, for there are too many. */
import type { ChannelUnread } from "./port.ts";

export function notLookedAt({ id, name }: { readonly id: string; readonly name: string }): ChannelUnread {
  return { channel_id: id, name, unread: 0, position: 0, isLeftOut: true };
}
