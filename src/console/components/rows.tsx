/** The rows of a block that are no messages: days, gaps, system lines, the mark of what is unread. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { Gap, Message } from "../../protocol/message.ts";
import { systemLine } from "../../protocol/names.ts";
import { now } from "../app.ts";
import { count, dayOf, instantOf, timeOf } from "../format.ts";
import type { Row } from "../view.ts";
import { MessageRow } from "./message-row.tsx";

/** System messages in a row that are shown one by one. */
const UNFOLDED = 2;

export function RowView({ row }: { readonly row: Row }): JSX.Element {
  switch (row.type) {
    case "start":
      return <StartRow seq={row.seq} />;
    case "day":
      return (
        <div class="rule day">
          <span>{dayOf(row.timestamp, now.peek())}</span>
        </div>
      );
    case "unread":
      return (
        <div class="rule unread" role="separator" aria-label="New messages">
          <span>New</span>
        </div>
      );
    case "gap":
      return <GapRow gap={row.gap} />;
    case "system":
      return <SystemRow messages={row.messages} />;
    case "message":
      return <MessageRow message={row.message} isFirst={row.isFirst} />;
  }
}

/** Names a row among its siblings. */
export function keyOf(row: Row): string {
  switch (row.type) {
    case "message":
      return `m${row.message.seq}`;
    case "system":
      return `s${row.messages[0]?.seq ?? 0}`;
    case "day":
      return `d${row.timestamp}`;
    case "gap":
      return `g${row.gap.from}`;
    case "start":
    case "unread":
      return row.type;
  }
}

function StartRow({ seq }: { seq: number }): JSX.Element {
  const text =
    seq === 1 ? "This is the beginning of the channel." : `Older messages are gone: a channel keeps its newest 1,000.`;
  return <p class="start">{text}</p>;
}

const GAP_WHY: Readonly<Record<Gap["reason"], string>> = {
  evicted: "they left the channel's memory while this page was away",
  epoch_changed: "the channel was made anew",
  ahead: "the channel was set back to an earlier state",
};

function GapRow({ gap }: { gap: Gap }): JSX.Element {
  return (
    <p class="gap" role="note">
      {count(gap.to - gap.from + 1, "message")} missing ({gap.from}–{gap.to}): {GAP_WHY[gap.reason]}.
    </p>
  );
}

function SystemRow({ messages }: { messages: readonly Message[] }): JSX.Element {
  const [isOpen, setOpen] = useState(false);
  const isFolded = messages.length > UNFOLDED && !isOpen;
  const shown = isFolded ? messages.slice(-1) : messages;
  return (
    <div class="system">
      {isFolded ? (
        <button type="button" class="link-button" aria-expanded="false" onClick={() => setOpen(true)}>
          {messages.length - 1} earlier events
        </button>
      ) : null}
      {shown.map((message) => (
        <p key={message.seq} data-seq={message.seq} title={instantOf(message.timestamp)}>
          <bdi>{systemLine(message)}</bdi> <time dateTime={message.timestamp}>{timeOf(message.timestamp)}</time>
        </p>
      ))}
    </div>
  );
}
