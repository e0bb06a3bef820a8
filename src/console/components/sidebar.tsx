/** All channels: what is unread in them, who is there, what was said last. */
import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import type { ChannelSummary, Message } from "../../protocol/message.ts";
import { showAuthorName } from "../../protocol/names.ts";
import { conversation, now, setTheme, sheet, signOut, theme, type Theme } from "../app.ts";
import type { Conversation } from "../conversation.ts";
import { count, shortTimeOf } from "../format.ts";
import { formatRoute } from "../route.ts";
import type { Session } from "../session.ts";
import { NOTHING_UNREAD } from "../unread.ts";
import { previewOf } from "../view.ts";
import { Avatar } from "./avatar.tsx";
import { Icon, IconButton, Mark } from "./icon.tsx";

export function Sidebar({ open }: { readonly open: Session }): JSX.Element {
  const search = useSignal("");
  const wanted = search.value.trim().toLowerCase();
  const found = open.channels.value.filter(({ id, name }) => `${name} ${id}`.toLowerCase().includes(wanted));
  const own = found.filter(({ id }) => open.joined.value.has(id));
  const others = found.filter(({ id }) => !open.joined.value.has(id));
  return (
    <nav class="sidebar" aria-label="Channels">
      <header class="brand">
        <Mark />
        <strong>Channel Hub</strong>
        <IconButton icon="plus" label="New channel" onClick={() => (sheet.value = "create")} />
      </header>
      <div class="search">
        <Icon name="search" />
        <input
          id="channel-search"
          type="search"
          placeholder="Find a channel"
          aria-label="Find a channel"
          value={search.value}
          onInput={(event) => (search.value = event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key === "Escape") event.currentTarget.blur();
            else if (event.key === "Enter") document.querySelector<HTMLElement>("[data-channel]")?.click();
          }}
        />
      </div>
      <div class="channels">
        <ChannelGroup title="Joined" channels={sorted(own, open)} open={open} />
        <ChannelGroup title="Other channels" channels={sorted(others, open)} open={open} />
        <NoChannels open={open} isSearching={wanted !== ""} isEmpty={found.length === 0} />
      </div>
      <Profile open={open} />
    </nav>
  );
}

/** Those with news of late first, then the newest. */
function sorted(channels: readonly ChannelSummary[], { conversations }: Session): readonly ChannelSummary[] {
  const lastOf = ({ id, created_at }: ChannelSummary): string =>
    conversations.value.get(id)?.timeline.value.messages.at(-1)?.timestamp ?? created_at;
  return channels.toSorted((a, b) => (lastOf(a) < lastOf(b) ? 1 : -1));
}

function ChannelGroup(props: {
  title: string;
  channels: readonly ChannelSummary[];
  open: Session;
}): JSX.Element | null {
  if (props.channels.length === 0) return null;
  return (
    <section aria-label={props.title}>
      <h2>{props.title}</h2>
      <ul>
        {props.channels.map((channel) => (
          <ChannelItem key={channel.id} channel={channel} known={props.open.conversations.value.get(channel.id)} />
        ))}
      </ul>
    </section>
  );
}

function ChannelItem({ channel, known }: { channel: ChannelSummary; known: Conversation | undefined }): JSX.Element {
  const isCurrent = conversation.value?.id === channel.id;
  const { count: unread, mentions } = known?.unread.value ?? NOTHING_UNREAD;
  const last = known?.timeline.value.messages.at(-1);
  const classes = ["channel", isCurrent ? "current" : "", unread > 0 ? "has-unread" : ""].join(" ");
  return (
    <li>
      <a
        class={classes}
        href={formatRoute({ name: "channel", channel_id: channel.id })}
        data-channel={channel.id}
        aria-current={isCurrent ? "page" : undefined}
      >
        <span class="channel-line">
          <bdi class="channel-name">{channel.name}</bdi>
          <UnreadCount count={unread} mentions={mentions.length} />
          <time>{last === undefined ? "" : shortTimeOf(last.timestamp, now.value)}</time>
        </span>
        <span class="channel-line quiet">
          <bdi class="last">{last === undefined ? count(channel.message_count, "message") : lastSaid(last)}</bdi>
          <Online connected={known?.detail.value?.connected_count ?? channel.connected_count} />
        </span>
      </a>
    </li>
  );
}

function lastSaid(message: Message): string {
  const said = previewOf(message, 80);
  return message.msg_type === "system" ? said : `${showAuthorName(message)}: ${said}`;
}

function Online({ connected }: { connected: number }): JSX.Element {
  return (
    <span class="online" title={`${connected} connected`}>
      <i class={connected > 0 ? "dot on" : "dot"} /> {connected}
    </span>
  );
}

function UnreadCount({ count: unread, mentions }: { count: number; mentions: number }): JSX.Element | null {
  if (unread === 0) return null;
  const label = mentions > 0 ? `${unread} unread, ${count(mentions, "mention")} of you` : `${unread} unread`;
  return (
    <span class={mentions > 0 ? "unread-count mentioned" : "unread-count"} aria-label={label} role="img">
      {mentions > 0 ? "@" : ""}
      {unread > 999 ? "999+" : unread}
    </span>
  );
}

function NoChannels(props: { open: Session; isSearching: boolean; isEmpty: boolean }): JSX.Element | null {
  const { open, isSearching, isEmpty } = props;
  if (open.problem.value !== undefined) {
    return (
      <p class="sidebar-note" role="status">
        The list may be old: {open.problem.value.message}
      </p>
    );
  }
  if (!isEmpty || !open.isLoaded.value) return null;
  return <p class="sidebar-note">{isSearching ? "No channel of that name." : "No channels yet."}</p>;
}

const THEMES: readonly Theme[] = ["auto", "light", "dark"];

function Profile({ open }: { open: Session }): JSX.Element {
  const { key, name = key } = open.person.agent;
  const next = THEMES[(THEMES.indexOf(theme.value) + 1) % THEMES.length] ?? "auto";
  return (
    <footer class="profile">
      <Avatar id={key} name={name} kind="human" />
      <span class="profile-name" title={key}>
        <bdi>{name}</bdi>
      </span>
      <IconButton icon="theme" label={`Theme: ${theme.value}; switch to ${next}`} onClick={() => setTheme(next)} />
      {open.limits.value === undefined ? null : (
        <IconButton icon="use" label="Use today" onClick={() => (sheet.value = "use")} />
      )}
      <IconButton icon="help" label="Keys" onClick={() => (sheet.value = "help")} />
      <IconButton icon="leave" label="Sign out" onClick={() => void signOut()} />
    </footer>
  );
}
