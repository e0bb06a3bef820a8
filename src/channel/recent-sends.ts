/**
 * The sends of the last five minutes that carried an id, so that a retry gets its first ack again
 * (DUR3). Filled from the log when first asked after a wake.
 */
import { type Kind, RING_MESSAGES } from "../protocol/index.ts";
import { WINDOW_MESSAGES, windowStart } from "./retention.ts";

/** What identifies a send, stored before the body of its row. */
export interface SendRecord {
  readonly seq: number;
  /** Unix milliseconds; of records read back, that of their row. */
  readonly ts: number;
  readonly from: string;
  readonly verified: boolean;
  /** Whether it came with a signature of its own, which counts once. */
  readonly signed?: true | undefined;
  /** What the sender said it is; the loop guard counts agents. */
  readonly kind?: Kind | undefined;
  readonly id?: string | undefined;
  /** `to` as it was sent: part of the content, yet not of the message. */
  readonly to?: readonly string[] | undefined;
}

export class RecentSends {
  /**
   * Two generations: when the newer has filled a window, the older is dropped whole. Deleting one
   * by one would leave a Map of holes at its front, which every look at its oldest entry then walks.
   * Undefined: not read back yet.
   */
  #newer: Map<string, SendRecord> | undefined;
  #older: ReadonlyMap<string, SendRecord> = new Map();
  /** Unix milliseconds of the first send of the newer generation; 0: it has none. */
  #since = 0;

  /** The send that used this id, if it is recent. `newestFirst` is read only after a wake. */
  find(use: IdUse, now: number, newestFirst: () => Iterable<SendRecord>): SendRecord | undefined {
    this.#newer ??= readBack(newestFirst());
    const key = scope(use);
    const found = this.#newer.get(key) ?? this.#older.get(key);
    return found !== undefined && isRecent(found, now) ? found : undefined;
  }

  add(send: SendRecord, now: number): void {
    if (this.#newer === undefined || send.id === undefined) return;
    if (this.#since < windowStart(now) || this.#newer.size >= RING_MESSAGES + WINDOW_MESSAGES) {
      this.#older = this.#newer;
      this.#newer = new Map();
      this.#since = now;
    }
    this.#newer.set(scope(send), send);
  }
}

function isRecent(send: SendRecord, now: number): boolean {
  return send.ts >= windowStart(now);
}

/** Who used which id. */
type IdUse = Pick<SendRecord, "from" | "verified" | "id">;

/** Sender, proven or not, and id: none of them can hold a line break. */
function scope({ from, verified, id = "" }: IdUse): string {
  return `${from}\n${verified ? "verified" : "plain"}\n${id}`;
}

function readBack(newestFirst: Iterable<SendRecord>): Map<string, SendRecord> {
  const sends = [...newestFirst].filter((send) => send.id !== undefined).toReversed();
  return new Map(sends.map((send) => [scope(send), send]));
}
