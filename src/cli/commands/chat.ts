/**
 * `chat`: a live conversation. What others say is printed as it comes, each line typed is sent, and
 * the end of the input ends it. Without a terminal it does the same with plain pipes.
 */
import { clearLine, createInterface, cursorTo, type Interface } from "node:readline";
import { type ChannelClient, HubError } from "../../client/index.ts";
import { showLine } from "../../protocol/index.ts";
import { EXIT, type Exit, failedFrom } from "../exit.ts";
import { channelId, failureLines, type Session } from "../session.ts";
import { gapLine, MessagePrinter } from "../show.ts";
import { reachLines } from "./send.ts";

export async function chat(session: Session, channel: string | undefined, { json }: { json: boolean }): Promise<Exit> {
  const { hub, agent, terminal, world } = session;
  const live = await hub.connect(await channelId(session, channel));
  const isTyped = world.stdin.isTTY === true && world.stdout.isTTY === true;
  const lines = createInterface({
    input: world.stdin,
    terminal: isTyped,
    prompt: "> ",
    ...(isTyped && { output: world.stdout }),
  });
  const screen = new Screen(lines, isTyped, session);
  const printer = new MessagePrinter(terminal, { reader: agent.key, json, withChannel: false });
  live.on("message", (message) => screen.show(printer.lines(message)));
  live.on("gap", (gap) => screen.note(gapLine(gap)));
  live.on("state", ({ state, reason }) => screen.note(state === "connected" ? "connected" : `${state}: ${reason}`));
  screen.note(
    `in ${showLine(live.id)} as ${showLine(agent.name ?? agent.key)}; ${isTyped ? "Ctrl-D" : "the end of the input"} leaves the chat`,
  );
  return await converse(live, lines, screen);
}

async function converse(live: ChannelClient, lines: Interface, screen: Screen): Promise<Exit> {
  const sends = new Set<Promise<void>>();
  let exit: Exit = EXIT.ok;
  const ended = new Promise<void>((resolve) => {
    lines.on("close", resolve);
    live.on("state", ({ state, code, reason }) => {
      if (state !== "closed") return;
      exit = failedFrom(new HubError({ code, message: reason, status: 0 })).exit;
      lines.close();
    });
  });
  lines.on("SIGINT", () => {
    exit = EXIT.interrupted;
    lines.close();
  });
  lines.on("line", (line) => {
    const sending: Promise<void> = say(live, line, screen).finally(() => sends.delete(sending));
    sends.add(sending);
  });
  screen.prompt();
  await ended;
  await Promise.all(sends);
  await markRead(live);
  const outcome = exit;
  await live.disconnect();
  return outcome;
}

async function say(live: ChannelClient, line: string, screen: Screen): Promise<void> {
  screen.prompt();
  if (line.trim() === "") return;
  try {
    for (const about of reachLines(await live.send(line))) screen.note(about);
  } catch (error) {
    screen.note(failureLines(failedFrom(error)));
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
