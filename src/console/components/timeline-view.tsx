/**
 * The messages of a conversation, in a region that follows the newest while its reader is at the
 * end, loads older ones as the reader comes near the top, and stays where it is otherwise.
 */
import { useSignal } from "@preact/signals";
import type { ComponentChildren, JSX, VNode } from "preact";
import { useContext, useEffect, useLayoutEffect, useMemo, useRef } from "preact/hooks";
import { notify, route } from "../app.ts";
import { count } from "../format.ts";
import { type Block, type Filter, isFiltering, matches, type RowContext, rowsOf, toBlocks } from "../view.ts";
import type { Timeline } from "../timeline.ts";
import { ChatContext } from "./chat-context.ts";
import { Icon } from "./icon.tsx";
import { keyOf, RowView } from "./rows.tsx";

/** Pixels from the end within which the reader counts as being there. */
const NEAR_END = 48;
/** Pixels from the top within which older messages are loaded. */
const NEAR_TOP = 800;

export function TimelineView({
  filter,
  children,
}: {
  readonly filter: Filter;
  /** What stands below the messages: those on their way, or what to do with an empty channel. */
  readonly children: ComponentChildren;
}): JSX.Element {
  const { conversation, me } = useContext(ChatContext);
  const region = useRef<HTMLDivElement>(null);
  const timeline = useFiltered(conversation.timeline.value, filter, me);
  const { isFollowing, seen, follow, onScroll } = useFollowing(region, timeline, filter);
  const stop = (): void => void (isFollowing.value = false);
  useTarget(region, stop);
  const unseen = isFollowing.value ? 0 : timeline.messages.filter(({ seq }) => seq > seen.current).length;
  return (
    <div class="timeline-frame">
      <div
        class="timeline"
        ref={region}
        role="log"
        aria-live="off"
        aria-label="Messages"
        tabIndex={0}
        onScroll={onScroll}
        onClick={(event) => {
          // What a reader opens stays in place, though it grows.
          if (event.target instanceof Element && event.target.closest(".fold, .link-button") !== null) stop();
        }}
      >
        <div class="timeline-inner">
          <Top timeline={timeline} isFiltered={isFiltering(filter)} />
          <Blocks timeline={timeline} isMarked={!isFiltering(filter)} />
          {children}
        </div>
      </div>
      {isFollowing.value ? null : <Newest unseen={unseen} onClick={follow} />}
    </div>
  );
}

function Newest({ unseen, onClick }: { unseen: number; onClick: () => void }): JSX.Element {
  return (
    <button type="button" class="pill" onClick={onClick}>
      <Icon name="down" /> {unseen > 0 ? `${unseen} new` : "Newest"}
    </button>
  );
}

function useFiltered(timeline: Timeline, filter: Filter, me: string): Timeline {
  return useMemo(() => {
    if (!isFiltering(filter)) return timeline;
    return { ...timeline, messages: timeline.messages.filter((message) => matches(message, filter, me)) };
  }, [timeline, filter, me]);
}

function Top({ timeline, isFiltered }: { timeline: Timeline; isFiltered: boolean }): JSX.Element | null {
  const { conversation } = useContext(ChatContext);
  if (isFiltered) return <p class="start">{count(timeline.messages.length, "message")} found</p>;
  if (timeline.isWhole || timeline.messages.length === 0) return null;
  return (
    <p class="start" role="status">
      {conversation.isLoading.value ? "Loading older messages…" : " "}
    </p>
  );
}

/** Draws only blocks that changed: the same element again costs nothing. */
function Blocks({ timeline, isMarked }: { timeline: Timeline; isMarked: boolean }): JSX.Element {
  const chat = useContext(ChatContext);
  const { conversation, me } = chat;
  const previous = useRef<readonly Block[]>([]);
  const read_seq = isMarked ? conversation.divider.value : undefined;
  const { gaps } = timeline;
  const blocks = toBlocks(timeline, previous.current);
  previous.current = blocks;
  const drawn = useMemo(() => new WeakMap<Block, VNode>(), [chat, gaps, read_seq, me]);
  const context: RowContext = { me, gaps, read_seq };
  return (
    <>
      {blocks.map((block) => {
        const known = drawn.get(block) ?? <BlockView key={block.key} block={block} context={context} />;
        drawn.set(block, known);
        return known;
      })}
    </>
  );
}

