/** What the rows of a conversation need to know of it. */
import { type Signal, useSignal } from "@preact/signals";
import { createContext } from "preact";
import { useMemo, useRef } from "preact/hooks";
import type { Message } from "../../protocol/message.ts";
import { go, route } from "../app.ts";
import type { Conversation } from "../conversation.ts";
import { type Face, facesOf, isSameFaces, type Mentionable, mentionableIn } from "../people.ts";
import { formatRoute } from "../route.ts";
import { type Filter, NO_FILTER } from "../view.ts";

export interface Chat {
  readonly conversation: Conversation;
  /** What is answered by what is being written. */
  readonly replyTo: Signal<Message | undefined>;
  /** What is looked for. */
  readonly filter: Signal<Filter>;
  /** The reader's agent key. */
  readonly me: string;
  readonly faces: ReadonlyMap<string, Face>;
  readonly mentionable: Mentionable;
  readonly canReply: boolean;
  reply(message: Message): void;
  /** Shows a message, loading what is needed. */
  jump(seq: number): void;
}

/** Always provided: a row stands nowhere else. */
export const ChatContext: ReturnType<typeof createContext<Chat>> = createContext<Chat>(undefined as unknown as Chat);

/** The same object until something in it changes: rows are drawn again only then. */
export function useChat(conversation: Conversation): Chat {
  const replyTo = useSignal<Message | undefined>(undefined);
  const filter = useSignal<Filter>(NO_FILTER);
  const known = useRef<ReadonlyMap<string, Face>>(new Map());
  const { messages } = conversation.timeline.value;
  const fresh = facesOf(conversation.detail.value?.participants ?? [], messages);
  if (!isSameFaces(known.current, fresh)) known.current = fresh;
  const faces = known.current;
  return useMemo(() => {
    const { me, mode } = conversation;
    return {
      ...{ conversation, replyTo, filter },
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
