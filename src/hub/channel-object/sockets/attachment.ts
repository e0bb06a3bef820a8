/** What of a socket survives hibernation (SOC8). */
import type { Kind } from "../../../protocol/index.ts";

/** Version of the attachment: code of another version must read it after a deploy. */
export const VERSION = 1;

/**
 * Whether messages are pushed: `behind` waits for its reader to have read on by `history`, `trailing`
 * for a sign that it reads, and is then caught up by the hub.
 */
export type Mode = "live" | "behind" | "trailing";

/** What is attached to a socket. Under 16 KiB, by the platform's limit. */
export interface Attachment {
  readonly v: typeof VERSION;
  readonly key: string;
  readonly name?: string | undefined;
  readonly kind?: Kind | undefined;
  readonly verified: boolean;
  /** What admitted it: a hub key and what that allows (KEY3). */
  readonly right: string;
  /** When what admitted it ends by itself, in Unix milliseconds; absent for never. */
  readonly until?: number | undefined;
  /** Names the watch ticket it came by; absent for none. */
  readonly via?: string | undefined;
  /** Only reads (SOC9). */
  readonly observer: boolean;
  /** Asked for batch frames (SOC7). */
  readonly batch: boolean;
  /** Asked for messages of its own key (SOC3). */
  readonly echo: boolean;
  /** Reports what it has seen, so its budget can be small (SOC6). */
  readonly paced: boolean;
  /** Gets lines in place of frames; absent in attachments of before there were any. */
  readonly line?: boolean;
  /** Names the client over all its sockets, and counts its upgrades (SOC1). */
  readonly instance?: string | undefined;
  readonly attempt?: number | undefined;
  readonly mode: Mode;
  /** The last message it was pushed, where the hub has to go on, and whether it had left by then. */
  readonly trail?: { readonly at: number; readonly hasLeft: boolean } | undefined;
  /** Set before the hub closes a socket: readyState alone comes back as OPEN after the second wake. */
  readonly closing: boolean;
  /** Unix milliseconds of the upgrade. */
  readonly opened_at: number;
}
