/** One socket of the rig: writes down what it says and hears, and hands every frame on. */
import { WebSocket } from "ws";
import type { Frame } from "../../../src/protocol/index.ts";
import { HUB_KEY } from "../process/hub-process.ts";
import type { HistoryEvent } from "./history.ts";

/** Where the rig's agents meet. */
export interface Ground {
  readonly url: string;
  readonly channel: string;
  readonly epoch: string;
  /** The history; sockets are numbered by `nextSocket`. */
  readonly record: (event: HistoryEvent) => void;
  readonly nextSocket: () => number;
}

export interface LineOptions {
  readonly key: string;
  readonly frames: "single" | "batch";
  /** Resume from here; undefined: start with the newest. */
  readonly after: number | undefined;
}

export type Hear = (frame: Frame, line: Line) => void;

export class Line {
  /** Settles when the socket is gone, or was refused; never rejects. */
  readonly closed: Promise<void>;
  readonly #record: Ground["record"];
  readonly #number: number;
  readonly #socket: WebSocket;
  readonly #hear: Hear;

  constructor(ground: Ground, { key, frames, after }: LineOptions, hear: Hear) {
    this.#record = ground.record;
    this.#number = ground.nextSocket();
    this.#hear = hear;
    this.#record({ type: "open", socket: this.#number, key, ...(after !== undefined && { after }) });
    const resume = after === undefined ? "" : `&after=${after}&epoch=${ground.epoch}`;
    const url = `${ground.url.replace("http", "ws")}/ws/channel/${ground.channel}?key=${key}&frames=${frames}${resume}`;
    this.#socket = new WebSocket(url, { headers: { "x-spf-key": HUB_KEY }, perMessageDeflate: false });
    this.#socket.on("message", (data: Buffer) => this.#take(JSON.parse(data.toString()) as Frame));
    // A crash of the hub: `close` follows.
    this.#socket.on("error", () => undefined);
    this.closed = new Promise((done) => this.#socket.once("close", () => done()));
    void this.closed.then(() => this.#record({ type: "close", socket: this.#number }));
  }

  send(id: string, text: string): void {
    this.#say({ action: "send", client_msg_id: id, text }, { type: "invoke", socket: this.#number, id, text });
  }

  /** Asks for the next page. */
  ask(after: number, epoch: string): void {
    this.#say({ action: "history", after, epoch, limit: 1000 }, { type: "ask", socket: this.#number, after });
  }

  end(): void {
    this.#socket.close(1000);
  }

  /** On a socket that is ending nothing is said, and nothing is written down. */
  #say(command: unknown, event: HistoryEvent): void {
    if (this.#socket.readyState !== WebSocket.OPEN) return;
    this.#record(event);
    this.#socket.send(JSON.stringify(command));
  }

  #take(frame: Frame): void {
    if (frame.type === "batch") return frame.data.forEach((one) => this.#take(one));
    this.#write(frame);
    this.#hear(frame, this);
  }

  #write(frame: Frame): void {
    const socket = this.#number;
    if (frame.type === "history") this.#record({ type: "page", socket, messages: frame.data, meta: frame.meta });
    else if (frame.type === "ack")
      this.#record({
        type: "ack",
        socket,
        id: frame.client_msg_id ?? "",
        message: frame.data,
        duplicate: frame.duplicate,
      });
    // A fatal one answers nothing: the hub ends the socket, as it does to whoever shows no sign of reading (SOC6).
    else if (frame.type === "error" && !frame.fatal)
      this.#record({ type: "refuse", socket, id: frame.client_msg_id ?? "" });
    else if ((frame.type === "message" || frame.type === "system") && typeof frame.data === "object") {
      this.#record({ type: "receive", socket, message: frame.data });
    }
  }
}
