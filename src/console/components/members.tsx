/** Who is in the channel and how they are; what an admin or the proven creator may do about it. */
import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useContext } from "preact/hooks";
import type { ParticipantDetail } from "../../protocol/message.ts";
import { showName } from "../../protocol/names.ts";
import { isMembersShown, notify, notifyProblem, now, session } from "../app.ts";
import type { ChannelDetails } from "../hub.ts";
import { agoOf, count, instantOf } from "../format.ts";
import { Avatar, KindBadge, VerifiedBadge } from "./avatar.tsx";
import { type Chat, ChatContext } from "./chat-context.ts";
import { IconButton } from "./icon.tsx";

export function Members(): JSX.Element | null {
  const chat = useContext(ChatContext);
  const detail = chat.conversation.detail.value;
  if (!isMembersShown.value) return null;
  const participants = detail?.participants ?? [];
  const connected = participants.filter((one) => one.connected);
  const away = participants.filter((one) => !one.connected);
  return (
    <aside class="members" aria-label="Participants">
      <header>
        <h2>Participants</h2>
        <IconButton icon="close" label="Close participants" onClick={() => (isMembersShown.value = false)} />
      </header>
      <div class="members-list">
        <MemberGroup title={`Connected · ${connected.length}`} members={connected} chat={chat} />
        <MemberGroup title={`Away · ${away.length}`} members={away} chat={chat} />
      </div>
      {detail === undefined ? null : <Condition detail={detail} chat={chat} />}
    </aside>
  );
}

function MemberGroup(props: { title: string; members: readonly ParticipantDetail[]; chat: Chat }): JSX.Element | null {
  if (props.members.length === 0) return null;
  const byName = props.members.toSorted((a, b) => a.name.localeCompare(b.name));
  return (
    <section>
      <h3>{props.title}</h3>
      <ul>
        {byName.map((member) => (
          <Member key={member.key} member={member} chat={props.chat} />
        ))}
      </ul>
    </section>
  );
}

function mayModerate({ conversation }: Chat): boolean {
  return conversation.mode === "member" && session.value?.mayModerate(conversation.detail.value) === true;
}

function Member({ member, chat }: { member: ParticipantDetail; chat: Chat }): JSX.Element {
  const isMe = member.key === chat.me;
  const mayKick = mayModerate(chat) && !isMe;
  const state = member.connected ? "connected" : `last seen ${agoOf(member.last_seen, now.value)}`;
  return (
    <li class="member">
      <Avatar id={member.key} name={member.name} kind={member.kind} connected={member.connected} />
      <span class="member-who">
        <span class="member-line">
          <bdi class="name" title={member.key}>
            {showName(member.name)}
          </bdi>
          {member.verified ? <VerifiedBadge /> : null}
          <KindBadge kind={member.kind} />
          {isMe ? <span class="badge">you</span> : null}
        </span>
        <span class="member-line quiet" title={instantOf(member.last_seen)}>
          {state}
          {member.unread > 0 && !isMe ? ` · ${member.unread} unread` : ""}
        </span>
      </span>
      {mayKick ? <KickButton onKick={() => void kick(chat, member)} /> : null}
    </li>
  );
}

/** Asks once more, in its own place. */
function KickButton({ onKick }: { onKick: () => void }): JSX.Element {
  const isSure = useSignal(false);
  return (
    <button
      type="button"
      class="danger small"
      onClick={() => (isSure.value ? onKick() : (isSure.value = true))}
      onBlur={() => (isSure.value = false)}
    >
      {isSure.value ? "For an hour?" : "Remove"}
    </button>
  );
}

async function kick({ conversation }: Chat, { key, name }: ParticipantDetail): Promise<void> {
  await moderate(async (open) => {
    await open.hub.api.kick(conversation.id, `key=${key}`);
    notify(`${name} was removed`);
    await conversation.refreshDetail();
  });
}

/** How the channel stands: paused or not, the loop guard, the rate. */
function Condition({ detail, chat }: { detail: ChannelDetails; chat: Chat }): JSX.Element {
  const limits = session.value?.limits.value;
  const rate = limits?.["HUB_RATE_PER_SECOND"];
  return (
    <footer class="condition">
      <Guard detail={detail} />
      {limits === undefined ? null : (
        <p class="quiet">
          {rate === null
            ? "No rate limit"
            : `Each may send ${rate} a second, ${limits["HUB_RATE_BURST"] ?? "any"} at once`}
        </p>
      )}
      {!mayModerate(chat) ? null : (
        <div class="condition-actions">
          <button type="button" class="small" onClick={() => void setPaused(chat, !detail.paused)}>
            {detail.paused ? "Resume channel" : "Pause channel"}
          </button>
          {detail.guard === null ? null : (
            <button type="button" class="small" onClick={() => void resetGuard(chat)}>
              Reset guard
            </button>
          )}
        </div>
      )}
    </footer>
  );
}

function Guard({ detail: { guard } }: { detail: ChannelDetails }): JSX.Element {
  if (guard === null) return <p class="quiet">Loop guard off</p>;
  const isTripped = guard.left === 0;
  return (
    <div class={isTripped ? "guard tripped" : "guard"}>
      <p>
        <span>Loop guard</span>
        <span>{isTripped ? "agents are slowed down" : `${count(guard.left, "message")} left`}</span>
      </p>
      <meter aria-label="Loop guard" min={0} max={guard.limit} value={guard.limit - guard.left} />
    </div>
  );
}

function setPaused({ conversation }: Chat, isPaused: boolean): Promise<void> {
  return moderate(async ({ hub: { api } }) => {
    await (isPaused ? api.pause(conversation.id) : api.resume(conversation.id));
    await conversation.refreshDetail();
  });
}

function resetGuard({ conversation }: Chat): Promise<void> {
  return moderate(async ({ hub: { api } }) => {
    await api.guardReset(conversation.id);
    notify("The loop guard starts anew");
    await conversation.refreshDetail();
  });
}

async function moderate(act: (open: NonNullable<typeof session.value>) => Promise<void>): Promise<void> {
  try {
    if (session.value !== undefined) await act(session.value);
  } catch (error) {
    notifyProblem(error);
  }
}
