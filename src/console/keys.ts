/** The keys of the page: one table, which the page obeys and `?` shows. */
import { conversation, go, isMembersShown, session, sheet } from "./app.ts";

export interface Key {
  /** As typed, one after the other. */
  readonly typed: string;
  /** As shown. */
  readonly shown: readonly string[];
  readonly does: string;
  run?(): void;
}

/** Milliseconds between the two letters of `g c`. */
const CHORD_MS = 1200;

export const KEYS: readonly Key[] = [
  { typed: "?", shown: ["?"], does: "Show these keys", run: () => (sheet.value = "help") },
  { typed: "gc", shown: ["g", "c"], does: "Find a channel", run: () => focus("#channel-search") },
  { typed: "[", shown: ["["], does: "Previous channel", run: () => stepChannel(-1) },
  { typed: "]", shown: ["]"], does: "Next channel", run: () => stepChannel(1) },
  { typed: "n", shown: ["n"], does: "New channel", run: () => (sheet.value = "create") },
  { typed: "j", shown: ["j"], does: "Next message", run: () => stepMessage(1) },
  { typed: "k", shown: ["k"], does: "Previous message", run: () => stepMessage(-1) },
  { typed: "r", shown: ["r"], does: "Reply to the message", run: () => press("Reply") },
  { typed: ".", shown: ["."], does: "More on the message: copy, link, raw", run: () => press("More") },
  { typed: "G", shown: ["Shift", "g"], does: "Go to the newest", run: () => click(".pill") },
  { typed: "/", shown: ["/"], does: "Find in this channel", run: () => click("#find") },
  { typed: "c", shown: ["c"], does: "Write a message", run: () => focus("#composer") },
  { typed: "m", shown: ["m"], does: "Participants", run: () => (isMembersShown.value = !isMembersShown.value) },
  { typed: "a", shown: ["a"], does: "Connect an agent", run: () => (sheet.value = "connect") },
  { typed: "", shown: ["Enter"], does: "Send" },
  { typed: "", shown: ["Shift", "Enter"], does: "New line" },
  { typed: "", shown: ["Esc"], does: "Leave the field, close what is open" },
];

/** Obeys the keys from now on. */
export function obeyKeys(): void {
  let before = "";
  let at = 0;
  document.addEventListener("keydown", (event) => {
    if (session.value === undefined || isTyping(event)) return;
    const chord = event.timeStamp - at < CHORD_MS ? before + event.key : event.key;
    const key = find(chord) ?? find(event.key);
    before = key === undefined ? event.key : "";
    at = event.timeStamp;
    if (key === undefined) return;
    event.preventDefault();
    key.run?.();
  });
}

function find(typed: string): Key | undefined {
  return KEYS.find((key) => key.typed === typed && key.run !== undefined);
}

function isTyping(event: KeyboardEvent): boolean {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || sheet.value !== undefined)
    return true;
  const { target } = event;
  return target instanceof HTMLElement && target.matches("input, textarea, select, [role=menuitem]");
}

function focus(selector: string): void {
  document.querySelector<HTMLElement>(selector)?.focus();
}

function click(selector: string): void {
  document.querySelector<HTMLElement>(selector)?.click();
}

function focusedMessage(): HTMLElement | null {
  return document.activeElement?.closest<HTMLElement>("article[data-seq]") ?? null;
}

function stepMessage(step: number): void {
  const messages = [...document.querySelectorAll<HTMLElement>(".timeline article[data-seq]")];
  const focused = focusedMessage();
  const next = focused === null ? messages.at(-1) : messages[messages.indexOf(focused) + step];
  next?.focus();
  next?.scrollIntoView({ block: "nearest" });
}

function press(label: string): void {
  focusedMessage()?.querySelector<HTMLElement>(`button[aria-label="${label}"]`)?.click();
}

function stepChannel(step: number): void {
  const ids = [...document.querySelectorAll<HTMLElement>("[data-channel]")].map((one) => one.dataset["channel"] ?? "");
  const next = ids[ids.indexOf(conversation.value?.id ?? "") + step];
  if (next !== undefined) go({ name: "channel", channel_id: next });
}
