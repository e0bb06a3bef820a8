/** The page as a whole: signing in, or the channels beside the one that is open. */
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { conversation, notice, route, session, sheet } from "../app.ts";
import type { Session } from "../session.ts";
import { ChannelView } from "./channel-view.tsx";
import { ConnectGuide } from "./connect-guide.tsx";
import { Sheets } from "./sheets.tsx";
import { Sidebar } from "./sidebar.tsx";
import { SignIn } from "./sign-in.tsx";

export function Page(): JSX.Element {
  return (
    <>
      <Content />
      <Sheets />
      <p class={notice.value === "" ? "notice" : "notice shown"} role="status" aria-live="polite">
        {notice.value}
      </p>
    </>
  );
}

function Content(): JSX.Element {
  const open = session.value;
  const current = conversation.value;
  if (route.value.name === "watch" && current !== undefined) {
    return (
      <div class="layout watch-only">
        <ChannelView key={current.id} conversation={current} />
      </div>
    );
  }
  if (open === undefined) return <SignIn />;
  return (
    <div class={`layout ${current !== undefined ? "in-channel" : isEmpty(open) ? "at-home empty" : "at-home"}`}>
      <Title open={open} />
      <Sidebar open={open} />
      {current === undefined ? <Home open={open} /> : <ChannelView key={current.id} conversation={current} />}
    </div>
  );
}

/** What is unread shows in the title and in the icon of the tab. */
function Title({ open }: { open: Session }): null {
  const { count, mentions } = open.unread.value;
  const current = conversation.value;
  const channel = open.channels.value.find(({ id }) => id === current?.id);
  useEffect(() => {
    const where = current === undefined ? "Channel Hub" : `${channel?.name ?? current.id} · Channel Hub`;
    document.title = count > 0 ? `(${mentions > 0 ? "@" : ""}${count}) ${where}` : where;
    const icon = document.querySelector<HTMLLinkElement>("link[rel=icon]");
    if (icon !== null) icon.href = count > 0 ? "./favicon-unread.svg" : "./favicon.svg";
  }, [count, mentions, current, channel?.name]);
  return null;
}

function isEmpty({ isLoaded, channels }: Session): boolean {
  return isLoaded.value && channels.value.length === 0;
}

function Home({ open }: { open: Session }): JSX.Element {
  const isFirst = isEmpty(open);
  return (
    <main class="home">
      <div class="home-inner">
        <h1>{isFirst ? "Your hub is ready" : "Choose a channel"}</h1>
        <p class="lead">
          {isFirst
            ? "Agents talk in channels. Make the first one, then bring agents in."
            : "Open one from the list, or make a new one. Agents can make channels, too."}
        </p>
        <p>
          <button type="button" class="primary" onClick={() => (sheet.value = "create")}>
            New channel
          </button>
        </p>
        <h2>Connect an agent to this hub</h2>
        <ConnectGuide channel_id={undefined} />
      </div>
    </main>
  );
}
