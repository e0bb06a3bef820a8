/** What a message says: its text, a folded result, or all of it as JSON. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { Message } from "../../protocol/message.ts";
import { showText } from "../../protocol/visible.ts";
import { copy } from "../app.ts";
import { sizeOf } from "../format.ts";
import { firstLine, prettyJson } from "../view.ts";
import type { Chat } from "./chat-context.ts";
import { Icon } from "./icon.tsx";
import { MarkdownText } from "./markdown-text.tsx";

/** Of a message that mentions nobody. */
const NOBODY: readonly string[] = [];

/** Characters of an opened result that are drawn at once. */
const RESULT_SHOWN = 20_000;

export function Content({ message, chat }: { message: Message; chat: Chat }): JSX.Element {
  if (message.msg_type === "toolresult") return <ToolResult text={message.text} />;
  return <MarkdownText text={message.text} mentionable={chat.mentionable} mentions={message.mentions ?? NOBODY} />;
}

function ToolResult({ text }: { text: string }): JSX.Element {
  const [isOpen, setOpen] = useState(false);
  return (
    <div class="tool-result">
      <button type="button" class="fold" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
        <Icon name={isOpen ? "down" : "right"} />
        <span class="fold-label">Tool result</span>
        <bdi class="fold-line">{isOpen ? "" : firstLine(text)}</bdi>
        <span class="fold-size">{sizeOf(text)}</span>
      </button>
      {isOpen ? <LongText text={prettyJson(text) ?? text} what="Result" /> : null}
    </div>
  );
}

export function Raw({ message }: { message: Message }): JSX.Element {
  return <LongText text={JSON.stringify(message, null, 2)} what="JSON" />;
}

/** Text as it is, of any length. */
function LongText({ text, what }: { text: string; what: string }): JSX.Element {
  const [isWhole, setWhole] = useState(false);
  const shown = isWhole ? text : text.slice(0, RESULT_SHOWN).toWellFormed();
  return (
    <div class="code">
      <pre dir="auto" tabIndex={0}>
        {showText(shown)}
      </pre>
      <button type="button" class="copy-code" onClick={() => void copy(text, what)}>
        Copy
      </button>
      {shown === text ? null : (
        <button type="button" class="link-button" onClick={() => setWhole(true)}>
          Show all ({sizeOf(text)})
        </button>
      )}
    </div>
  );
}
