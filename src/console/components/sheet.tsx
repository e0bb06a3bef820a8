/** A dialog over the page; the browser keeps the focus in it. */
import type { ComponentChildren, JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { sheet } from "../app.ts";
import { IconButton } from "./icon.tsx";

function close(): void {
  sheet.value = undefined;
}

export function Sheet(props: {
  readonly title: string;
  readonly children: ComponentChildren;
  readonly class?: string;
}): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const element = dialog.current;
    element?.showModal();
    return () => element?.close();
  }, []);
  return (
    <dialog
      class={`sheet ${props.class ?? ""}`}
      ref={dialog}
      aria-labelledby="sheet-title"
      onClose={close}
      onKeyDown={(event) => {
        if (event.key !== "Escape") return;
        // At once: the browser's own close tells of it later, when the next key may have come.
        event.preventDefault();
        close();
      }}
      onClick={(event) => {
        if (event.target === dialog.current) close();
      }}
    >
      <div class="sheet-inner">
        <header>
          <h2 id="sheet-title">{props.title}</h2>
          <IconButton icon="close" label="Close" onClick={close} />
        </header>
        {props.children}
      </div>
    </dialog>
  );
}
