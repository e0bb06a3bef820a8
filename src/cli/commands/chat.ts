/**
 * `chat`: a live conversation. What others say is printed as it comes, each line typed is sent, and
 * the end of the input ends it. Without a terminal it does the same with plain pipes.
 */
import { randomUUID } from "node:crypto";
import { clearLine, createInterface, cursorTo, type Interface } from "node:readline";
import { type ChannelClient, HubError } from "../../client/index.ts";
import { showLine } from "../../protocol/index.ts";
import { EXIT, type Exit, type Failed, failedFrom } from "../exit.ts";
import { anywhere } from "../origin.ts";
import { channelId, failureLines, type Session } from "../session.ts";
import { gapLine, MessagePrinter } from "../show.ts";
import { reachLines } from "./send.ts";

export async function chat(session: Session, channel: string | undefined, { json }: { json: boolean }): Promise<Exit> {
  const { hub, agent, terminal, world } = session;
  // Own messages too: those of before, and those from elsewhere.
  const live = await hub.connect(await channelId(session, channel), { echo: true });
  const isTyped = world.stdin.isTTY === true && world.stdout.isTTY === true;
  const lines = createInterface({
    input: world.stdin,
    terminal: isTyped,
    prompt: "> ",
    ...(isTyped && { output: world.stdout }),
  });
  const screen = new Screen(lines, isTyped, session);
  const printer = new MessagePrinter(terminal, { reader: agent.key, json, withChannel: false });
  const typed = new Set<string>();
  live.on("message", (message) => {
    if (!typed.has(message.client_msg_id ?? "")) screen.show(printer.lines(message));
  });
  live.on("gap", (gap) => screen.note(gapLine(gap)));
  live.on("state", ({ state, reason }) => {
    if (state === "disconnected") screen.note(`${showLine(reason)}; connecting again`);
  });
  screen.note(
    `in ${showLine(live.id)} as ${showLine(agent.name ?? agent.key)}; ${isTyped ? "Ctrl-D" : "the end of the input"} leaves the chat`,
  );
  return await converse({ live, lines, screen, typed });
}

interface Conversation {
  readonly live: ChannelClient;
  readonly lines: Interface;
  readonly screen: Screen;
  /** Ids of what was typed here, and so stands on the screen already. */
  readonly typed: Set<string>;
}

async function converse(conversation: Conversation): Promise<Exit> {
  const { live, lines, screen } = conversation;
  const sends = new Set<Promise<void>>();
  let exit: Exit = EXIT.ok;
  let isLeaving = false;
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
    const sending: Promise<void> = say(conversation, line).finally(() => sends.delete(sending));
    sends.add(sending);
  });
  screen.prompt();
  await ended;
  await Promise.all(sends);
  await markRead(live);
  isLeaving = true;
  await live.disconnect();
  return exit;
}

async function say({ live, screen, typed }: Conversation, line: string): Promise<void> {
  screen.prompt();
  if (line.trim() === "") return;
  const client_msg_id = randomUUID();
  typed.add(client_msg_id);
  try {
    for (const about of reachLines(await live.send(line, { client_msg_id }))) screen.note(about);
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

/** Keeps the line that is being typed below what is printed. */
class Screen {
  readonly #lines: Interface;
  readonly #isTyped: boolean;
  readonly #session: Session;

  constructor(lines: Interface, isTyped: boolean, session: Session) {
    this.#lines = lines;
    this.#isTyped = isTyped;
    this.#session = session;
  }

  show(text: string): void {
    this.#above(() => void this.#session.terminal.out(text));
  }

  note(line: string): void {
    this.#above(() => this.#session.terminal.note(line));
  }

  failed(failure: Failed): void {
    this.note(failureLines(failure, anywhere(this.#session.hub.api.url)));
  }

  prompt(): void {
    if (this.#isTyped) this.#lines.prompt(true);
  }

  #above(print: () => void): void {
    const { stdout } = this.#session.world;
    if (this.#isTyped) {
      cursorTo(stdout, 0);
      clearLine(stdout, 0);
    }
    print();
    this.prompt();
  }
}
