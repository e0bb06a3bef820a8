/** What stands above an open channel's messages: its name, what can be done with it, and how its link is. */
import { type Signal, useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { go, isMembersShown, route, session } from "../app.ts";
import type { Conversation } from "../conversation.ts";
import { exportJsonl } from "../export.ts";
import { count } from "../format.ts";
import type { Filter } from "../view.ts";
import { FilterBar } from "./filter-bar.tsx";
import { IconButton } from "./icon.tsx";
import { LinkBanner } from "./link-banner.tsx";
import { SharedActions } from "./shared-actions.tsx";

interface Open {
  readonly conversation: Conversation;
}

export function ChannelBar({ conversation, filter }: Open & { readonly filter: Signal<Filter> }): JSX.Element {
  const isFinding = useSignal(false);
  return (
    <>
      <header class="channel-head">
        {session.value === undefined ? null : (
          <IconButton icon="back" label="All channels" class="only-small" onClick={() => go({ name: "home" })} />
        )}
        <Title conversation={conversation} />
        <Actions conversation={conversation} isFinding={isFinding} />
      </header>
      <LinkBanner conversation={conversation} />
      <Paused conversation={conversation} />
      {isFinding.value ? <FilterBar filter={filter} onClose={() => (isFinding.value = false)} /> : null}
    </>
  );
}

function Title({ conversation }: Open): JSX.Element {
  const detail = conversation.detail.value;
  const summary = session.value?.channels.value.find(({ id }) => id === conversation.id);
  const linked = route.value.name === "watch" ? route.value.title : undefined;
  const name = detail?.name ?? summary?.name ?? linked ?? conversation.id;
  useEffect(() => {
    // Signed in, the title also tells of other channels, and is the page's.
    if (session.value === undefined) document.title = `${name} · Channel Hub`;
  }, [name]);
  return (
    <div class="channel-title">
      <h1>
        <bdi>{name}</bdi>
      </h1>
      <p class="quiet">
        {conversation.id}
        {detail === undefined
          ? ""
          : ` · ${detail.connected_count} of ${count(detail.participant_count, "participant")} connected`}
      </p>
    </div>
  );
}

function Actions({ conversation, isFinding }: Open & { readonly isFinding: Signal<boolean> }): JSX.Element {
  const { messages } = conversation.timeline.value;
  return (
    <div class="head-actions">
      <IconButton
        id="find"
        icon="search"
        label="Find in this channel"
        aria-pressed={isFinding.value}
        onClick={() => (isFinding.value = true)}
      />
      {session.value === undefined ? null : <SharedActions conversation={conversation} />}
      <IconButton
        icon="download"
        label="Export what is loaded as JSONL"
        onClick={() => exportJsonl(conversation.id, messages)}
      />
      {conversation.hasDetail ? (
        <IconButton
          icon="people"
          label="Participants"
          aria-pressed={isMembersShown.value}
          onClick={() => (isMembersShown.value = !isMembersShown.value)}
        />
      ) : null}
    </div>
  );
}

function Paused({ conversation }: Open): JSX.Element | null {
  if (conversation.detail.value?.paused !== true) return null;
  return (
    <p class="banner" role="status">
      This channel is paused: only admins may send.
    </p>
  );
}
