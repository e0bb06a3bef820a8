/**
 * A bad network between clients and a hub: a TCP proxy whose connections are slow, late or cut to
 * crumbs by the dice, and which breaks them when and as it is told. Forwards bytes and knows nothing
 * of HTTP but which connections are upgrades.
 */
import { connect, createServer, type Server, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { Dice } from "../crash/dice.ts";

/** How a connection forwards as long as it lives. */
export type Mode = "plain" | "late" | "split" | "slow";
/** `reset`: both ends are told at once. `stall`: nothing comes through any more, and nobody is told. */
export type Cut = "reset" | "stall";
type Direction = "up" | "down";

/** Where a cut happens: after so many more bytes one way, in the midst of whatever they are. */
interface Armed {
  readonly cut: Cut;
  readonly direction: Direction;
  bytes: number;
}

/** Of eight connections, three are plain. */
const MODES: readonly Mode[] = ["plain", "plain", "plain", "late", "late", "split", "split", "slow"];
/** A late chunk waits this long at most, milliseconds. */
const LATE_MS = 100;
/** Bytes of a crumb at most. */
const CRUMB = 16;
/** 64 bytes in a sixteenth of a second: 1 KiB/s. */
const SLOW = { bytes: 64, ms: 62 };
/** What was stalled is told in the end, as routers do: a hub lets a key have eight sockets only. */
const STALLED_MS = 3000;

/** One connection through the proxy. */
export class Pipe {
  readonly mode: Mode;
  /** Set by the first bytes of an upgrade. */
  isUpgrade = false;
  /** What broke it. */
  cut: Cut | undefined;
  isOver = false;
  readonly #dice: Dice;
  readonly #client: Socket;
  readonly #hub: Socket;
  #armed: Armed | undefined;
  #onEnd: () => void = () => undefined;
  readonly #ended: Promise<void> = new Promise((resolve) => (this.#onEnd = resolve));

  constructor(client: Socket, port: number, dice: Dice, mode: Mode) {
    this.mode = mode;
    this.#dice = dice;
    this.#client = client;
    this.#hub = connect({ port, host: "127.0.0.1", noDelay: true });
    client.setNoDelay(true);
    for (const socket of [client, this.#hub]) socket.once("close", () => this.end());
    void this.#forward("up", client, this.#hub);
    void this.#forward("down", this.#hub, client);
  }

  /** Breaks after `bytes` more in that direction. */
  arm(cut: Cut, direction: Direction, bytes: number): void {
    this.#armed = { cut, direction, bytes };
  }

  /** Breaks now, if it was to break. */
  fire(): void {
    if (this.#armed !== undefined && !this.isOver) this.#break(this.#armed.cut);
  }

  /** Both ends see a reset. */
  end(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.#client.resetAndDestroy();
    this.#hub.resetAndDestroy();
    this.#onEnd();
  }

  async #forward(direction: Direction, from: Socket, to: Socket): Promise<void> {
    try {
      for await (const chunk of from as AsyncIterable<Buffer>) {
        if (direction === "up" && chunk.subarray(0, 8).toString() === "GET /ws/") this.isUpgrade = true;
        for await (const piece of this.#pieces(chunk)) {
          if (this.cut !== undefined) await this.#ended;
          this.#write(direction, to, piece);
        }
      }
    } catch {
      // An end was reset, by the cut or by its owner: `close` follows.
    }
    // One side's end is the other's.
    this.end();
  }

  async *#pieces(chunk: Buffer): AsyncGenerator<Buffer> {
    if (this.mode === "late") await sleep(this.#dice.roll(0, LATE_MS));
    if (this.mode === "plain" || this.mode === "late") return yield chunk;
    for (let at = 0; at < chunk.length;) {
      const size = this.mode === "slow" ? SLOW.bytes : this.#dice.roll(1, CRUMB);
      yield chunk.subarray(at, at + size);
      at += size;
      await sleep(this.mode === "slow" ? SLOW.ms : 0);
    }
  }

  #write(direction: Direction, to: Socket, piece: Buffer): void {
    const armed = this.#armed;
    if (armed === undefined || armed.direction !== direction || piece.length <= armed.bytes) {
      if (armed?.direction === direction) armed.bytes -= piece.length;
      to.write(piece);
      return;
    }
    to.write(piece.subarray(0, armed.bytes), () => this.#break(armed.cut));
  }

  #break(cut: Cut): void {
    if (this.cut !== undefined || this.isOver) return;
    this.cut = cut;
    if (cut === "reset") return this.end();
    const timer = setTimeout(() => this.end(), STALLED_MS);
    void this.#ended.then(() => clearTimeout(timer));
  }
}

export class FaultyProxy {
  readonly #server: Server;
  readonly #pipes: Set<Pipe> = new Set();
  /** The port of the hub. */
  readonly #target: number;
  readonly #dice: Dice;
  /** Whether connections are anything but plain. */
  isFaulty = false;
  port = 0;

  private constructor(target: number, dice: Dice) {
    this.#target = target;
    this.#dice = dice;
    this.#server = createServer({ pauseOnConnect: false }, (client) => this.#take(client));
  }

  static async start(target: number, dice: Dice): Promise<FaultyProxy> {
    const proxy = new FaultyProxy(target, dice);
    await new Promise<void>((resolve, reject) => {
      proxy.#server.once("error", reject);
      proxy.#server.listen(0, "127.0.0.1", resolve);
    });
    const address = proxy.#server.address();
    proxy.port = typeof address === "object" && address !== null ? address.port : 0;
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Upgrades that are neither over nor cut. */
  get links(): readonly Pipe[] {
    return [...this.#pipes].filter((pipe) => pipe.isUpgrade && !pipe.isOver && pipe.cut === undefined);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const pipe of this.#pipes) pipe.end();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #take(client: Socket): void {
    const mode = this.isFaulty ? (MODES[this.#dice.roll(0, MODES.length - 1)] ?? "plain") : "plain";
    const pipe = new Pipe(client, this.#target, this.#dice, mode);
    this.#pipes.add(pipe);
    client.once("close", () => this.#pipes.delete(pipe));
  }
}
