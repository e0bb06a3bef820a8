/** An open channel: its head, the state of the link, its messages, the composer, its participants. */
import type { JSX } from "preact";
import type { Conversation } from "../conversation.ts";
import { Announcer } from "./announcer.tsx";
import { ChannelBar } from "./channel-bar.tsx";
import { Onboarding, Watching } from "./channel-hints.tsx";
import { ChatContext, useChat } from "./chat-context.ts";
import { Composer } from "./composer.tsx";
import { Members } from "./members.tsx";
import { OutgoingRows } from "./outgoing-rows.tsx";
import { TimelineView } from "./timeline-view.tsx";

export function ChannelView({ conversation }: { readonly conversation: Conversation }): JSX.Element {
  const chat = useChat(conversation);
  return (
    <ChatContext.Provider value={chat}>
      <main class="channel-view">
        <ChannelBar conversation={conversation} filter={chat.filter} />
        <TimelineView filter={chat.filter.value}>
          <Onboarding chat={chat} />
          <OutgoingRows />
        </TimelineView>
        <Announcer conversation={conversation} />
        {conversation.mode === "member" ? (
          <Composer key={conversation.id} replyTo={chat.replyTo} />
        ) : (
          <Watching chat={chat} />
        )}
      </main>
      {conversation.hasDetail ? <Members /> : null}
    </ChatContext.Provider>
  );
}
