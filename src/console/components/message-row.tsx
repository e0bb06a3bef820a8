/** One message: its sender, its text or folded result, and what can be done with it. */
import type { JSX } from "preact";
import { useContext, useState } from "preact/hooks";
import { isFor } from "../../protocol/mention.ts";
import type { Message } from "../../protocol/message.ts";
import { showAuthorName, showName } from "../../protocol/names.ts";
import { countUnseen, showLine } from "../../protocol/visible.ts";
import { instantOf, timeOf } from "../format.ts";
import { receiptLine } from "../outgoing.ts";
import { find } from "../timeline.ts";
import { previewOf } from "../view.ts";
import { Avatar, KindBadge, VerifiedBadge } from "./avatar.tsx";
import { type Chat, ChatContext } from "./chat-context.ts";
import { Icon } from "./icon.tsx";
import { MessageActions } from "./message-actions.tsx";
import { Content, Raw } from "./message-content.tsx";

export function MessageRow({
  message,
  isFirst,
}: {
  readonly message: Message;
  readonly isFirst: boolean;
}): JSX.Element {
  const chat = useContext(ChatContext);
  const [isRaw, setRaw] = useState(false);
  const isMine = message.from === chat.me;
  const isForMe = isFor(message, chat.me);
  const face = chat.faces.get(message.from);
  const classes = ["message", isFirst ? "first" : "", isForMe ? "for-me" : "", isMine ? "mine" : ""].join(" ");
  return (
    <article
      class={classes}
      data-seq={message.seq}
      tabIndex={-1}
      aria-label={`${showAuthorName(message)}, ${timeOf(message.timestamp)}`}
    >
      {isFirst ? (
        <Avatar id={message.from} name={message.from_name} kind={face?.kind} />
      ) : (
        <Time timestamp={message.timestamp} class="side-time" />
      )}
      <div class="body">
        {isFirst ? <Sender message={message} isMine={isMine} chat={chat} /> : null}
        {message.reply_to === undefined ? null : <ReplyLine seq={message.reply_to} chat={chat} />}
        {isRaw ? <Raw message={message} /> : <Content message={message} chat={chat} />}
        <HiddenNote text={message.text} />
        <ReceiptLine seq={message.seq} chat={chat} />
      </div>
      <MessageActions message={message} isRaw={isRaw} onRaw={() => setRaw(!isRaw)} />
    </article>
  );
}

function Sender({ message, isMine, chat }: { message: Message; isMine: boolean; chat: Chat }): JSX.Element {
  return (
    <header class="sender">
      <bdi class="name" title={message.from}>
        {showName(message.from_name)}
      </bdi>
      {message.verified ? <VerifiedBadge /> : null}
      {message.namesake ? <bdi class="badge">key {showLine(message.from)}</bdi> : null}
      <KindBadge kind={chat.faces.get(message.from)?.kind} />
      {isMine ? <span class="badge">you</span> : null}
      <Time timestamp={message.timestamp} class="time" />
    </header>
  );
}

function Time({ timestamp, class: name }: { timestamp: string; class: string }): JSX.Element {
  return (
    <time class={name} dateTime={timestamp} title={instantOf(timestamp)}>
      {timeOf(timestamp)}
    </time>
  );
}

function ReplyLine({ seq, chat }: { seq: number; chat: Chat }): JSX.Element {
  const answered = find(chat.conversation.timeline.peek(), seq);
  return (
    <button type="button" class="reply-line" onClick={() => chat.jump(seq)}>
      <Icon name="reply" />
      {answered === undefined ? (
        <span>message {seq}</span>
      ) : (
        <>
          <bdi class="name">{showAuthorName(answered)}</bdi>
          <bdi class="quote">{previewOf(answered)}</bdi>
        </>
      )}
    </button>
  );
}

/** What a machine reads and a person would not see is written out, as `\u{202e}`. */
function HiddenNote({ text }: { text: string }): JSX.Element | null {
  const hidden = countUnseen(text);
  if (hidden === 0) return null;
  return (
    <p class="note warn">
      {hidden} hidden {hidden === 1 ? "character" : "characters"} written out
    </p>
  );
}

function ReceiptLine({ seq, chat }: { seq: number; chat: Chat }): JSX.Element | null {
  const receipt = chat.conversation.receipts.value.get(seq);
  if (receipt === undefined) return null;
  const isTrouble = receipt.unresolved.length > 0;
  const line = receiptLine(receipt, (key) => chat.faces.get(key)?.name ?? key);
  return <p class={isTrouble ? "receipt trouble" : "receipt"}>{line}</p>;
}
