/**
 * What the readers of a channel have unread beyond what each may (SOC6): altogether, and by the hub key
 * behind them, whose agents must not take the room of all others.
 */
import { isAdminRight } from "../../between/keys.ts";
import { CHANNEL_UNREAD_BYTES, UNSAID_BYTES } from "./reader.ts";

/** Of the channel's room, what one hub key's sockets may have. Those of admins may have all. */
export const HUB_KEY_UNREAD_BYTES: number = (CHANNEL_UNREAD_BYTES * 3) / 4;

/** First frames hold a message at least, however large, so they may go beyond both by as much. */
const GREETINGS_BYTES: number = CHANNEL_UNREAD_BYTES / 8;

/** Whose backlog it is. */
export interface Holder {
  readonly kid: string;
  readonly right: string;
}

export class Backlog {
  #total = 0;
  readonly #byHubKey: Map<string, number> = new Map();

  get total(): number {
    return this.#total;
  }

  add({ kid }: Pick<Holder, "kid">, bytes: number): void {
    this.#total += bytes;
    this.#byHubKey.set(kid, (this.#byHubKey.get(kid) ?? 0) + bytes);
  }

  /** Whether there is room for so much more. Who adds nothing needs none. */
  fits(holder: Holder, bytes: number): boolean {
    return bytes <= 0 || this.#isWithin(holder, bytes);
  }

  /** Whether there is no room even for one more first frame. */
  isFull(holder: Holder): boolean {
    return !this.#isWithin(holder, -GREETINGS_BYTES);
  }

  #isWithin({ kid, right }: Holder, bytes: number): boolean {
    if (this.#total + bytes > CHANNEL_UNREAD_BYTES) return false;
    return isAdminRight(right) || (this.#byHubKey.get(kid) ?? 0) + bytes <= HUB_KEY_UNREAD_BYTES;
  }
}

/** What a reader adds to its channel's backlog. */
export function backlogOf(unread_bytes: number): number {
  return Math.max(0, unread_bytes - UNSAID_BYTES);
}

/** What so many bytes more add to it. */
export function added(unread_bytes: number, bytes: number): number {
  return backlogOf(unread_bytes + bytes) - backlogOf(unread_bytes);
}
