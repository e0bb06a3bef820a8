/** What the keys do where a person writes: send, complete a mention, leave. */
import type { Signal } from "@preact/signals";
import { useContext } from "preact/hooks";
import { type Candidate, candidatesFor, complete, typedMention } from "../completion.ts";
import { ChatContext } from "./chat-context.ts";

export interface Completing {
  readonly at: number;
  readonly typed: string;
  readonly candidates: readonly Candidate[];
  readonly chosen: number;
}

interface Composing {
  readonly area: { current: HTMLTextAreaElement | null };
  readonly text: Signal<string>;
  readonly completing: Signal<Completing | undefined>;
  readonly write: (text: string) => void;
  readonly send: () => void;
  readonly cancel: () => void;
}

export interface ComposerKeys {
  readonly typed: (element: HTMLTextAreaElement) => void;
  readonly choose: (at: number) => void;
  readonly onKeyDown: (event: KeyboardEvent) => void;
}

/** Goes through what completes, or takes it; false for other keys. */
function completeBy(
  key: string,
  open: Completing,
  { completing, choose }: Pick<Composing, "completing"> & Pick<ComposerKeys, "choose">,
): boolean {
  const step = { ArrowDown: 1, ArrowUp: -1 }[key];
  if (step !== undefined) {
    const { length } = open.candidates;
    completing.value = { ...open, chosen: (open.chosen + step + length) % length };
  } else if (key === "Enter" || key === "Tab") choose(open.chosen);
  else if (key === "Escape") completing.value = undefined;
  else return false;
  return true;
}

function leave(area: HTMLTextAreaElement | null, cancel: () => void): void {
  cancel();
  area?.blur();
  document.querySelector<HTMLElement>(".timeline")?.focus();
}

export function useComposerKeys({ area, text, completing, write, send, cancel }: Composing): ComposerKeys {
  const { faces, me } = useContext(ChatContext);
  const others = [...faces.values()].filter(({ key }) => key !== me);
  const typed = (element: HTMLTextAreaElement): void => {
    write(element.value);
    const mention = typedMention(element.value, element.selectionStart);
    const candidates = mention === undefined ? [] : candidatesFor(mention.typed, others);
    const [first] = candidates;
    // Typed to its end it needs no completing: Enter sends.
    const isDone = candidates.length === 1 && first?.name.toLowerCase() === mention?.typed.toLowerCase();
    completing.value =
      mention === undefined || first === undefined || isDone ? undefined : { ...mention, candidates, chosen: 0 };
  };
  const choose = (at: number): void => {
    const open = completing.value;
    const candidate = open?.candidates[at];
    if (open === undefined || candidate === undefined) return;
    const done = complete(text.value, open, candidate, others);
    write(done.text);
    completing.value = undefined;
    const element = area.current;
    if (element === null) return;
    // At once: the next letter may come before the next frame.
    element.value = done.text;
    element.focus();
    element.setSelectionRange(done.caret, done.caret);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    // Enter that ends the composition of a character is no sending.
    if (event.isComposing) return;
    const open = completing.value;
    if (open !== undefined && !event.shiftKey && completeBy(event.key, open, { completing, choose }))
      event.preventDefault();
    else if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      send();
    } else if (event.key === "Escape") leave(area.current, cancel);
  };
  return { typed, choose, onKeyDown };
}