function BlockView({ block, context }: { block: Block; context: RowContext }): JSX.Element {
  return (
    <div class="block">
      {rowsOf(block, context).map((row) => (
        <RowView key={keyOf(row)} row={row} />
      ))}
    </div>
  );
}

interface Following {
  readonly isFollowing: { value: boolean };
  /** Number of the newest message that the reader had before it when it stopped following. */
  readonly seen: { current: number };
  readonly follow: () => void;
  readonly onScroll: () => void;
}

function useFollowing(region: { current: HTMLDivElement | null }, timeline: Timeline, filter: Filter): Following {
  const { conversation } = useContext(ChatContext);
  const isFollowing = useSignal(true);
  const seen = useRef(0);
  const oldest = useRef(Infinity);
  const first = timeline.messages[0]?.seq ?? Infinity;
  const last = timeline.messages.at(-1)?.seq ?? 0;
  if (isFollowing.value) seen.current = last;
  // Measured before the change is drawn, so that what is read can stay in its place.
  const before = region.current;
  const wasAt = before !== null && first < oldest.current ? before.scrollHeight - before.scrollTop : undefined;
  useLayoutEffect(() => {
    const element = region.current;
    if (element === null) return;
    if (isFollowing.value) element.scrollTop = element.scrollHeight;
    else if (wasAt !== undefined) element.scrollTop = element.scrollHeight - wasAt;
    oldest.current = first;
  });
  useEffect(() => {
    if (!isFollowing.value || document.hidden) return;
    conversation.readAll();
    conversation.letGo();
  }, [last, isFollowing.value]);
  useResizePin(region, isFollowing);
  const follow = (): void => {
    isFollowing.value = true;
    region.current?.scrollTo({ top: region.current.scrollHeight });
  };
  const onScroll = (): void => {
    const element = region.current;
    if (element === null) return;
    isFollowing.value = element.scrollHeight - element.scrollTop - element.clientHeight < NEAR_END;
    const isNearTop = element.scrollTop < NEAR_TOP;
    if (isNearTop && !conversation.timeline.value.isWhole && !isFiltering(filter)) void conversation.loadOlder();
  };
  return { isFollowing, seen, follow, onScroll };
}

/** What grows below, a composer or a window that shrinks must not hide the newest message. */
function useResizePin(region: { current: HTMLDivElement | null }, isFollowing: { value: boolean }): void {
  useEffect(() => {
    const element = region.current;
    if (element === null) return;
    const observer = new ResizeObserver(() => {
      if (isFollowing.value) element.scrollTop = element.scrollHeight;
    });
    observer.observe(element);
    if (element.firstElementChild !== null) observer.observe(element.firstElementChild);
    return () => observer.disconnect();
  }, []);
}

/** Goes to the message that the address names. */
function useTarget(region: { current: HTMLDivElement | null }, stop: () => void): void {
  const { conversation } = useContext(ChatContext);
  const at = route.value.name === "home" ? undefined : route.value.seq;
  const isLoaded = conversation.timeline.value.messages.length > 0;
  useEffect(() => {
    if (at === undefined || !isLoaded) return;
    const reach = async (): Promise<void> => {
      if (!(await conversation.reach(at))) {
        notify(`Message ${at} is no longer there`);
        return;
      }
      stop();
      requestAnimationFrame(() => showMessage(region.current, at));
    };
    void reach();
  }, [at, isLoaded, conversation]);
}

/** Brings a message to the middle and marks it for a moment. */
export function showMessage(region: HTMLElement | null, seq: number): void {
  const element = region?.querySelector<HTMLElement>(`[data-seq="${seq}"]`);
  if (element === null || element === undefined) return;
  element.scrollIntoView({ block: "center" });
  element.focus({ preventScroll: true });
  element.classList.add("flash");
  element.addEventListener("animationend", () => element.classList.remove("flash"), { once: true });
}
