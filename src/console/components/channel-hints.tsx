/** What a channel says to who cannot write in it, or has nobody to write to yet. */
import type { JSX } from "preact";
import { joinOpen, session } from "../app.ts";
import type { Chat } from "./chat-context.ts";
import { ConnectGuide } from "./connect-guide.tsx";

/** A channel in which nobody else has spoken yet shows how agents get here. */
export function Onboarding({ chat }: { chat: Chat }): JSX.Element | null {
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

export function Watching({ chat: { conversation } }: { chat: Chat }): JSX.Element | null {
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
