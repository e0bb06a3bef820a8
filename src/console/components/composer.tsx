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
import { sizeOf } from "../format.ts";
import { previewOf } from "../view.ts";
import { ChatContext } from "./chat-context.ts";
import { Completions } from "./completions.tsx";
import { type ComposerKeys, type Completing, useComposerKeys } from "./composer-keys.ts";
import { Icon, IconButton } from "./icon.tsx";

const HINT = (
  <p class="composer-hint">
    <kbd>Enter</kbd> sends <kbd>Shift Enter</kbd> new line <kbd>@</kbd> mentions
  </p>
);

/** By channel: what was typed and not sent. */
const drafts = new Map<string, string>();

export function Composer({ replyTo }: { readonly replyTo: Signal<Message | undefined> }): JSX.Element {
  const { conversation } = useContext(ChatContext);
  const area = useRef<HTMLTextAreaElement>(null);
  const { text, write } = useDraft(conversation.id);
  const completing = useSignal<Completing | undefined>(undefined);
  useGrowing(area, text.value);
  useFocusFor(area, replyTo.value);
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
      {HINT}
    </form>
  );
}

/** What was typed in a channel, there again when it is open again. */
function useDraft(channel_id: string): { readonly text: Signal<string>; readonly write: (value: string) => void } {
  const text = useSignal(drafts.get(channel_id) ?? "");
  const write = (value: string): void => {
    text.value = value;
    drafts.set(channel_id, value);
  };
  return { text, write };
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

/** Before the next letter is typed. */
function useFocusFor(area: { current: HTMLTextAreaElement | null }, replyTo: Message | undefined): void {
  useLayoutEffect(() => {
    if (replyTo !== undefined) area.current?.focus();
  }, [replyTo]);
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
