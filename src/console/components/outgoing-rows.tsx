/** Own messages that are on their way, or did not get there. */
import type { JSX } from "preact";
import { useContext, useLayoutEffect, useRef } from "preact/hooks";
import type { Outgoing } from "../outgoing.ts";
import { ChatContext } from "./chat-context.ts";
import { MarkdownText } from "./markdown-text.tsx";

export function OutgoingRows(): JSX.Element {
  const { conversation } = useContext(ChatContext);
  const rows = useRef<HTMLDivElement>(null);
  const outgoing = conversation.outgoing.value;
  useLayoutEffect(() => {
    // Whoever sends looks at the end again.
    if (outgoing.length > 0) rows.current?.scrollIntoView({ block: "end" });
  }, [outgoing.length]);
  return (
    <div class="outgoing" ref={rows}>
      {outgoing.map((one) => (
        <OutgoingRow key={one.id} one={one} />
      ))}
    </div>
  );
}

function OutgoingRow({ one }: { one: Outgoing }): JSX.Element {
  const { conversation, mentionable } = useContext(ChatContext);
  const isFailed = one.state === "failed";
  return (
    <article class={isFailed ? "message pending failed" : "message pending"} data-outgoing={one.id}>
      <span class="side-time" />
      <div class="body">
        <MarkdownText text={one.text} mentionable={mentionable} />
        {isFailed ? (
          <p class="failure" role="alert">
            {one.isUnknown === true ? "May not have been stored" : "Not sent"}: {one.why}{" "}
            <button
              type="button"
              class="link-button"
              onClick={() => void conversation.send(one.text, one.reply_to, one.id)}
            >
              Try again
            </button>{" "}
            <button type="button" class="link-button" onClick={() => conversation.discard(one.id)}>
              Discard
            </button>
          </p>
        ) : (
          <p class="receipt">{conversation.isLive.value ? "Sending…" : "Waiting for the connection…"}</p>
        )}
      </div>
    </article>
  );
}
