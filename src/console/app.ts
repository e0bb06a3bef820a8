/**
 * What the whole page knows: the address, who is signed in, what is open, how it looks. Signals that
 * components read, and the few things they may ask for.
 */
import { batch, type Signal, signal } from "@preact/signals";
import { Conversation } from "./conversation.ts";
import { failureOf, HubClient, type Problem } from "./hub.ts";
import { HUB_URL } from "./place.ts";
import { formatRoute, parseRoute, type Route } from "./route.ts";
import { type Credentials, Session } from "./session.ts";
import { linkHost } from "./watch-host.ts";

export type Theme = "auto" | "light" | "dark";
export type Sheet = "help" | "connect" | "create" | "use" | undefined;

const CREDENTIALS = "channel-hub.session";
const NAME = "channel-hub.name";
const THEME = "channel-hub.theme";
const NOTICE_MS = 4000;

export const route: Signal<Route> = signal(parseRoute(location.hash));
export const session: Signal<Session | undefined> = signal(undefined);
export const conversation: Signal<Conversation | undefined> = signal(undefined);
/** Why nobody is signed in, or undefined. */
export const signInProblem: Signal<Problem | undefined> = signal(undefined);
export const isSigningIn: Signal<boolean> = signal(false);
export const theme: Signal<Theme> = signal((localStorage.getItem(THEME) as Theme | null) ?? "auto");
/** What lies over the page. */
export const sheet: Signal<Sheet> = signal(undefined);
/** One line that passes by itself. */
export const notice: Signal<string> = signal("");
export const isMembersShown: Signal<boolean> = signal(matchMedia("(min-width: 1100px)").matches);
/** Moves on every half minute, for times that say "ago". */
export const now: Signal<number> = signal(Date.now());

let noticeTimer: ReturnType<typeof setTimeout> | undefined;

export function notify(text: string): void {
  clearTimeout(noticeTimer);
  notice.value = text;
  noticeTimer = setTimeout(() => (notice.value = ""), NOTICE_MS);
}

/** Says why something did not work. */
export function notifyProblem(error: unknown): void {
  const { message, hint } = failureOf(error);
  notify(hint === undefined ? message : `${message}; ${hint}`);
}

export async function copy(text: string, what: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    notify(`${what} copied`);
  } catch {
    notify("This browser does not let the page copy; select the text instead");
  }
}

export function go(to: Route): void {
  location.hash = formatRoute(to);
}

export function setTheme(to: Theme): void {
  theme.value = to;
  localStorage.setItem(THEME, to);
  document.documentElement.dataset["theme"] = to;
}

export function rememberedName(): string {
  return localStorage.getItem(NAME) ?? "";
}

export async function signIn(credentials: Credentials): Promise<void> {
  isSigningIn.value = true;
  try {
    const started = await Session.start(credentials);
    sessionStorage.setItem(CREDENTIALS, JSON.stringify(credentials));
    localStorage.setItem(NAME, credentials.name);
    batch(() => {
      session.value = started;
      signInProblem.value = undefined;
    });
    show(route.value);
  } catch (error) {
    signInProblem.value = failureOf(error);
  } finally {
    isSigningIn.value = false;
  }
}

export async function signOut(): Promise<void> {
  const ended = session.value;
  sessionStorage.removeItem(CREDENTIALS);
  batch(() => {
    session.value = undefined;
    conversation.value = undefined;
  });
  go({ name: "home" });
  await ended?.end();
}

/** Joins the channel that is watched, and takes part from then on. */
export async function joinOpen(channel_id: string): Promise<void> {
  try {
    await session.value?.join(channel_id);
    show(route.value);
  } catch (error) {
    notifyProblem(error);
  }
}

/** Follows the address. */
export function show(to: Route): void {
  route.value = to;
  const current = conversation.value;
  if (to.name === "watch") conversation.value = current?.id === to.channel_id ? current : watch(to);
  else if (to.name === "channel") conversation.value = session.value?.open(to.channel_id);
  else {
    session.value?.leaveOpen();
    conversation.value = undefined;
  }
}

/** Once, when the page is loaded. */
export async function start(): Promise<void> {
  setTheme(theme.value);
  addEventListener("hashchange", () => {
    const to = parseRoute(location.hash);
    const isSame = to.name === "channel" && conversation.value?.id === to.channel_id;
    if (isSame) route.value = to;
    else show(to);
  });
  setInterval(() => (now.value = Date.now()), 30_000);
  if (route.value.name === "watch") return show(route.value);
  const kept = sessionStorage.getItem(CREDENTIALS);
  if (kept !== null) await signIn(JSON.parse(kept) as Credentials);
}

function watch({ channel_id, ticket }: { channel_id: string; ticket: string }): Conversation {
  const hub = new HubClient({ url: HUB_URL, agent: { key: "watcher" }, host: linkHost(ticket) });
  const watched = new Conversation({ id: channel_id, mode: "watch", me: "", hub, hasDetail: false });
  watched.open();
  return watched;
}
