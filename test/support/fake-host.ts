/**
 * A machine for the client that a test moves by hand: clocks that stand still, HTTP answered by a
 * function, and sockets with a queue in each direction, so that every interleaving can be made.
 */
import type { Host } from "../../src/client/index.ts";

export type FakeRequest = Parameters<Host["fetch"]>[0];
type UpgradeRequest = Parameters<Host["open"]>[0];
type SocketEvents = Parameters<Host["open"]>[1];
type HttpAnswer = Awaited<ReturnType<Host["fetch"]>>;

interface Timer {
  readonly at: number;
  readonly run: () => void;
}

/** The hub's end of a socket. */
export class FakeSocket {
  readonly request: UpgradeRequest;
  readonly events: SocketEvents;
  /** What the client said and the test has not taken yet. */
  readonly toHub: string[] = [];
  /** What the hub said and has not arrived yet. */
  readonly #toClient: string[] = [];
  /** Set when the client let go. */
  isDropped = false;

  constructor(request: UpgradeRequest, events: SocketEvents) {
    this.request = request;
    this.events = events;
  }

  /** Puts frames on their way to the client. */
  say(...frames: readonly unknown[]): this {
    this.#toClient.push(...frames.map((frame) => (typeof frame === "string" ? frame : JSON.stringify(frame))));
    return this;
  }

  /** Lets what is on its way to the client arrive: all of it, or the first few. */
  flush(count: number = Infinity): void {
    for (const text of this.#toClient.splice(0, count)) this.events.text(text);
  }

  /** What the client said, taken: frames parsed, `ping` as it is. */
  take(): unknown[] {
    return this.toHub.splice(0).map((text) => (text === "ping" ? text : (JSON.parse(text) as unknown)));
  }
}

export class FakeHost implements Host {
  /** Of the clock that stands still in sleep, and by which timers ring: milliseconds. */
  time = 1_000_000;
  /** What people and sleep add to the other clock. */
  #ahead = 0;
  readonly #woken: Set<() => void> = new Set();
  /** The next roll of the dice. */
  roll = 0.5;
  carries_headers = true;
  /** Newest last. */
  readonly sockets: FakeSocket[] = [];
  readonly requests: FakeRequest[] = [];
  /** Answers HTTP; by default nothing is there. */
  answer: (request: FakeRequest) => HttpAnswer = () => {
    throw new TypeError("connection refused");
  };
  #timers: Timer[] = [];
  #ids = 0;

  now(): number {
    return this.time + this.#ahead;
  }

  uptime(): number {
    return this.time - 999_000;
  }

  onWake(woken: () => void): () => void {
    this.#woken.add(woken);
    return () => void this.#woken.delete(woken);
  }

  /** The machine sleeps, or somebody sets its clock: no timer rings, and one of the clocks goes on. */
  leap(ms: number): void {
    this.#ahead += ms;
  }

  /** Sleeps as machines do whose clocks both go on: timers that were due ring afterwards, late. */
  oversleep(ms: number): void {
    this.time += ms;
  }

  /** The browser says that it is back. */
  wake(): void {
    for (const woken of this.#woken) woken();
  }

  /** Who would hear of that. */
  get wakeful(): number {
    return this.#woken.size;
  }

  random(): number {
    return this.roll;
  }

  id(): string {
    return `id${++this.#ids}`;
  }

  after(ms: number, run: () => void): () => void {
    const timer = { at: this.time + ms, run };
    this.#timers.push(timer);
    return () => (this.#timers = this.#timers.filter((other) => other !== timer));
  }

  async fetch(request: FakeRequest): Promise<HttpAnswer> {
    this.requests.push(request);
    return this.answer(request);
  }

  open(request: UpgradeRequest, events: SocketEvents): { send(text: string): void; close(): void } {
    const socket = new FakeSocket(request, events);
    this.sockets.push(socket);
    return { send: (text) => void socket.toHub.push(text), close: () => void (socket.isDropped = true) };
  }

  /** The newest socket, once the client has asked for one. */
  async socket(): Promise<FakeSocket> {
    await this.settle();
    const socket = this.sockets.at(-1);
    if (socket === undefined) throw new Error("no socket was opened");
    return socket;
  }

  /** Timers that stand. */
  get timers(): number {
    return this.#timers.length;
  }

  /** Moves the clock, ringing what is due at its own time. */
  async advance(ms: number): Promise<void> {
    const end = this.time + ms;
    for (;;) {
      await this.settle();
      const [next] = this.#timers.filter(({ at }) => at <= end).toSorted((a, b) => a.at - b.at);
      if (next === undefined) break;
      this.time = Math.max(this.time, next.at);
      this.#timers = this.#timers.filter((timer) => timer !== next);
      next.run();
    }
    this.time = end;
  }

  /** Lets every promise that can go on do so. */
  settle(): Promise<void> {
    return new Promise((resolve) => setImmediate(resolve));
  }
}

/** What a hub says to any request, as far as clients look at it. */
export const ANSWER = {
  ok: true,
  channel_id: "ch-1",
  ticket: "t",
  message: {},
  messages: [],
  channels: [],
  participants: [],
  findings: [],
  acts: [],
  version: "1",
};

/** An answer of the control plane. */
export function json(status: number, body: object): HttpAnswer {
  return { status, text: JSON.stringify(body) };
}
