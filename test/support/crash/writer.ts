/**
 * Sends as fast as it is acked, twelve at a time, and keeps the client's half of exactly once: after
 * a crash it repeats what is unanswered, in order, and then goes on.
 */
import type { Dice } from "./dice.ts";
import { type Ground, Line } from "./line.ts";

/** Sends on their way at most. */
const WINDOW = 12;
/** Acked sends to choose a retry from: with four writers, twice the ring and far less than the dedupe window. */
const RETRIED = 500;
/** One text in this many is large, so that rows and pages meet their bounds in bytes. */
const LARGE_EVERY = 200;

interface Text {
  readonly id: string;
  readonly text: string;
}

export class Writer {
  readonly key: string;
  /** How many sends it made, repeats not counted. */
  sent = 0;
  /** How many of them were acked. */
  acked = 0;
  /** How many retries of acked sends were answered. */
  retried = 0;
  /** How many sends were refused. */
  refused = 0;
  /** Makes every text large. */
  isHeavy = false;
  /** Milliseconds between a reply and the next new send. */
  pause_ms = 0;
  #isStopped = false;
  readonly #dice: Dice;
  readonly #unacked: Map<string, Text> = new Map();
  readonly #done: Text[] = [];

  constructor(key: string, dice: Dice) {
    this.key = key;
    this.#dice = dice;
  }

  /** Connects and sends until the connection ends. */
  run(ground: Ground): Promise<void> {
    const line = new Line(ground, { key: this.key, frames: "single", after: undefined }, (frame) => {
      if (frame.type === "history") this.#resume(line);
      if (frame.type === "ack") this.#settle(frame.client_msg_id ?? "", true);
      if (frame.type === "error" && !frame.fatal) this.#settle(frame.client_msg_id ?? "", false);
      if (this.pause_ms === 0) this.#fill(line);
      else setTimeout(() => this.#fill(line), this.pause_ms);
    });
    return line.closed;
  }

  /** Makes no new sends. */
  stop(): void {
    this.#isStopped = true;
  }

  get isIdle(): boolean {
    return this.#unacked.size === 0;
  }

  /** A retry of something acked, which must be a duplicate, and everything unanswered. */
  #resume(line: Line): void {
    const retried = this.#done[this.#dice.roll(0, Math.max(0, this.#done.length - 1))];
    if (retried !== undefined) line.send(retried.id, retried.text);
    for (const { id, text } of this.#unacked.values()) line.send(id, text);
  }

  #settle(id: string, isAcked: boolean): void {
    const sent = this.#unacked.get(id);
    this.#unacked.delete(id);
    if (!isAcked) return void this.refused++;
    if (sent === undefined) return void this.retried++;
    this.acked++;
    this.#done.push(sent);
    if (this.#done.length > RETRIED) this.#done.shift();
  }

  #fill(line: Line): void {
    while (!this.#isStopped && this.#unacked.size < WINDOW) {
      const id = `${this.key}-${++this.sent}`;
      const isLarge = this.isHeavy || this.#dice.roll(1, LARGE_EVERY) === 1;
      const text = `${id} ${"é".repeat(this.#dice.roll(0, isLarge ? 4000 : 40))}`;
      this.#unacked.set(id, { id, text });
      line.send(id, text);
    }
  }
}
