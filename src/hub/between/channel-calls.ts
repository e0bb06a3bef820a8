/**
 * What the Worker and the index may ask of a channel object. Whoever reads or acts is said with each call, and
 * what it may is decided there (`access.ts`). Answers are values, refusals included.
 */
import type { Caller, ChannelRecord, HistoryQuery, Unread, Viewer } from "../../channel/index.ts";
import type { AckExtras, Change, ChannelDetails, ListenAnswer, Named, Result } from "../../protocol/index.ts";
import type { EndedPasses } from "./pass-text.ts";
import type { ListenRequest } from "./requests.ts";
import type { Report } from "./usage.ts";

/** Upgrades come by `fetch`, as `requests.ts` hands them over. */
export interface ChannelCalls extends Rpc.DurableObjectBranded {
  /** A command over HTTP; `done`, if given, is what its author is done with before (LIS3). */
  command(caller: Caller, command: Change, named: Named, done?: number): Promise<Result<CommandAnswer>>;
  /** `reader`: whose read position is told with it. */
  history(viewer: Viewer, query: HistoryQuery, reader?: string): Promise<Result<HistoryReply>>;
  /** What is later than a position, without waiting for it. */
  listen(asked: ListenRequest): Promise<Result<ListenAnswer>>;
  details(viewer: Viewer): Promise<Result<ChannelDetails>>;
  /** What waits for the viewer after its read position, or `after`; nothing for one who is no participant. */
  unread(viewer: Viewer, after: number): Promise<Result<Unread>>;
  /** What is stored, whether or not the index agrees (IDX6). */
  inspect(): Result<Held>;
  /** The summary for the index, which may store it for `change`; `known` is the newest change it has heard. */
  summary(known: number): Promise<Result<SummaryReply & { readonly used: Report }>>;
  /** The index says that a key which was claimed here is proven elsewhere (IDN5). */
  proven(key: string): Promise<Result<true>>;
  /** Whether the key is still known here as proven. */
  knows(key: string): Promise<boolean>;
  /** Passes ended: whoever came by one is out, and stays out (ACC3). */
  endPasses(ended: EndedPasses): Promise<Result<true>>;
  /** Whether the viewer may delete it (GRD2). */
  mayDelete(viewer: Viewer): Promise<Result<true>>;
  /** Of `ch-0`, which is no channel: the highest number that was ever given out, from now on `at_least` (IDX1). */
  highest(at_least: number): number | Promise<number>;
  /** Ends the channel for good; the index holds its tombstone already. */
  erase(): Promise<void>;
}

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

export interface SummaryReply {
  /** JSON. */
  readonly summary: string;
  /** Keys of participants that it does not show; absent for none. */
  readonly more_keys?: readonly string[];
  /** What the summary stands for; absent while a change is being announced. */
  readonly change?: number;
}

/** What a channel holds; `null`: nothing. */
export type Held = { readonly record: ChannelRecord; readonly last_seq: number } | null;
