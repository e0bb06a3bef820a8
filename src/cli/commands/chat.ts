/**
 * `chat`: a live conversation. What others say is printed as it comes, each line typed is sent, and
 * the end of the input ends it. Without a terminal it does the same with plain pipes. A line that
 * starts with a slash is for the chat itself, never for the channel.
 */
import { randomUUID } from "node:crypto";
import { type ChannelClient, HubError, type StateChange } from "../../client/index.ts";
import { showJson, showLine } from "../../protocol/index.ts";
import { participantLine } from "../../tool/index.ts";
import { HELP, readLine } from "../chat/line.ts";
import { Screen } from "../chat/screen.ts";
import { EXIT, type Exit, failedFrom } from "../exit.ts";
import { channelId } from "../channels.ts";
import type { Session } from "../session.ts";
import { gapLine, MessagePrinter } from "../show.ts";
import { reachLines } from "./send.ts";

/** Milliseconds for a hub that is just starting again. */
const FIRST_MS = 5000;

export async function chat(session: Session, channel: string | undefined, { json }: { json: boolean }): Promise<Exit> {
  const { hub, agent, terminal } = session;
  const notice = ({ state, reason }: StateChange): void => {
    if (state === "disconnected") terminal.note(`${showLine(reason)}; trying again`);
  };
  // Own messages too: those of before, and those from elsewhere.
  const live = await hub.connect(await channelId(session, channel), { echo: true, wait_ms: FIRST_MS, notice });
  const screen = new Screen(session, json, () => namesIn(session, live.id));
  const printer = new MessagePrinter(terminal, { reader: agent.key, json, withChannel: false });
  const typed = new Set<string>();
  live.on("message", (message) => {
    if (!typed.has(message.client_msg_id ?? "")) screen.show(printer.lines(message));
  });
  live.on("gap", (gap) => screen.note(gapLine(gap)));
  live.on("state", ({ state, reason }) => {
    if (state === "disconnected") screen.note(`${showLine(reason)}; connecting again`);
  });
  const ends = screen.isTyped ? "/help shows what can be typed, Ctrl-D" : "the end of the input";
  screen.note(`in ${showLine(live.id)} as ${showLine(agent.name ?? agent.key)}; ${ends} leaves the chat`);
  return await converse({ session, live, screen, typed, json });
}

/** Whom Tab completes: everybody but the one who types. Nobody, while the hub cannot be asked. */
async function namesIn({ hub, agent }: Session, id: string): Promise<readonly string[]> {
  const found = await hub.api.channel(id).catch(() => undefined);
  return found?.participants.filter(({ key }) => key !== agent.key).map(({ name }) => name) ?? [];
}

interface Conversation {
  readonly session: Session;
  readonly live: ChannelClient;
  readonly screen: Screen;
  /** Ids of what was typed here, and so stands on the screen already. */
  readonly typed: Set<string>;
  readonly json: boolean;
}

async function converse(conversation: Conversation): Promise<Exit> {
  const { live, screen } = conversation;
  const { lines } = screen;
  const work = new Set<Promise<void>>();
  let exit: Exit = EXIT.ok;
  let isLeaving = false;
  let isOver = false;
  lines.once("close", () => (isOver = true));
  const ended = new Promise<void>((resolve) => {
    lines.on("close", resolve);
    live.on("state", ({ state, code, reason }) => {
      if (state !== "closed" || isLeaving) return;
      const failed = failedFrom(new HubError({ code, message: reason, status: 0 }));
      screen.failed(failed);
      exit = failed.exit;
      lines.close();
    });
  });
  lines.on("SIGINT", () => {
    exit = EXIT.interrupted;
    lines.close();
  });
  lines.on("line", (line) => {
    // Of what came at once, the lines after /quit.
    if (isOver) return;
    const working: Promise<void> = follow(conversation, line).finally(() => work.delete(working));
    work.add(working);
  });
  screen.prompt();
  await ended;
  if (screen.fault !== undefined) {
    screen.failed(screen.fault);
    exit = screen.fault.exit;
  }
  await Promise.all(work);
  await markRead(live);
  isLeaving = true;
  await live.disconnect();
  return exit;
}

/** Does what a line says. */
async function follow(conversation: Conversation, typed: string): Promise<void> {
  const { screen } = conversation;
  const line = readLine(typed);
  screen.prompt();
  switch (line.type) {
    case "nothing":
      return undefined;
    case "say":
      return await say(conversation, line.text);
    case "help":
      return HELP.forEach((one) => screen.note(one));
    case "who":
      return await who(conversation);
    case "quit":
      return screen.lines.close();
    case "unknown":
      return screen.note(`there is no command /${showLine(line.command)}: /help shows them, and //text says /text`);
  }
}

async function say({ live, screen, typed }: Conversation, text: string): Promise<void> {
  const client_msg_id = randomUUID();
  typed.add(client_msg_id);
  try {
    for (const about of reachLines(await live.send(text, { client_msg_id }))) screen.note(about);
  } catch (error) {
    screen.failed(failedFrom(error));
  }
}

async function who({ session, live, screen, json }: Conversation): Promise<void> {
  try {
    const { participants } = await session.hub.api.channel(live.id);
    for (const one of participants)
      screen.show(`${json ? showJson(one) : participantLine(one, Date.now(), session.agent.key)}\n`);
  } catch (error) {
    screen.failed(failedFrom(error));
  }
}

/** What stood on the screen was read. */
async function markRead(live: ChannelClient): Promise<void> {
  const { position, state } = live;
  // A position that cannot be moved now is moved by the next read: nothing is lost.
  if (position !== undefined && state === "connected") await live.read(position.seq).catch(() => undefined);
}
