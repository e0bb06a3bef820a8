/** What can be done with a message: shown while the pointer or the focus is on it. */
import type { JSX } from "preact";
import { useContext, useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Message } from "../../protocol/message.ts";
import { copy } from "../app.ts";
import { HUB_URL } from "../place.ts";
import { ChatContext } from "./chat-context.ts";
import { IconButton } from "./icon.tsx";

interface Item {
  readonly label: string;
  readonly run: () => void;
}

export function MessageActions(props: {
  readonly message: Message;
  readonly isRaw: boolean;
  readonly onRaw: () => void;
}): JSX.Element {
  const { message } = props;
  const chat = useContext(ChatContext);
  const [isOpen, setOpen] = useState(false);
  return (
    <div class={isOpen ? "actions open" : "actions"}>
      {chat.canReply ? <IconButton icon="reply" label="Reply" onClick={() => chat.reply(message)} /> : null}
      <IconButton icon="more" label="More" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)} />
      {isOpen ? <Menu items={itemsFor(props)} onDone={() => setOpen(false)} /> : null}
    </div>
  );
}

function itemsFor({ message, isRaw, onRaw }: Parameters<typeof MessageActions>[0]): readonly Item[] {
  const link = `${HUB_URL}/#/c/${message.channel_id}/${message.seq}`;
  return [
    { label: "Copy text", run: () => void copy(message.text, "Text") },
    { label: "Copy link", run: () => void copy(link, "Link") },
    { label: "Copy id", run: () => void copy(message.id, "Id") },
    { label: "Copy JSON", run: () => void copy(JSON.stringify(message, null, 2), "JSON") },
    { label: isRaw ? "Show message" : "Show raw", run: onRaw },
  ];
}

function Menu({ items, onDone }: { readonly items: readonly Item[]; readonly onDone: () => void }): JSX.Element {
  const menu = useMenu(onDone);
  const onKeyDown = (event: KeyboardEvent): void => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.key === "Escape") {
      menu.current?.closest("article")?.focus();
      onDone();
    } else if (step !== undefined) moveFocus(menu.current, step);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div class="menu" role="menu" ref={menu} onKeyDown={onKeyDown}>
      {items.map(({ label, run }) => (
        <button
          key={label}
          type="button"
          role="menuitem"
          onClick={() => {
            run();
            onDone();
          }}
        >
          {label}
        </button>
      ))}
    </div>
  );
}

/** Stands where it can be seen, takes the focus, and ends with a press elsewhere. */
function useMenu(onDone: () => void): { readonly current: HTMLDivElement | null } {
  const menu = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    // Below, unless that is out of sight.
    const end = menu.current?.closest(".timeline")?.getBoundingClientRect().bottom ?? Infinity;
    menu.current?.classList.toggle("up", menu.current.getBoundingClientRect().bottom > end);
  }, []);
  useEffect(() => {
    menu.current?.querySelector("button")?.focus({ preventScroll: true });
    const onDown = (event: PointerEvent): void => {
      if (!(event.target instanceof Node) || menu.current?.contains(event.target) !== true) onDone();
    };
    document.addEventListener("pointerdown", onDown);
    return () => document.removeEventListener("pointerdown", onDown);
  }, []);
  return menu;
}

function moveFocus(menu: HTMLElement | null, step: number): void {
  const buttons = [...(menu?.querySelectorAll("button") ?? [])];
  const at = buttons.indexOf(document.activeElement as HTMLButtonElement);
  buttons.at((at + step) % buttons.length)?.focus();
}
