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
  const senders = [["", "All senders"] as const, ...[...faces.values()].map(({ key, name }) => [key, name] as const)];
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
      <Choice label="Sender" value={filter.value.from} of={senders} onChoose={(from) => set({ from })} />
      <Choice
        label="Type"
        value={filter.value.type}
        of={TYPES}
        onChoose={(type) => set({ type: type as Filter["type"] })}
      />
      <IconButton icon="close" label="Close find" onClick={close} />
    </div>
  );
}

interface Choosing {
  readonly label: string;
  readonly value: string;
  /** Values, and how they are shown. */
  readonly of: readonly (readonly [string, string])[];
  readonly onChoose: (value: string) => void;
}

function Choice({ label, value, of, onChoose }: Choosing): JSX.Element {
  return (
    <select aria-label={label} value={value} onChange={(event) => onChoose(event.currentTarget.value)}>
      {of.map(([one, title]) => (
        <option key={one} value={one}>
          {title}
        </option>
      ))}
    </select>
  );
}
