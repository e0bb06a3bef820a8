/** What the Worker and the channels may ask of the index. Answers are values, refusals included. */
import type { Viewer } from "../../channel/index.ts";
import type { CreateBody, KeptPass, ListQuery, PassBody, PassesQuery, Result } from "../../protocol/index.ts";
import type { Bytes } from "./bytes.ts";
import type { Registration } from "./registration.ts";
import type { Report as UseReport, Usage } from "./usage.ts";

export interface IndexCalls extends Rpc.DurableObjectBranded {
  /** Makes a channel; `key` is its Idempotency-Key (IDX2). */
  create(viewer: Viewer, body: CreateBody, key: string): Promise<Result<Created>>;
  /** A channel met a key for the first time, or its proof (IDN5). */
  sight(number: number, sight: Sight): Promise<Result<true>>;
  /** Nobody claims the key in that channel any more. */
  unclaim(number: number, key: string): void;
  /** Whether a key may be taken plainly where no channel is asked. */
  mayClaim(key: string): Result<true>;
  /** What a channel object is made from, and compares itself with (IDX5). */
  record(number: number): Result<Registration>;
  /** A channel lost what it acknowledged, or may have: its epoch ends. False: it is not `from` any more. */
  renew(number: number, from: string, to: string): boolean;
  /** Compares a page of channels with the index, and mends what can be mended (IDX6). */
  fsck(cursor: number, mend: boolean): Promise<Report>;
  /** The owner put files back from a copy: every channel's positions of before end when it is next opened (IDX5). */
  restored(): Promise<void>;
  noteAct(entry: AuditEntry, isAdmin: boolean): void;
  /** What was administered, newest first. */
  audit(limit: number): readonly AuditEntry[];
  /** The number the next channel gets: all below it exist or did. */
  next(): number;
  counts(): Counts;
  /** A channel is about to change what `list` shows of it (IDX3); `used` is what it used today (USE1). */
  dirty(number: number, change: number, used?: UseReport): void;
  /** What the hub used today, as far as channels told; it asks none of them (USE1). */
  usage(): Counts & { readonly usage: Usage };
  /** With a key, the channels it is in: the viewer's own. */
  list(viewer: Viewer, query: ListQuery): Promise<Result<Listing>>;
  delete(viewer: Viewer, number: number): Promise<Result<true>>;
  /** What signs passes; undefined while none was ever made (ACC1). */
  passSecret(): Bytes | undefined;
  /** `by` names the hub key or pass that makes it. */
  makePass(body: PassBody, by: string): Promise<Result<MadePass>>;
  passes(query: PassesQuery): PassPage;
  /** All but its text; undefined: there is none of that id. */
  pass(id: string): KeptPass | undefined;
  /** Whether a pass still counts, where no channel is asked. */
  passStands(id: string): Result<true>;
  /** A channel meets a pass for the first time; refused where it ended (ACC3). */
  placePass(number: number, id: string): Result<true>;
  /** Ends one, or all that there are, and tells some of the channels that let it in. */
  endPasses(id: string | undefined): Promise<Revoking>;
  /** Tells some more. */
  tellPasses(): Promise<Revoking>;
}

export interface MadePass {
  /** Told once. */
  readonly text: string;
  readonly pass: KeptPass;
}

export interface PassPage {
  readonly passes: readonly KeptPass[];
  /** Where the next page starts, when there is one. */
  readonly next_cursor?: number;
}

export interface Revoking {
  /** Channels that do not know yet. */
  readonly left: number;
  /** Of those told just now, how many did not answer. */
  readonly failed: number;
}

export interface Created {
  readonly number: number;
  readonly name: string;
  readonly creator_name: string;
}

/** A key that a channel meets for the first time, as the index is told of it. */
export interface Sight {
  readonly key: string;
  /** False: it is only claimed; then the question is whether it may be. */
  readonly verified: boolean;
  readonly kid: string;
  /** Whether it is to be known here from now on. */
  readonly joins: boolean;
}

export interface Counts {
  readonly channels: number;
  readonly deleted: number;
  readonly next: number;
}

export interface Listing {
  /** JSON of the summaries, joined by commas. */
  readonly channels: string;
  /** All live channels; with `key`, those it is in. */
  readonly count: number;
  /** Where the next page starts, when there is one. */
  readonly next_cursor?: number;
}

export type Act = "kick" | "pause" | "resume" | "guard_reset" | "delete" | "fsck" | "restored" | "pass" | "revoke";

export interface AuditEntry {
  /** ISO 8601. */
  readonly at: string;
  readonly request_id: string;
  /** Of the hub key. */
  readonly kid: string;
  /** The agent key that it spoke for; absent: none. */
  readonly agent?: string;
  readonly act: Act;
  readonly channel_id?: string;
  /** As it was named. */
  readonly target?: string;
}

/**
 * `unknown`: the channel holds messages, and the index has no entry. `stranger`: the index's entry is
 * another channel's. `lost`: it was used, and holds nothing. `kept`: it was deleted, and still holds
 * its messages. `unreadable`: it cannot be opened.
 */
export type Fault = "unknown" | "stranger" | "lost" | "kept" | "unreadable";

export interface Finding {
  readonly channel_id: string;
  readonly fault: Fault;
  /** What is true now, and what is left to do. */
  readonly says: string;
}

export interface Report {
  readonly findings: readonly Finding[];
  /** Channels looked at. */
  readonly checked: number;
  /** Where the next call goes on; absent: all were looked at. */
  readonly next_cursor?: number;
}
