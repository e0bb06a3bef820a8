/** What a channel object answers to calls, made from its state. */
import {
  type ChannelState,
  type HistoryAnswer,
  type Reply,
  readSeq,
  summarize,
  unshownKeys,
} from "../../channel/index.ts";
import { ok, type Result } from "../../protocol/index.ts";
import type { CommandAnswer, HistoryReply, SummaryReply } from "../between/channel-calls.ts";

export function historyReply({ meta, ...page }: HistoryAnswer, read_seq: number | undefined): HistoryReply {
  return { ...page, meta: JSON.stringify(meta), read_seq };
}

export function summaryReply(state: ChannelState, isConnected: (key: string) => boolean): SummaryReply {
  const summary = JSON.stringify(summarize(state, isConnected));
  const more_keys = unshownKeys(state);
  return more_keys.length === 0 ? { summary } : { summary, more_keys };
}

/** What a sender is told beside what everybody is. */
export interface Aside {
  readonly read_seq: number | undefined;
  readonly names: ReadonlyMap<string, string>;
}

/** Names of at most so many: no more are shown. */
const NAMED = 20;

function asideFor(state: ChannelState, key: string, { extras }: Reply): Aside {
  const offline = extras?.offline.slice(0, NAMED) ?? [];
  const names = offline.map((one) => [one, state.participants.get(one)?.name ?? one] as const);
  return { read_seq: readSeq(state, key), names: new Map(names) };
}

/** Who gave a command, and how to look at the channel after it. */
interface Author {
  readonly key: string;
  readonly read: (look: (state: ChannelState) => Aside) => Result<Aside>;
}

/** A command's reply as an answer to a call. */
export function commandAnswer(reply: Reply, { key, read }: Author): Result<CommandAnswer> {
  const { outcome, extras } = reply;
  const aside = read((state) => asideFor(state, key, reply));
  if (extras !== undefined) return ok({ type: "sent", message: outcome.message, extras, ...(aside.ok && aside.value) });
  switch (outcome.type) {
    case "refused":
      return { ok: false, refusal: outcome.refusal };
    case "joined":
      return ok({ type: "done", seq: outcome.seq, epoch: outcome.epoch });
    case "done":
    case "left":
    case "read":
      return ok({ type: "done", seq: outcome.seq });
  }
}
