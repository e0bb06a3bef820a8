/**
 * What waits for a resident in one channel: the messages for it that nobody answered yet, with what
 * was said around them. Pure. What the agent itself answered, in this life or an earlier one, is done.
 */
import type { Message } from "../../client/index.ts";

/** Messages kept before the first that is for the resident. */
const BEFORE = 20;
/** Messages kept in all; what is beyond them, and not for the resident, is for the channel's history. */
const KEPT = 200;

export class ResidentInbox {
  /** The resident's key. */
  readonly #key: string;
  #messages: Message[] = [];

  constructor(key: string) {
    this.#key = key;
  }

  add(message: Message): void {
    if (message.msg_type === "system") return;
    if (message.from === this.#key) return this.#answered(message);
    this.#messages.push(message);
    const first = this.#messages.findIndex((one) => this.#isMine(one));
    const spare = (first < 0 ? this.#messages.length : first) - BEFORE;
    if (spare > 0) this.#messages.splice(0, spare);
    if (this.#messages.length > KEPT) this.#drop();
  }

  /** Everything up to the last message for the resident; undefined where there is none. */
  take(): readonly Message[] | undefined {
    const last = this.#messages.findLastIndex((one) => this.#isMine(one));
    return last < 0 ? undefined : this.#messages.slice(0, last + 1);
  }

  /** Everything up to `seq` is done with. */
  done(seq: number): void {
    this.#messages = this.#messages.filter((message) => message.seq > seq);
  }

  /** The resident answers the last of what it was asked. */
  #answered({ reply_to }: Message): void {
    if (reply_to !== undefined) this.done(reply_to);
  }

  #drop(): void {
    const at = this.#messages.findIndex((one) => !this.#isMine(one));
    this.#messages.splice(Math.max(0, at), 1);
  }

  #isMine({ mentions }: Message): boolean {
    return mentions?.includes(this.#key) === true;
  }
}
