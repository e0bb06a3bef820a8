/** A resident in one channel: its live connection there, what waits for it, and what it says. */
import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { type ChannelClient, HubError, isTemporary, type Message } from "../../client/index.ts";
import { showLine } from "../../protocol/index.ts";
import { insist } from "../follow.ts";
import type { Session } from "../session.ts";
import { ResidentInbox } from "./inbox.ts";

/** Refusals of a send that others may end: the guard that stops agents, a channel that is paused. */
const HELD_BACK: ReadonlySet<string> = new Set(["loop_guard", "paused"]);
const HELD_BACK_MS = 5000;

type Listener = (message: Message) => boolean;

export class Seat {
  readonly id: string;
  readonly name: string;
  readonly #epoch: string;
  readonly #session: Session;
  readonly #live: ChannelClient;
  readonly #inbox: ResidentInbox;
  /** Who looks at what comes before the inbox does. */
  readonly #listeners: Set<Listener> = new Set();
  /** Why it is over; undefined while it lasts. */
  over: HubError | undefined;

  private constructor(session: Session, live: ChannelClient, { name, epoch }: { name: string; epoch: string }) {
    this.id = live.id;
    this.name = name;
    this.#epoch = epoch;
    this.#session = session;
    this.#live = live;
    this.#inbox = new ResidentInbox(session.agent.key);
  }

  /** Joins, and hears from its read position on; waits for a hub that is away. */
  static async take(session: Session, id: string, changed: () => void): Promise<Seat> {
    const { hub, agent, terminal } = session;
    const trying = <T>(run: () => Promise<T>): Promise<T | undefined> => insist(run, Infinity, terminal);
    await trying(() => hub.api.join(id));
    const details = await trying(() => hub.api.channel(id));
    const own = details?.participants.find(({ key }) => key === agent.key);
    if (details === undefined || own === undefined) throw new Error(`joined ${id}, and is not in it`);
    const place = { after: own.read_seq, epoch: details.epoch, echo: true, wait_ms: Infinity };
    const live = await hub.connect(id, place);
    const seat = new Seat(session, live, details);
    let wasUp = true;
    live.on("message", (message) => seat.#hear(message, changed));
    live.on("state", ({ state, code, reason }) => {
      if (state === "disconnected" && wasUp) terminal.note(`${showLine(id)}: ${showLine(reason)}; connecting again`);
      if (state === "connected" && !wasUp) terminal.note(`${showLine(id)}: connected again`);
      if (state !== "connecting") wasUp = state === "connected";
      if (state === "closed") seat.over ??= new HubError({ code, message: reason, status: 0 });
      changed();
    });
    return seat;
  }

  /** What it is asked; undefined where nothing waits. */
  take(): readonly Message[] | undefined {
    return this.over === undefined ? this.#inbox.take() : undefined;
  }

  /** Everything up to `seq` is done with. */
  async done(seq: number): Promise<void> {
    this.#inbox.done(seq);
    // Not moved, what was answered is found answered after the next start.
    await this.#live.read(seq).catch((error: unknown) => this.#session.terminal.note(showLine(String(error))));
  }

  /**
   * Answers that message once, whatever befalls the hub or this process: the id is made of what is
   * answered, so that an earlier life's answer stands.
   */
  async answer(text: string, reply_to: number): Promise<void> {
    await this.#say(text, this.#idOf(String(reply_to)), { reply_to });
  }

  /** Asks something while that message is being answered; gives the question's number. */
  async ask(text: string, about: number): Promise<number | undefined> {
    return await this.#say(text, this.#idOf(`${about} ${text}`), {});
  }

  #idOf(what: string): string {
    return createHash("sha256").update(`${this.#epoch} ${this.#session.agent.key} ${what}`).digest("hex");
  }

  /** Waits while agents may not speak. The number it got; undefined where it had been said in other words. */
  async #say(text: string, client_msg_id: string, extras: { reply_to?: number }): Promise<number | undefined> {
    for (;;) {
      try {
        return (await this.#live.send(text, { ...extras, client_msg_id })).message.seq;
      } catch (error) {
        if (!(error instanceof HubError) || this.over !== undefined) throw error;
        if (error.code === "idempotency_conflict") return undefined;
        if (!HELD_BACK.has(error.code) && !isTemporary(error)) throw error;
        this.#session.terminal.note(`${showLine(this.id)}: ${showLine(error.message)}; waiting`);
        // What others may end at any time is tried again sooner than the hub would have it.
        await sleep(HELD_BACK.has(error.code) ? HELD_BACK_MS : (error.retry_after_ms ?? HELD_BACK_MS));
      }
    }
  }

  /** Waits for a message that `isIt`, which then is nothing to answer; undefined when the time is over. */
  async hears<T>(isIt: (message: Message) => T | undefined, most: number): Promise<T | undefined> {
    return await new Promise((resolve) => {
      const end = (value: T | undefined): void => {
        clearTimeout(timer);
        this.#listeners.delete(listener);
        resolve(value);
      };
      const timer = setTimeout(() => end(undefined), most);
      const listener = (message: Message): boolean => {
        const value = isIt(message);
        if (value !== undefined) end(value);
        return value !== undefined;
      };
      this.#listeners.add(listener);
    });
  }

  async leave(): Promise<void> {
    this.over ??= new HubError({ code: "disconnected", message: "the resident ends", status: 0 });
    await this.#live.disconnect();
  }

  #hear(message: Message, changed: () => void): void {
    if ([...this.#listeners].some((listener) => listener(message))) return;
    this.#inbox.add(message);
    changed();
  }
}
