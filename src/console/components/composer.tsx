/**
 * Where a person writes: Enter sends, Shift-Enter breaks the line, `@` completes. What was typed in
 * a channel stays there until it is sent.
 */
import { type Signal, useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useContext, useLayoutEffect, useRef } from "preact/hooks";
import type { Message } from "../../protocol/message.ts";
import { TEXT_BYTES } from "../../protocol/limits.ts";
import { showName } from "../../protocol/names.ts";
import { isLongerThan } from "../../protocol/text.ts";
import { notify } from "../app.ts";
import { type Candidate, candidatesFor, complete, typedMention } from "../completion.ts";
import { sizeOf } from "../format.ts";
import { previewOf } from "../view.ts";
import { ChatContext } from "./chat-context.ts";
import { Completions } from "./completions.tsx";
import { Icon, IconButton } from "./icon.tsx";

/** By channel: what was typed and not sent. */
const drafts = new Map<string, string>();

interface Completing {
  readonly at: number;
  readonly typed: string;
  readonly candidates: readonly Candidate[];
  readonly chosen: number;
}

export function Composer({ replyTo }: { readonly replyTo: Signal<Message | undefined> }): JSX.Element {
  const { conversation } = useContext(ChatContext);
  const area = useRef<HTMLTextAreaElement>(null);
  const text = useSignal(drafts.get(conversation.id) ?? "");
  const completing = useSignal<Completing | undefined>(undefined);
  useGrowing(area, text.value);
  // Before the next letter is typed.
  useLayoutEffect(() => {
    if (replyTo.value !== undefined) area.current?.focus();
  }, [replyTo.value]);
  const write = (value: string): void => {
    text.value = value;
    drafts.set(conversation.id, value);
  };
  const send = (): void => {
    const written = text.value.trim();
    if (written === "") return;
    if (isLongerThan(written, TEXT_BYTES)) return notify(`A message may be 64 KB; this one is ${sizeOf(written)}`);
    void conversation.send(written, replyTo.value?.seq);
    replyTo.value = undefined;
    write("");
  };
  const keys = useComposerKeys({ area, text, completing, write, send, cancel: () => (replyTo.value = undefined) });
  const { value: open } = completing;
  return (
    <form
      class="composer"
      onSubmit={(event) => {
        event.preventDefault();
        send();
        area.current?.focus();
      }}
    >
      <ReplyTo replyTo={replyTo} />
      {open === undefined ? null : (
        <Completions candidates={open.candidates} chosen={open.chosen} onChoose={(at) => keys.choose(at)} />
      )}
      <div class="composer-box">
        <Field area={area} text={text.value} completing={completing} keys={keys} />
        <button type="submit" class="primary send" disabled={text.value.trim() === ""}>
          Send
        </button>
      </div>
      <p class="composer-hint">
        <kbd>Enter</kbd> sends <kbd>Shift Enter</kbd> new line <kbd>@</kbd> mentions
      </p>
    </form>
  );
}

function Field(props: {
  area: { current: HTMLTextAreaElement | null };
  text: string;
  completing: Signal<Completing | undefined>;
  keys: ComposerKeys;
}): JSX.Element {
  const { area, text, completing, keys } = props;
  const { conversation } = useContext(ChatContext);
  const title = `Message ${conversation.detail.value?.name ?? conversation.id}`;
  const chosen = completing.value?.chosen;
  const listed =
    chosen === undefined ? {} : { "aria-controls": "completions", "aria-activedescendant": `completion-${chosen}` };
  return (
    <textarea
      id="composer"
      ref={area}
      rows={1}
      dir="auto"
      value={text}
      placeholder={title}
      aria-label={title}
      aria-autocomplete="list"
      {...listed}
      onInput={(event) => keys.typed(event.currentTarget)}
      onKeyDown={keys.onKeyDown}
      onBlur={() => (completing.value = undefined)}
    />
  );
}

function ReplyTo({ replyTo }: { replyTo: Signal<Message | undefined> }): JSX.Element | null {
  const message = replyTo.value;
  if (message === undefined) return null;
  return (
    <div class="replying">
      <Icon name="reply" />
      <span>
        Replying to <bdi class="name">{showName(message.from_name)}</bdi>
      </span>
      <bdi class="quote">{previewOf(message)}</bdi>
      <IconButton icon="close" label="Do not reply" onClick={() => (replyTo.value = undefined)} />
    </div>
  );
}

/** As high as what is written, up to what the style allows. */
function useGrowing(area: { current: HTMLTextAreaElement | null }, text: string): void {
  useLayoutEffect(() => {
    const element = area.current;
    if (element === null) return;
    element.style.height = "auto";
    element.style.height = `${element.scrollHeight}px`;
  }, [text]);
}

interface Composing {
  readonly area: { current: HTMLTextAreaElement | null };
  readonly text: Signal<string>;
  readonly completing: Signal<Completing | undefined>;
  readonly write: (text: string) => void;
  readonly send: () => void;
  readonly cancel: () => void;
}

interface ComposerKeys {
  readonly typed: (element: HTMLTextAreaElement) => void;
  readonly choose: (at: number) => void;
  readonly onKeyDown: (event: KeyboardEvent) => void;
}

function useComposerKeys({ area, text, completing, write, send, cancel }: Composing): ComposerKeys {
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
  const completeBy = (key: string, open: Completing): boolean => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[key];
    if (step !== undefined) {
      const { length } = open.candidates;
      completing.value = { ...open, chosen: (open.chosen + step + length) % length };
    } else if (key === "Enter" || key === "Tab") choose(open.chosen);
    else if (key === "Escape") completing.value = undefined;
    else return false;
    return true;
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    // Enter that ends the composition of a character is no sending.
    if (event.isComposing) return;
    const open = completing.value;
    if (open !== undefined && !event.shiftKey && completeBy(event.key, open)) event.preventDefault();
    else if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      send();
    } else if (event.key === "Escape") {
      cancel();
      area.current?.blur();
      document.querySelector<HTMLElement>(".timeline")?.focus();
    }
  };
  return { typed, choose, onKeyDown };
}
