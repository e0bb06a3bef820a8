/**
 * Creates channels, speaks in them and deletes some, one request after the other; after a crash it
 * repeats the request that got no answer. Says what it was told, and what contradicts it.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { call, type Answer } from "../process/agent.ts";
import type { Dice } from "./dice.ts";

export interface Founding {
  /** Its Idempotency-Key, and its name. */
  readonly key: string;
  id?: string;
  /** Text of an acked message. */
  text?: string;
  isDeleted: boolean;
}

type Request =
  | { readonly type: "create" | "delete" | "recreate"; readonly founding: Founding }
  | { readonly type: "send"; readonly founding: Founding; readonly text: string };

/** One request in this many is the repetition of an old create. */
const RECREATE_EVERY = 6;

export class Founder {
  readonly name: string;
  readonly foundings: Founding[] = [];
  /** Requests that were repeated after a crash. */
  repeated = 0;
  /** Requests that were answered. */
  answered = 0;
  /** Milliseconds between two requests. */
  pause_ms = 0;
  #isStopped = false;
  #unanswered: Request | undefined;
  readonly #dice: Dice;
  readonly #blame: (detail: string) => void;

  constructor(name: string, dice: Dice, blame: (detail: string) => void) {
    this.name = name;
    this.#dice = dice;
    this.#blame = blame;
  }

  stop(): void {
    this.#isStopped = true;
  }

  /** Goes on until the hub is gone; or, once stopped, until nothing is unanswered. */
  async run(url: string): Promise<void> {
    if (this.#unanswered !== undefined) this.repeated++;
    for (let isRepeat = true; ; isRepeat = false) {
      const request = this.#unanswered ?? (this.#isStopped ? undefined : this.#next());
      if (request === undefined) return;
      const isSecond = isRepeat && this.#unanswered !== undefined;
      this.#unanswered = request;
      const answer = await this.#ask(url, request).catch(() => undefined);
      if (answer === undefined) return;
      this.#unanswered = undefined;
      this.answered++;
      this.#take(request, answer, isSecond);
      if (this.pause_ms > 0) await sleep(this.pause_ms);
    }
  }

  #next(): Request {
    const live = this.foundings.filter(({ isDeleted }) => !isDeleted);
    const old = this.foundings[this.#dice.roll(0, Math.max(0, this.foundings.length - 1))];
    if (old !== undefined && this.#dice.roll(1, RECREATE_EVERY) === 1) return { type: "recreate", founding: old };
    const newest = live.at(-1);
    const roll = this.#dice.roll(1, 5);
    if (newest !== undefined && roll <= 2 && newest.text === undefined)
      return { type: "send", founding: newest, text: `in ${newest.key}` };
    if (newest !== undefined && roll === 3) return { type: "delete", founding: newest };
    const founding: Founding = { key: `${this.name}-${this.foundings.length + 1}`, isDeleted: false };
    this.foundings.push(founding);
    return { type: "create", founding };
  }

  /** Undefined where the hub is gone, or cannot tell. */
  async #ask(url: string, request: Request): Promise<Answer | undefined> {
    const { key, id } = request.founding;
    const body = { name: key, key: this.name };
    const ask = (): Promise<Answer> => {
      if (request.type === "delete") return call(url, `/api/channel/${id}`, { method: "DELETE" });
      if (request.type !== "send")
        return call(url, "/api/channel/create", { body, headers: { "idempotency-key": key } });
      const sent = { channel_id: id, key: this.name, text: request.text, client_msg_id: key };
      return call(url, "/api/channel/send", { body: sent });
    };
    const answer = await ask();
    return answer.status >= 500 ? undefined : answer;
  }

  #take({ type, founding, ...request }: Request, { body }: Answer, isSecond: boolean): void {
    const what = `${type} of ${founding.key}${isSecond ? ", repeated" : ""}`;
    if (type === "delete") {
      // The first delete may have taken effect without an answer.
      if (body.ok !== true && !(isSecond && body.code === "channel_deleted"))
        this.#blame(`${what}: ${JSON.stringify(body)}`);
      founding.isDeleted = true;
    } else if (body.ok !== true) this.#blame(`${what}: ${JSON.stringify(body)}`);
    else if ("text" in request) founding.text = request.text;
    else {
      founding.id ??= body.channel_id;
      if (founding.id !== body.channel_id) this.#blame(`${what}: it was ${founding.id}, is ${body.channel_id}`);
    }
  }
}
