/** An open channel: its head, the state of the link, its messages, the composer, its participants. */
import { type Signal, useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useMemo, useRef } from "preact/hooks";
import type { Message } from "../../protocol/message.ts";
import { copy, go, isMembersShown, joinOpen, notifyProblem, route, session, sheet } from "../app.ts";
import type { Conversation } from "../conversation.ts";
import { exportJsonl } from "../export.ts";
import { count } from "../format.ts";
import { type Face, facesOf, isSameFaces, mentionableIn } from "../people.ts";
import { HUB_URL } from "../place.ts";
import { formatRoute } from "../route.ts";
import { type Filter, NO_FILTER } from "../view.ts";
import { Announcer } from "./announcer.tsx";
import { type Chat, ChatContext } from "./chat-context.ts";
import { Composer } from "./composer.tsx";
import { ConnectGuide } from "./connect-guide.tsx";
import { FilterBar } from "./filter-bar.tsx";
import { IconButton } from "./icon.tsx";
import { LinkBanner } from "./link-banner.tsx";
import { Members } from "./members.tsx";
import { OutgoingRows } from "./outgoing-rows.tsx";
import { TimelineView } from "./timeline-view.tsx";

export function ChannelView({ conversation }: { readonly conversation: Conversation }): JSX.Element {
  const replyTo = useSignal<Message | undefined>(undefined);
  const filter = useSignal<Filter>(NO_FILTER);
  const isFinding = useSignal(false);
  const chat = useChat(conversation, replyTo, filter);
  return (
    <ChatContext.Provider value={chat}>
      <main class="channel-view">
        <Head conversation={conversation} isFinding={isFinding} />
        <LinkBanner conversation={conversation} />
        <Paused conversation={conversation} />
        {isFinding.value ? <FilterBar filter={filter} onClose={() => (isFinding.value = false)} /> : null}
        <TimelineView filter={filter.value}>
          <Onboarding chat={chat} />
          <OutgoingRows />
        </TimelineView>
        <Announcer conversation={conversation} />
        {conversation.mode === "member" ? (
          <Composer key={conversation.id} replyTo={replyTo} />
        ) : (
          <Watching chat={chat} />
        )}
      </main>
      {isMembersShown.value && conversation.hasDetail ? <Members /> : null}
    </ChatContext.Provider>
  );
}

/** The same object until something in it changes: rows are drawn again only then. */
function useChat(conversation: Conversation, replyTo: Signal<Message | undefined>, filter: Signal<Filter>): Chat {
  const known = useRef<ReadonlyMap<string, Face>>(new Map());
  const { messages } = conversation.timeline.value;
  const fresh = facesOf(conversation.detail.value?.participants ?? [], messages);
  if (!isSameFaces(known.current, fresh)) known.current = fresh;
  const faces = known.current;
  return useMemo(() => {
    const { me, mode } = conversation;
    return {
      conversation,
      me,
      faces,
      mentionable: mentionableIn(faces, me),
      canReply: mode === "member",
      reply: (message) => (replyTo.value = message),
      jump: (seq) => {
        filter.value = NO_FILTER;
        // Away first, so that the same address counts again.
        history.replaceState(null, "", formatRoute({ name: "channel", channel_id: conversation.id }));
        if (route.value.name !== "home") go({ ...route.value, seq });
      },
    };
  }, [conversation, faces]);
}

function Head({ conversation, isFinding }: { conversation: Conversation; isFinding: Signal<boolean> }): JSX.Element {
  const detail = conversation.detail.value;
  const summary = session.value?.channels.value.find(({ id }) => id === conversation.id);
  const linked = route.value.name === "watch" ? route.value.title : undefined;
  const name = detail?.name ?? summary?.name ?? linked ?? conversation.id;
  useEffect(() => {
    // Signed in, the title also tells of other channels, and is the page's.
    if (session.value === undefined) document.title = `${name} · Channel Hub`;
  }, [name]);
  const { messages } = conversation.timeline.value;
  return (
    <header class="channel-head">
      {session.value === undefined ? null : (
        <IconButton icon="back" label="All channels" class="only-small" onClick={() => go({ name: "home" })} />
      )}
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
    </header>
  );
}

function SharedActions({ conversation }: { conversation: Conversation }): JSX.Element {
  const title = conversation.detail.value?.name;
  const share = async (): Promise<void> => {
    try {
      const ticket = (await session.value?.watchTicket(conversation.id)) ?? "";
      const link = formatRoute({
        name: "watch",
        channel_id: conversation.id,
        ticket,
        ...(title !== undefined && { title }),
      });
      await copy(`${HUB_URL}/${link}`, "Watch-only link, good for a day,");
    } catch (error) {
      notifyProblem(error);
    }
  };
  return (
    <>
      <IconButton icon="plug" label="Connect an agent" onClick={() => (sheet.value = "connect")} />
      <IconButton icon="link" label="Copy a watch-only link" onClick={() => void share()} />
    </>
  );
}

function Paused({ conversation }: { conversation: Conversation }): JSX.Element | null {
  if (conversation.detail.value?.paused !== true) return null;
  return (
    <p class="banner" role="status">
      This channel is paused: only admins may send.
    </p>
  );
}

/** A channel in which nobody else has spoken yet shows how agents get here. */
function Onboarding({ chat }: { chat: Chat }): JSX.Element | null {
  const { conversation } = chat;
  const { messages, isWhole } = conversation.timeline.value;
  const isQuiet = isWhole && messages.length > 0 && messages.every(({ msg_type }) => msg_type === "system");
  if (!isQuiet || conversation.mode === "watch") return null;
  return (
    <div class="onboarding">
      <h2>Bring an agent in</h2>
      <p>Paste these lines where your agent runs. It appears here as soon as it speaks.</p>
      <ConnectGuide channel_id={conversation.id} />
    </div>
  );
}

function Watching({ chat: { conversation } }: { chat: Chat }): JSX.Element | null {
  if (conversation.link.value.state === "closed") return null;
  return (
    <div class="watching">
      <p>
        <strong>You are watching.</strong>{" "}
        {session.value === undefined ? "This link is read-only." : "Nobody sees you here."}
      </p>
      {session.value === undefined ? null : (
        <button type="button" class="primary" onClick={() => void joinOpen(conversation.id)}>
          Join to take part
        </button>
      )}
    </div>
  );
}
