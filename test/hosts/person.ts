/**
 * A person in the channel: asks, and hears what the agents say, over plain HTTP. The hub may be gone
 * for a while: what was to be said is said again under its own id, and the listening goes on.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { call, type Json } from "../support/process/agent.ts";

const AGAIN_MS = 100;

/** Who made which channel, at which hub. */
export interface Founded {
  readonly url: string;
  readonly key: string;
  readonly channel: string;
}

export class Person {
  readonly #url: string;
  readonly #key: string;
  readonly channel: string;
  /** Everything said in the channel, in order. */
  readonly heard: Json[] = [];
  #isOver = false;
  #after = 0;

  protected constructor({ url, key, channel }: Founded) {
    this.#url = url;
    this.#key = key;
    this.channel = channel;
    void this.#listen();
  }

  /** Makes a channel of that name and listens in it. */
  static async in(url: string, name: string): Promise<Person> {
    return new Person(await Person.found(url, name));
  }

  protected static async found(url: string, name: string): Promise<Founded> {
    const key = `pat-${name}`;
    const body = { name, key, name_display: "PAT", kind: "human" };
    const made = await call(url, "/api/channel/create", { body });
    return { url, key, channel: made.body.channel_id };
  }

  /** Says it to whoever is called so. When it was sent, by `performance.now()`. */
  async ask(text: string, name: string): Promise<number> {
    const at = performance.now();
    const client_msg_id = `${this.#key}-${at}`;
    const body = { channel_id: this.channel, key: this.#key, kind: "human", text, to: [name], client_msg_id };
    while (!(await call(this.#url, "/api/channel/send", { body }).catch(() => undefined))?.body.ok)
      await sleep(AGAIN_MS);
    return at;
  }

  /** Waits until what was heard is so, at most `most` milliseconds; says whether it is. */
  async hears(isSo: () => boolean, most: number): Promise<boolean> {
    for (const until = performance.now() + most; performance.now() < until; await sleep(20)) if (isSo()) return true;
    return isSo();
  }

  /** How often that question was answered. */
  answers(id: string): number {
    return this.heard.filter(({ text }) => String(text).includes(`answer ${id} `)).length;
  }

  /** Waits until they see the answer to that question; who has no page has heard it. */
  async sees(_id: string): Promise<boolean> {
    return await Promise.resolve(true);
  }

  async members(): Promise<readonly Json[]> {
    const { body } = await call(this.#url, `/api/channel/${this.channel}`);
    return body.participants;
  }

  async leave(): Promise<void> {
    this.#isOver = true;
    await Promise.resolve();
  }

  async #listen(): Promise<void> {
    while (!this.#isOver) {
      const path = `/api/channel/${this.channel}/listen?key=${this.#key}&wait=20&after=${this.#after}`;
      const answer = await call(this.#url, path).catch(() => undefined);
      if (answer?.body.ok !== true) {
        await sleep(AGAIN_MS);
        continue;
      }
      this.heard.push(...answer.body.messages);
      this.#after = answer.body.next;
    }
  }
}
