/** Reads along, and after a crash resumes from the last message it got. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Frame } from "../../../src/protocol/index.ts";
import { call } from "../process/agent.ts";
import type { Dice } from "./dice.ts";
import { type Ground, type Hear, Line } from "./line.ts";

export class Reader {
  readonly #key: string;
  readonly #frames: "single" | "batch";
  #line: Line | undefined;
  /** Everything up to here has come, or was reported as gone. */
  position = 0;

  constructor(key: string, frames: "single" | "batch") {
    this.#key = key;
    this.#frames = frames;
  }

  /** Reads the whole ring again when it connects next. */
  forget(): void {
    this.position = 0;
  }

  /** Ends the connection. */
  leave(): void {
    this.#line?.end();
  }

  /** Connects and reads until the connection ends. */
  run(ground: Ground): Promise<void> {
    const hear: Hear = (frame, line) => this.#hear(frame, line, ground.epoch);
    this.#line = new Line(ground, { key: this.#key, frames: this.#frames, after: this.position }, hear);
    return this.#line.closed;
  }

  #hear(frame: Frame, line: Line, epoch: string): void {
    if (frame.type === "lagging") return line.ask(this.position, epoch);
    if (frame.type === "history") {
      const last = frame.data.at(-1)?.seq;
      this.position = last ?? this.position;
      // An empty page that is not the last comes from a broken hub only, and is blamed as such.
      if (!frame.meta.complete && last !== undefined) line.ask(this.position, epoch);
    } else if ((frame.type === "message" || frame.type === "system") && typeof frame.data === "object") {
      this.position = frame.data.seq;
    }
  }
}

/** Seconds a listen waits: longer than any round. */
const WAIT_S = 20;
/** Between two listens of a busy channel. */
const LISTEN_PAUSE_MS = 20;
/** One listen in this many asks from the read position, as an agent does that has lost its memory. */
const FORGETS_EVERY = 4;

/** Listens over HTTP; what it says is done with must stay done with. */
export class Listener {
  readonly key: string;
  /** Listens that were answered. */
  answered = 0;
  #position: number | undefined;
  #isStopped = false;
  readonly #dice: Dice;

  constructor(key: string, dice: Dice) {
    this.key = key;
    this.#dice = dice;
  }

  stop(): void {
    this.#isStopped = true;
  }

  /** Listens until the hub is gone. */
  async run(ground: Ground): Promise<void> {
    while (!this.#isStopped && (await this.#listen(ground))) await sleep(LISTEN_PAUSE_MS);
  }

  async #listen({ url, channel, record, nextSocket }: Ground): Promise<boolean> {
    const socket = nextSocket();
    const after = this.#dice.roll(1, FORGETS_EVERY) === 1 ? undefined : this.#position;
    record({ type: "open", socket, key: this.key });
    record({ type: "listen", socket, ...(after !== undefined && { after }) });
    const from = after === undefined ? "" : `&after=${after}`;
    const path = `/api/channel/${channel}/listen?key=${this.key}&wait=${WAIT_S}&limit=1000${from}`;
    const answer = await call(url, path).catch(() => undefined);
    if (answer?.body.ok === true) {
      const { messages, next, gap } = answer.body;
      record({ type: "listened", socket, messages, next, gap });
      this.#position = next;
      this.answered++;
    }
    record({ type: "close", socket });
    return answer !== undefined;
  }
}

/** Looks at the log over HTTP, so often that every message is seen before it leaves the ring. */
export class Auditor {
  /** Everything up to here was looked at. */
  #position = 0;

  /** The whole ring, as a crash left it. */
  async readRing(ground: Ground): Promise<void> {
    this.#position = 0;
    await this.readOn(ground);
  }

  /** Who is connected, at a moment when nobody comes or goes. */
  async readPresence({ url, channel, record }: Ground): Promise<void> {
    const { body } = await call(url, `/api/channel/${channel}`);
    const present = (body.participants as { key: string; connected: boolean }[]).filter(({ connected }) => connected);
    record({ type: "presence", connected: present.map(({ key }) => key) });
  }

  /** Pages on from where it was until nothing is missing, or the hub is gone. */
  async readOn(ground: Ground): Promise<void> {
    while (await this.#readPage(ground)) continue;
  }

  /** True: there is more to read. */
  async #readPage({ url, channel, epoch, record, nextSocket }: Ground): Promise<boolean> {
    const socket = nextSocket();
    record({ type: "open", socket, key: "auditor", after: this.#position });
    const path = `/api/channel/${channel}/history?after=${this.#position}&epoch=${epoch}&limit=1000`;
    const answer = await call(url, path).catch(() => undefined);
    const page = answer?.body.ok === true ? answer.body : undefined;
    if (page !== undefined) record({ type: "page", socket, messages: page.messages, meta: page.meta });
    record({ type: "close", socket });
    const last: number | undefined = page?.messages.at(-1)?.seq;
    this.#position = last ?? this.#position;
    return last !== undefined && !page.meta.complete;
  }
}
