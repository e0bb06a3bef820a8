/**
 * Says new messages to those who listen to the page instead of seeing it: one at a time, and only
 * how many where they come faster than anybody could hear.
 */
import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { Conversation } from "../conversation.ts";
import { showAuthorName } from "../../protocol/names.ts";
import { previewOf } from "../view.ts";

const EVERY_MS = 3000;

export function Announcer({ conversation }: { readonly conversation: Conversation }): JSX.Element {
  const said = useSignal("");
  const upTo = useRef<number | undefined>(undefined);
  useEffect(() => {
    upTo.current = undefined;
    const timer = setInterval(() => {
      const { messages } = conversation.timeline.value;
      const last = messages.at(-1)?.seq;
      if (last === undefined || last === upTo.current) return;
      const before = upTo.current;
      upTo.current = last;
      // What was there already when the channel was opened is not news.
      if (before === undefined) return;
      const news = messages.filter(({ seq, from }) => seq > before && from !== conversation.me);
      const [only] = news;
      if (only === undefined) return;
      said.value =
        news.length === 1 ? `${showAuthorName(only)}: ${previewOf(only, 300)}` : `${news.length} new messages`;
    }, EVERY_MS);
    return () => clearInterval(timer);
  }, [conversation]);
  return (
    <p class="sr-only" role="status" aria-live="polite">
      {said.value}
    </p>
  );
}
