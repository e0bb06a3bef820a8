/**
 * Joins, leaves and sends over HTTP, as member and as none, one request after the other; after a
 * crash it first repeats the send that got no answer.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { call, type Json } from "../process/agent.ts";
import type { Dice } from "./dice.ts";
import type { Ground } from "./line.ts";

/** Refusals that say that nothing happened; others leave it open. */
const DEFINITE: ReadonlySet<string> = new Set(["not_participant", "storage_unavailable", "rate_limited"]);

interface Text {
  readonly id: string;
  readonly text: string;
}

export class Wanderer {
  readonly key: string;
  sent = 0;
  /** Sends refused because it had left. */
  refused = 0;
  /** How often it came or went. */
  moves = 0;
  /** Milliseconds between two requests. */
  pause_ms = 0;
  #isStopped = false;
  #unanswered: Text | undefined;
  readonly #dice: Dice;

  constructor(key: string, dice: Dice) {
    this.key = key;
    this.#dice = dice;
  }

  stop(): void {
    this.#isStopped = true;
  }

  /** Goes on until the hub is gone; or, once stopped, until nothing is unanswered. */
  async run(ground: Ground): Promise<void> {
    const socket = ground.nextSocket();
    ground.record({ type: "open", socket, key: this.key });
    while (await this.#step(ground, socket)) if (this.pause_ms > 0) await sleep(this.pause_ms);
    ground.record({ type: "close", socket });
  }

  /** False: the hub is gone, or all is done. */
  #step(ground: Ground, socket: number): Promise<boolean> {
    if (this.#unanswered !== undefined) return this.#send(ground, socket, this.#unanswered);
    if (this.#isStopped) return Promise.resolve(false);
    const roll = this.#dice.roll(1, 6);
    if (roll <= 2) return this.#move(ground, roll === 1 ? "join" : "leave");
    const id = `${this.key}-${++this.sent}`;
    return this.#send(ground, socket, (this.#unanswered = { id, text: `said ${id}` }));
  }

  async #move({ url, channel: channel_id }: Ground, how: "join" | "leave"): Promise<boolean> {
    const answer = await post(url, how, { channel_id, key: this.key });
    if (answer?.ok === true) this.moves++;
    return answer !== undefined;
  }

  async #send({ url, channel: channel_id, record }: Ground, socket: number, { id, text }: Text): Promise<boolean> {
    record({ type: "invoke", socket, id, text });
    const answer = await post(url, "send", { channel_id, key: this.key, text, client_msg_id: id });
    if (answer === undefined) return false;
    if (answer.ok === true) record({ type: "ack", socket, id, message: answer.message, duplicate: answer.duplicate });
    else if (DEFINITE.has(answer.code)) {
      record({ type: "refuse", socket, id });
      this.refused++;
    } else return false;
    this.#unanswered = undefined;
    return true;
  }
}

/** The answer, or undefined where the hub is gone. */
async function post(url: string, route: string, body: object): Promise<Json> {
  const answer = await call(url, `/api/channel/${route}`, { body }).catch(() => undefined);
  return answer?.body;
}
