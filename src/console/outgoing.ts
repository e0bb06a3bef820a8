/** Messages of the reader's own that the channel does not show yet. Pure. */
import type { AckExtras } from "../protocol/frame.ts";
import type { Message } from "../protocol/message.ts";

export interface Outgoing {
  /** Its `client_msg_id`: a retry with it is stored once. */
  readonly id: string;
  readonly text: string;
  readonly reply_to: number | undefined;
  /** `stored`: acknowledged, and about to appear in its place. */
  readonly state: "pending" | "stored" | "failed";
  /** Why it failed. */
  readonly why?: string;
  /** It may have been stored after all. */
  readonly isUnknown?: boolean;
}

/** Whom a message reached. */
export type Receipt = Pick<AckExtras, "delivered" | "offline" | "unresolved">;

/** Takes out what has appeared in the channel. */
export function withoutArrived(outgoing: readonly Outgoing[], news: readonly Message[]): readonly Outgoing[] {
  if (outgoing.length === 0) return outgoing;
  const arrived = new Set(news.map(({ client_msg_id }) => client_msg_id));
  const left = outgoing.filter(({ id }) => !arrived.has(id));
  return left.length === outgoing.length ? outgoing : left;
}

export function changed(outgoing: readonly Outgoing[], id: string, change: Partial<Outgoing>): readonly Outgoing[] {
  return outgoing.map((one) => (one.id === id ? { ...one, ...change } : one));
}

/** One quiet line under a message: whom it reached, and whom not. `nameOf` a key. */
export function receiptLine({ delivered, offline, unresolved }: Receipt, nameOf: (key: string) => string): string {
  const parts = [delivered === 0 ? "Stored; nobody else is connected" : `Delivered to ${delivered}`];
  if (offline.length > 0) parts.push(`offline: ${offline.map(nameOf).join(", ")}`);
  for (const { name, candidates } of unresolved) {
    parts.push(candidates.length > 0 ? `@${name} is ambiguous: ${candidates.join(", ")}` : `nobody is called @${name}`);
  }
  return parts.join(" · ");
}
