/** Reads along, and after a crash resumes from the last message it got. */
import type { Frame } from "../../../src/protocol/index.ts";
import { call } from "../process/agent.ts";
import { type Ground, type Hear, Line } from "./line.ts";

export class Reader {
  readonly #key: string;
  readonly #frames: "single" | "batch";
  /** Everything up to here has come, or was reported as gone. */
  position = 0;

  constructor(key: string, frames: "single" | "batch") {
    this.#key = key;
    this.#frames = frames;
  }

  /** Connects and reads until the connection ends. */
  run(ground: Ground): Promise<void> {
    const hear: Hear = (frame, line) => this.#hear(frame, line, ground.epoch);
    return new Line(ground, { key: this.#key, frames: this.#frames, after: this.position }, hear).closed;
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

/** Looks at the log over HTTP, so often that every message is seen before it leaves the ring. */
export class Auditor {
  /** Everything up to here was looked at. */
  #position = 0;

  /** The whole ring, as a crash left it. */
  async readRing(ground: Ground): Promise<void> {
    this.#position = 0;
    await this.readOn(ground);
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
