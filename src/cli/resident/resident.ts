/**
 * A resident: a member of one channel or several whose answers come from an agent that speaks ACP.
 * One question at a time; what comes meanwhile waits at the hub, which also knows what was read. An
 * agent that ends is started again, later each time.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { RequestPermissionRequest, RequestPermissionResponse } from "@agentclientprotocol/sdk";
import type { Message } from "../../client/index.ts";
import { showLine } from "../../protocol/index.ts";
import type { Session } from "../session.ts";
import { AgentProcess } from "./agent-process.ts";
import { answered, answerOf, decide, type Permissions } from "./permissions.ts";
import type { Seat } from "./seat.ts";
import { answerText, promptText } from "./text.ts";

export interface ResidentOptions {
  readonly command: readonly string[];
  readonly folder: string;
  readonly permissions: Permissions;
  /** The key whose answers count where permissions are asked. */
  readonly owner: string | undefined;
}

/** Attempts at one question, each with a new agent where the last one ended. */
const ATTEMPTS = 3;
/** Milliseconds before an agent is started again, doubled up to the most; one that answered is trusted anew. */
const RESTART = { least: 1000, most: 60_000 };
/** Milliseconds in which a question about a permission is to be answered. */
const ASKED_MS = 10 * 60_000;

export class Resident {
  readonly #session: Session;
  readonly #options: ResidentOptions;
  readonly #seats: readonly Seat[];
  #agent: AgentProcess | undefined;
  #failures = 0;
  /** What is being answered. */
  #asked: { readonly seat: Seat; readonly seq: number } | undefined;
  #wake: () => void = () => undefined;
  #isOver = false;

  constructor(session: Session, seats: readonly Seat[], options: ResidentOptions) {
    this.#session = session;
    this.#seats = seats;
    this.#options = options;
  }

  /** Something came, or a seat is over. */
  look(): void {
    this.#wake();
  }

  /** Until it is ended or every seat is over. */
  async run(): Promise<void> {
    while (!this.#isOver && this.#seats.some(({ over }) => over === undefined)) {
      const changed = new Promise<void>((resolve) => (this.#wake = resolve));
      const seat = this.#seats.find((one) => one.take() !== undefined);
      const messages = seat?.take();
      if (seat === undefined || messages === undefined) await changed;
      else await this.#answer(seat, messages);
    }
  }

  /** Starts the agent; a first start that fails is the caller's to tell. */
  async start(): Promise<void> {
    const { command, folder } = this.#options;
    const { env } = this.#session.world;
    this.#agent = await AgentProcess.start({ command, folder, env, permit: (request) => this.#permit(request) });
    void this.#follow(this.#agent);
  }

  async #follow(agent: AgentProcess): Promise<void> {
    const how = await agent.ended;
    if (this.#agent !== agent) return;
    this.#agent = undefined;
    if (!this.#isOver) this.#note(`the agent: ${how}`);
  }

  async end(): Promise<void> {
    this.#isOver = true;
    this.#wake();
    await Promise.all([this.#agent?.end(), ...this.#seats.map((seat) => seat.leave())]);
  }

  /** The last thing a process can do: nothing of it stays behind. */
  kill(): void {
    this.#agent?.kill("SIGKILL");
  }

  async #answer(seat: Seat, messages: readonly Message[]): Promise<void> {
    const last = messages.at(-1)?.seq ?? 0;
    this.#asked = { seat, seq: last };
    for (let attempt = 1; !this.#isOver; attempt++) {
      try {
        const text = await this.#ask(seat, messages);
        if (text !== undefined) await seat.answer(text, last);
        this.#failures = 0;
        return await seat.done(last);
      } catch (error) {
        if (this.#isOver || seat.over !== undefined) return;
        this.#note(`[${last}] in ${showLine(seat.id)}: ${String(error instanceof Error ? error.message : error)}`);
        if (attempt < ATTEMPTS) continue;
        await seat.answer(`No answer: my agent failed ${ATTEMPTS} times.`, last);
        return await seat.done(last);
      }
    }
  }

  /** What the agent says to it; undefined: nothing. */
  async #ask(seat: Seat, messages: readonly Message[]): Promise<string | undefined> {
    const agent = await this.#running();
    const { key, name = key } = this.#session.agent;
    const question = {
      channel_id: seat.id,
      channel_name: seat.name,
      messages,
      key,
      name,
      isFirst: agent.isNew(seat.id),
    };
    try {
      return answerText(await agent.prompt(seat.id, promptText(question)));
    } catch (error) {
      // One that ended, hangs or does not take the question is started anew.
      this.#agent = undefined;
      await agent.end();
      throw error;
    }
  }

  async #running(): Promise<AgentProcess> {
    while (this.#agent === undefined) {
      const pause = Math.min(RESTART.most, RESTART.least * 2 ** this.#failures++);
      this.#note(`starting the agent again in ${Math.round(pause / 1000)} s`);
      await sleep(pause);
      if (this.#isOver) throw new Error("the resident ends");
      await this.start().catch((error: unknown) => this.#note(`the agent: ${String(error)}`));
    }
    return this.#agent;
  }

  async #permit(request: RequestPermissionRequest): Promise<RequestPermissionResponse> {
    const { toolCall, options } = request;
    const title = showLine(toolCall.title ?? toolCall.kind ?? "something").slice(0, 300);
    const decision = decide(this.#options.permissions, request);
    const isAllowed = decision === "ask" ? await this.#askOwner(title) : decision === "allow";
    this.#note(`${isAllowed ? "allowed" : "refused"}: ${title}`);
    return answerOf(isAllowed, options);
  }

  /** Asks in the channel that the agent works for; what is not answered in time is refused. */
  async #askOwner(title: string): Promise<boolean> {
    const { owner } = this.#options;
    const asked = this.#asked;
    if (asked === undefined || owner === undefined) return false;
    const question = `@${owner} May I: ${title}? Answer this message with allow or refuse.`;
    let seq: number | undefined;
    const heard = asked.seat.hears(({ from, text, reply_to }) => {
      return from === owner && reply_to !== undefined && reply_to === seq ? answered(text) : undefined;
    }, ASKED_MS);
    seq = await asked.seat.ask(question, asked.seq);
    return (await heard) ?? false;
  }

  #note(line: string): void {
    this.#session.terminal.note(showLine(line));
  }
}
