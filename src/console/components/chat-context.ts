/** What the rows of a conversation need to know of it. */
import { createContext } from "preact";
import type { Conversation } from "../conversation.ts";
import type { Message } from "../../protocol/message.ts";
import type { Face, Mentionable } from "../people.ts";

export interface Chat {
  readonly conversation: Conversation;
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
