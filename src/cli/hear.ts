/** A listen beside an agent: answered from the live connections while those cover it, else by the hub. */
import { HISTORY_DEFAULT, ok, type Result } from "../protocol/index.ts";
import type { ListenAnswer, ListenQuery, Waiting } from "../tool/index.ts";
import type { Begin, LiveChannel } from "./live-channel.ts";
import { untilChange } from "./waiting.ts";

export interface Hearing {
  readonly query: ListenQuery;
  readonly waiting: Waiting;
  readonly held: readonly (LiveChannel | undefined)[];
  readonly begin: (channel_id: string) => Begin;
  readonly ask: (wait: number) => Promise<Result<readonly ListenAnswer[]>>;
}

/** From what is held while that covers it, else by `ask`, for what is left of the wait. */
export async function hear({ query, waiting, held, begin, ask }: Hearing): Promise<Result<readonly ListenAnswer[]>> {
  const { key, wait = 0, for: whose = "all", limit = HISTORY_DEFAULT } = query;
  const until = performance.now() + wait * 1000;
  let first: readonly ListenAnswer[] | undefined;
  for (;;) {
    const left = until - performance.now();
    const isStale = left <= 0 && !held.every((live) => live?.isUp);
    const answers = isStale ? [] : held.map((live) => live?.look(begin(live.client.id), { key, for: whose, limit }));
    const found = answers.filter((answer) => answer !== undefined);
    const isCovered = found.length === held.length && held.length > 0 && !held.some((live) => live?.isOver);
    if (!isCovered) return await ask(Math.max(0, Math.ceil(left / 1000)));
    if (found.some(endsWait)) return ok(found);
    // As the hub does: where nothing ended the wait, what ends none comes with the next look.
    first ??= found;
    if (left <= 0 || waiting.signal?.aborted === true) return ok(first);
    await untilChange(
      held.filter((live) => live !== undefined),
      left,
      waiting,
    );
  }
}

/** LIS1: a message of somebody else, and more of what was not looked at. */
function endsWait({ messages, more }: ListenAnswer): boolean {
  return more || messages.some(({ msg_type }) => msg_type !== "system");
}

/** As the hub does in a listen to several channels: one of which there is nothing to show is left out. */
export function hasNews({ messages, more, gap }: ListenAnswer): boolean {
  return messages.length > 0 || more || gap !== null;
}

/** What the hub is asked for. */
export function askedOf(
  { for: whose, limit }: ListenQuery,
  wait: number,
): { wait: number; for?: "me" | "all"; limit?: number } {
  return { wait, ...(whose !== undefined && { for: whose }), ...(limit !== undefined && { limit }) };
}
