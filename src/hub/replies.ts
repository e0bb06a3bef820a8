/** What a channel object answers to calls from the Worker and the index; refusals come beside them. */
import { type ChannelState, type HistoryAnswer, readSeq, summarize, unshownKeys } from "../channel/index.ts";
import { type AckExtras, ok, type Result } from "../protocol/index.ts";
import type { Reply } from "./delivery.ts";

/** What became of a command that came over HTTP. */
export type CommandAnswer =
  | {
      readonly type: "sent";
      /** JSON. */
      readonly message: string;
      readonly extras: AckExtras;
      /** The sender's read position. */
      readonly read_seq?: number | undefined;
      /** Names of those that are offline, by key. */
      readonly names?: ReadonlyMap<string, string>;
    }
  | { readonly type: "done"; readonly seq: number; /** Of a join. */ readonly epoch?: string };

export interface HistoryReply {
  /** JSON of the messages, joined by commas. */
  readonly messages: string;
  readonly count: number;
  /** JSON of the meta. */
  readonly meta: string;
  /** Of a reader who is a participant. */
  readonly read_seq?: number | undefined;
}

export function historyReply({ meta, ...page }: HistoryAnswer, read_seq: number | undefined): HistoryReply {
  return { ...page, meta: JSON.stringify(meta), read_seq };
}

export interface SummaryReply {
  /** JSON. */
  readonly summary: string;
  /** Keys of participants that it does not show; absent for none. */
  readonly more_keys?: readonly string[];
  /** What the summary stands for; absent while a change is being announced. */
  readonly change?: number;
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
