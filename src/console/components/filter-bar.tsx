/** Find in a channel, by words, sender and type. */
import type { Signal } from "@preact/signals";
import type { JSX } from "preact";
import { useContext, useEffect, useRef } from "preact/hooks";
import { type Filter, isFiltering, NO_FILTER } from "../view.ts";
import { ChatContext } from "./chat-context.ts";
import { IconButton } from "./icon.tsx";

const TYPES: readonly (readonly [Filter["type"], string])[] = [
  ["", "All types"],
  ["message", "Messages"],
  ["mentions", "Mentions of me"],
  ["toolresult", "Tool results"],
  ["system", "System"],
];

export function FilterBar(props: { readonly filter: Signal<Filter>; readonly onClose: () => void }): JSX.Element {
  const { filter, onClose } = props;
  const { conversation, faces } = useContext(ChatContext);
  const field = useRef<HTMLInputElement>(null);
  const isWanted = isFiltering(filter.value);
  useEffect(() => field.current?.focus(), []);
  useEffect(() => {
    // What is looked for may stand in messages that are not loaded yet.
    if (isWanted && !conversation.timeline.value.isWhole) void conversation.loadOlder(1);
  }, [isWanted, conversation]);
  const set = (change: Partial<Filter>): void => {
    filter.value = { ...filter.value, ...change };
  };
  const close = (): void => {
    filter.value = NO_FILTER;
    onClose();
  };
  return (
    <div class="filter" role="search" onKeyDown={(event) => event.key === "Escape" && close()}>
      <input
        ref={field}
        type="search"
        placeholder="Find in this channel"
        aria-label="Find in this channel"
        value={filter.value.text}
        onInput={(event) => set({ text: event.currentTarget.value })}
      />
      <select
        aria-label="Sender"
        value={filter.value.from}
        onChange={(event) => set({ from: event.currentTarget.value })}
      >
        <option value="">All senders</option>
        {[...faces.values()].map(({ key, name }) => (
          <option key={key} value={key}>
            {name}
          </option>
        ))}
      </select>
      <select
        aria-label="Type"
        value={filter.value.type}
        onChange={(event) => set({ type: event.currentTarget.value as Filter["type"] })}
      >
        {TYPES.map(([type, title]) => (
          <option key={type} value={type}>
            {title}
          </option>
        ))}
      </select>
      <IconButton icon="close" label="Close find" onClick={close} />
    </div>
  );
}
