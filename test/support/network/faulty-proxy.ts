/**
 * A bad network between clients and a hub: a TCP proxy whose connections are slow, late or cut to
 * crumbs by the dice, and which breaks them when and as it is told. Forwards bytes and knows nothing
 * of HTTP but which connections are upgrades, and whose; now and then it answers in the hub's place.
 */
import { connect, createServer, type Server, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { Dice } from "../crash/dice.ts";
import { LIE_COUNT, lieTo } from "./lies.ts";

/** How a connection forwards as long as it lives. */
export type Mode = "plain" | "late" | "split" | "slow";
/**
 * `reset`: both ends are told at once. `stall`: nothing comes through any more, and nobody is told.
 * `vanish`: the client is told, the hub is not.
 */
export type Cut = "reset" | "stall" | "vanish";
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
/** What was not told of its end is told after this long, as routers do. */
const UNTOLD_MS = 120_000;
/** A link that flaps breaks within this many bytes of the hub's first frame. */
const FLAP_BYTES = 600;

/** One connection through the proxy. */
export class Pipe {
  readonly mode: Mode;
  /** Set by the first bytes of an upgrade. */
  isUpgrade = false;
  /** Whose link it is. */
  key = "";
  /** What broke it. */
  cut: Cut | undefined;
  isOver = false;
  readonly #dice: Dice;
  readonly #client: Socket;
  readonly #hub: Socket;
  #armed: Armed | undefined;
  #onEnd: () => void = () => undefined;
  readonly #ended: Promise<void> = new Promise((resolve) => (this.#onEnd = resolve));

  readonly #onUpgrade: (pipe: Pipe) => void;

  constructor(
    client: Socket,
    { port, dice, mode, onUpgrade }: { port: number; dice: Dice; mode: Mode; onUpgrade: (pipe: Pipe) => void },
  ) {
    this.mode = mode;
    this.#onUpgrade = onUpgrade;
    this.#dice = dice;
    this.#client = client;
    this.#hub = connect({ port, host: "127.0.0.1", noDelay: true });
    client.setNoDelay(true);
    client.once("close", () => this.cut === "vanish" || this.end());
    this.#hub.once("close", () => this.end());
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

  /** Resolves when both ends are gone. */
  get ended(): Promise<void> {
    return this.#ended;
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
        if (direction === "up" && chunk.subarray(0, 8).toString() === "GET /ws/") this.#upgrade(chunk.toString());
        for await (const piece of this.#pieces(chunk)) {
          if (this.cut !== undefined) await this.#ended;
          this.#write(direction, to, piece);
        }
      }
    } catch {
      // An end was reset, by the cut or by its owner: `close` follows.
    }
    // One side's end is the other's.
    if (this.cut !== "vanish") this.end();
  }

  #upgrade(request: string): void {
    this.isUpgrade = true;
    this.key = /[?&]key=([^& ]+)/.exec(request)?.[1] ?? "";
    this.#onUpgrade(this);
  }

  async *#pieces(chunk: Buffer): AsyncGenerator<Buffer> {
    if (this.mode === "late") await sleep(this.#dice.roll(0, LATE_MS));
    // Who reads a page again at this pace falls behind the ring, as the hub may then say.
    const isSlow = this.mode === "slow" && this.isUpgrade;
    if (!isSlow && this.mode !== "split") return yield chunk;
    for (let at = 0; at < chunk.length;) {
      const size = isSlow ? SLOW.bytes : this.#dice.roll(1, CRUMB);
      yield chunk.subarray(at, at + size);
      at += size;
      await sleep(isSlow ? SLOW.ms : 0);
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
    if (cut === "vanish") this.#client.resetAndDestroy();
    const timer = setTimeout(() => this.end(), UNTOLD_MS);
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
  /** How many of the next connections are answered in the hub's place; and how many were. */
  lies = 0;
  lied = 0;
  /** How many of the next links of a key vanish as soon as they are up; and how many did. */
  readonly flaps: Map<string, number> = new Map();
  flapped = 0;
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

  /** The links of a key bring nothing any more, and nobody is told. */
  stall(key: string): void {
    for (const pipe of this.links)
      if (pipe.key === key) {
        pipe.arm("stall", "up", 0);
        pipe.fire();
      }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const pipe of this.#pipes) pipe.end();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #take(client: Socket): void {
    if (this.lies > 0) return this.#lie(client);
    const mode = this.isFaulty ? (MODES[this.#dice.roll(0, MODES.length - 1)] ?? "plain") : "plain";
    const onUpgrade = (upgraded: Pipe): void => this.#flap(upgraded);
    const pipe = new Pipe(client, { port: this.#target, dice: this.#dice, mode, onUpgrade });
    this.#pipes.add(pipe);
    void pipe.ended.then(() => this.#pipes.delete(pipe));
  }

  #lie(client: Socket): void {
    this.lies--;
    this.lied++;
    lieTo(client, this.#dice.roll(0, LIE_COUNT - 1));
  }

  #flap(pipe: Pipe): void {
    const left = this.flaps.get(pipe.key) ?? 0;
    if (left === 0) return;
    this.flaps.set(pipe.key, left - 1);
    this.flapped++;
    pipe.arm("vanish", "down", this.#dice.roll(0, FLAP_BYTES));
  }
}
